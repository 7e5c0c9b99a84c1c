"""A login that is attacked while it waits for its browser, and then must still succeed."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from attack import Outcome, hold
from circleci_usage.demo.standin.standin import StandIn
from commandline import Finished
from consent import consent_and_follow
from login_machine import login_variables, secrets_of
from running_login import PATIENCE, RunningLogin, running_login


@dataclass
class WaitingLogin:
    """A process of `circleci-usage login` whose browser shows nothing yet.

    Attributes:
        circleci: where it logs in.
        running: the command.
        start: the address that it has opened; empty without a browser.
    """

    circleci: StandIn
    running: RunningLogin
    start: str = ""

    @property
    def port(self) -> int:
        return urlsplit(self.start).port or 0

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        """A connection of another program."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def send(self, request: bytes) -> bytes:
        """What the listener answers to any bytes until it ends the connection."""
        answer = b""
        with self.connect() as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            try:
                while some := connection.recv(1 << 16):
                    answer += some
            except ConnectionResetError:
                """It did not read everything."""
        return answer

    def get(self, target: str = "/", **headers: str) -> requests.Response:
        """What a browser is answered; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = self.start.removesuffix("/") + target
        return requests.get(address, headers=named, allow_redirects=False, timeout=PATIENCE)

    def settle(self) -> None:
        """Wait until it answers again, after more connections than it serves at a time."""
        again = Retry(total=10, backoff_factor=0.05, allowed_methods=["GET"])
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=again))
            answer = session.get(f"{self.start}nothing", timeout=PATIENCE)
        assert answer.status_code == 404

    def consent(self, start: str | None = None) -> requests.Response:
        """What the person's tab shows in the end."""
        return consent_and_follow(start or self.start)

    def finish(self) -> Outcome:
        """Log in, in the tab of the person, and check that it succeeds."""
        page = self.consent()
        outcome = self.end()
        assert "You are logged in" in page.text, outcome.said
        assert "code=" not in page.url
        assert outcome.code == 0, outcome.said
        return outcome

    def end(self) -> Outcome:
        """Wait for the end, and check what must hold: nothing secret is shown."""
        return self._held(self.running.end())

    def paste(self, text: bytes) -> Outcome:
        """As `end`, with a text as input; without what was said before, which has the state."""
        before = self.running.said
        done = self.running.end(text)
        return self._held(replace(done, err=done.err.removeprefix(before)))

    def _held(self, done: Finished) -> Outcome:
        outcome = Outcome.of(done)
        hold(outcome, secrets=secrets_of(self.circleci))
        return outcome


@contextmanager
def waiting_login(
    circleci: StandIn, folder: Path, *flags: str, **env: str
) -> Iterator[WaitingLogin]:
    """A login on a machine whose config folder is in a folder; its browser opens nothing."""
    variables = {"BROWSER": "true %s", **login_variables(circleci, folder), **env}
    with running_login("--print-token", *flags, cwd=folder, env=variables) as running:
        login = WaitingLogin(circleci, running)
        if "--no-browser" not in flags:
            login.start = running.wait_for()
        yield login
