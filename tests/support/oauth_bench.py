"""CircleCI's OAuth server, which says what a test wants, and its client."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from authorization_request import CODE, STATE, VERIFIER
from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.standin import faults
from circleci_usage.demo.standin.faults import Fault, Instead
from circleci_usage.demo.standin.messages import Response
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.login.oauth_server import OAuthServer
from hostile_oauth import TOKEN
from login_machine import circleci_of_today

LATER = "try again later: rerun the same command."
CHECK_ADDRESS = f"check --app-url (CIRCLECI_APP_URL), or {LATER}"


@dataclass(frozen=True)
class Bench:
    """A client of the OAuth server, and the server."""

    circleci: StandIn
    server: OAuthServer

    def with_fault(self, fault: Fault) -> OAuthServer:
        """The client, whose next request meets a fault."""
        self.circleci.faults = faults.in_turn([fault])
        return self.server

    @property
    def place(self) -> str:
        """How messages call the server."""
        return f"CircleCI at {self.circleci.app_url.removeprefix('http://')}"


@contextmanager
def oauth_bench() -> Iterator[Bench]:
    """A client, and a server as it is now."""
    with circleci_of_today() as circleci:
        yield Bench(circleci, OAuthServer(circleci.app_url, NullProgress()))


def response(body: Any, status: int = 200) -> Instead:
    """A JSON response instead of the real one."""
    return Instead(Response.json(status, body))


def told(raised: pytest.ExceptionInfo[UsageExporterError]) -> tuple[int, str]:
    """The exit code and the message, which has no secret in it."""
    message = str(raised.value)
    assert [secret for secret in (STATE, VERIFIER, CODE, TOKEN) if secret in message] == []
    assert message.isprintable()
    assert raised.value.__cause__ is None
    return raised.value.exit_code, message
