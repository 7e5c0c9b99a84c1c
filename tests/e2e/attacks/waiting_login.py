"""A login that is attacked while it waits for its browser, and then must still succeed."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import requests

from attack import Outcome, environment, hold
from circleci_usage.demo.standin.standin import StandIn
from consent import answer_consent

CLI = Path(sys.executable).with_name("circleci-usage")
REGISTRATIONS = Path("circleci-usage", "oauth-clients.json")
"""Within the config folder."""

_PATIENCE = 30
_HIDDEN = ("code", "code_verifier", "state")
_START = re.compile(rb"http://127\.0\.0\.1:\d+/(?=\s)")


@dataclass
class WaitingLogin:
    """A process of `circleci-usage login` whose browser shows nothing yet.

    Attributes:
        circleci: where it logs in.
        process: the command.
        said: what it has written to standard error so far.
        start: the address that it has opened.
    """

    circleci: StandIn
    process: subprocess.Popen[bytes]
    said: bytes = b""
    start: str = ""
    _began: float = field(default_factory=monotonic)

    @property
    def port(self) -> int:
        return urlsplit(self.start).port or 0

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def callback(self) -> str:
        return f"{self.start}callback"

    def wait_for(self, pattern: re.Pattern[bytes]) -> str:
        """What standard error says next that matches a pattern."""
        assert self.process.stderr
        while not (found := pattern.search(self.said)):
            line = self.process.stderr.readline()
            assert line, self.said.decode()
            self.said += line
        return found[0].decode()

    def connect(self) -> socket.socket:
        """A connection of another program."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE)

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
        return requests.get(address, headers=named, allow_redirects=False, timeout=_PATIENCE)

    def consent(self, start: str | None = None) -> requests.Response:
        """What the person's tab shows in the end."""
        return requests.get(answer_consent(start or self.start), timeout=_PATIENCE)

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
        out, err = self.process.communicate(timeout=_PATIENCE)
        code, seconds = self.process.returncode, monotonic() - self._began
        outcome = Outcome(code, out.decode(), (self.said + err).decode(), seconds)
        hold(outcome, secrets=secrets_of(self.circleci))
        return outcome


@contextmanager
def waiting_login(
    circleci: StandIn, folder: Path, *flags: str, **env: str
) -> Iterator[WaitingLogin]:
    """A login on a machine whose config folder is in a folder."""
    command = [str(CLI), "login", "--print-token", *flags]
    variables = environment(login_variables(circleci, folder) | env)
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # No buffer of ours, from which `communicate` would not read.
        bufsize=0,
    ) as process:
        try:
            login = WaitingLogin(circleci, process)
            if "--no-browser" not in flags:
                login.start = login.wait_for(_START)
            yield login
        finally:
            process.kill()


def login_variables(circleci: StandIn, folder: Path) -> dict[str, str]:
    """The environment of a login on a machine of its own; its browser opens nothing."""
    return {
        "CIRCLECI_URL": circleci.url,
        "CIRCLECI_APP_URL": circleci.app_url,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "BROWSER": "true %s",
    }


def secrets_of(circleci: StandIn) -> set[str]:
    """The states, codes and verifiers of all logins so far."""
    found: set[str] = set()
    for call in circleci.calls:
        if call.host == "app":
            for text in (urlsplit(call.path).query, call.body.decode(errors="replace")):
                found |= _secrets_in(parse_qs(text))
    return found


def _secrets_in(fields: Mapping[str, list[str]]) -> set[str]:
    return {value for name in _HIDDEN for value in fields.get(name, [])}
