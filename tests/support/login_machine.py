"""What a login needs and keeps on a machine: addresses, folders, clients, and its secrets."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.login.registrations import FILE_NAME
from standin_client import COMPANY

START = re.compile(r"http://127\.0\.0\.1:\d+/(?=\s)")
"""The address that a login opens, as it says it."""

_HIDDEN = ("code", "code_verifier", "state")


def circleci_of_today(**rules: Any) -> StandIn:
    """A CircleCI as it is now."""
    return StandIn(COMPANY, SystemClock(), **rules)


def addresses(circleci: StandIn) -> dict[str, str]:
    """The variables of a CircleCI's addresses."""
    return {"CIRCLECI_URL": circleci.url, "CIRCLECI_APP_URL": circleci.app_url}


def login_variables(circleci: StandIn, folder: Path) -> dict[str, str]:
    """The variables of a login on a machine of its own, whose config folder is in a folder."""
    return {**addresses(circleci), "XDG_CONFIG_HOME": str(folder / "config")}


def registrations_file(folder: Path) -> Path:
    """Where such a machine has the ids of its clients."""
    return folder / "config" / "circleci-usage" / FILE_NAME


def registered(circleci: StandIn, **changes: object) -> str:
    """The content of this file after a login that printed a token, with changed members."""
    client = {
        "app_url": circleci.app_url,
        "name": "CircleCI Usage Exporter (printed token)",
        "client_id": "00000000-0000-4000-8000-000000000000",
        "port": 50_000,
    }
    return json.dumps({"clients": [client | changes]})


def start_address(text: str) -> str:
    """The address that a login has said to open."""
    found = START.search(text)
    assert found, text
    return found[0]


def secrets_of(circleci: StandIn) -> set[str]:
    """The states, codes and verifiers of all logins so far."""
    web = [call for call in circleci.calls if call.host == "app"]
    texts = [urlsplit(call.path).query for call in web]
    texts += [call.body.decode(errors="replace") for call in web]
    fields = [parse_qs(text) for text in texts]
    return {value for found in fields for name in _HIDDEN for value in found.get(name, [])}
