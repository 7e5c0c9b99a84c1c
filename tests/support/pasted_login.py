"""Lines of the documentation that log in, pasted into a terminal, with somebody who allows it."""

import re
from collections.abc import Mapping
from pathlib import Path

from circleci_usage.demo.standin.standin import StandIn
from consent import answer_consent
from consenting_browser import browser
from dialog import converse
from file_keyring import keyring_variables
from login_machine import addresses

SHELL = "/bin/bash"

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/oauth/authorize\?\S+")
_QUESTION = "(it is not shown): "


def account(circleci: StandIn, home: Path) -> dict[str, str]:
    """The variables of somebody who has a keyring and a browser, and no token yet."""
    return {
        **addresses(circleci),
        **keyring_variables(home / "keyring.json"),
        "BROWSER": browser(home),
        "POLL_SECONDS": "0",
    }


def paste_at_a_terminal(lines: str, folder: Path, environment: Mapping[str, str]) -> str:
    """What the terminal shows; each line has to succeed."""
    command = [SHELL, "-euo", "pipefail", "-c", lines]
    done = converse(command, [_redirected], cwd=folder, env=environment, question=_QUESTION)
    assert done.code == 0, done.out
    return done.out


def _redirected(shown: str) -> str:
    """Open the address that is shown, allow the login, and copy where that led."""
    *_, address = _ADDRESS.findall(shown)
    return f"{answer_consent(address)}\n"
