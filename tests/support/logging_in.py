"""A machine on which somebody logs in: its keyring, config folder and browser, and a CircleCI."""

import json
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests

from circleci_usage.demo.standin.standin import StandIn
from commandline import Finished
from consent import answer_consent
from consenting_browser import browser
from days import today
from file_keyring import file_keyring, keyring_variables
from inprocess import run_here
from login_machine import (
    circleci_of_today,
    login_variables,
    registrations_file,
    secrets_of,
    start_address,
)

CHOOSE_LEVEL = (
    "CircleCI asks which access level to allow. Choose Read, the most limited one. If"
    " `circleci-usage doctor` says that the token may not request exports, log in again and choose"
    " Write, then Admin.\n"
)
"""What a login says first."""

ACCESS_SEEN = (
    "The token has access to 3 organizations: gh/tidewren, gh/tidewren-apps,"
    " circleci/8ZqW4mT1cVxR6nLkB2yHdJ.\n"
)
"""What a login says of a token that works."""

CHECK_NEXT = "Whether it may request exports is what `circleci-usage doctor` checks next.\n"
"""What a login says last of a token that is kept."""

_PATIENCE = 30


@dataclass(frozen=True)
class Machine:
    """A machine with nothing on it but this program.

    Attributes:
        folder: of all that it keeps.
        circleci: where people log in.
        report: listens for what a browser saw.
    """

    folder: Path
    circleci: StandIn
    report: socket.socket

    @property
    def env(self) -> dict[str, str]:
        """The variables of all commands."""
        variables = login_variables(self.circleci, self.folder)
        return variables | keyring_variables(self.keyring_file)

    def browser(self, level: str = "read", button: str = "allow") -> str:
        """A browser for `BROWSER` whose person chooses a level and presses "allow" or "deny"."""
        port = self.report.getsockname()[1]
        return browser(self.folder, level=level, button=button, port=port)

    def here(self, *arguments: str, **env: str) -> Finished:
        """Run a command in this process."""
        return run_here(*arguments, cwd=self.folder, env=self.env | env)

    def login(self, *flags: str, **env: str) -> Finished:
        """Log in with a browser whose person allows to read."""
        chosen = env if "BROWSER" in env else {**env, "BROWSER": self.browser()}
        return self.here("login", *flags, **chosen)

    @property
    def keyring_file(self) -> Path:
        """The file of the keyring."""
        return self.folder / "keyring.json"

    @property
    def entries(self) -> dict[str, Any]:
        """The entries of the keyring by service and user."""
        if not self.keyring_file.exists():
            return {}
        texts = json.loads(self.keyring_file.read_text("utf-8"))
        return {name: json.loads(text) for name, text in texts.items()}

    @property
    def token(self) -> str:
        """The one token in the keyring."""
        (entry,) = self.entries.values()
        return str(entry["token"])

    @property
    def registrations_file(self) -> Path:
        """Where the ids of clients are."""
        return registrations_file(self.folder)

    @property
    def clients(self) -> list[dict[str, Any]]:
        """The registered clients, the newest first."""
        found: list[dict[str, Any]] = json.loads(self.registrations_file.read_text())["clients"]
        return found

    def expiry(self, done: Finished) -> str:
        """The day that a login has said: 90 days from now."""
        last = str(today() + timedelta(days=90))
        assert f"It expires on {last}." in done.err
        return last

    def seen_by_browser(self) -> dict[str, str]:
        """What the next browser saw: all `processes`, the last `page`, its `address`."""
        connection, _ = self.report.accept()
        with connection, connection.makefile("rb") as stream:
            found: dict[str, str] = json.load(stream)
        return found

    def secrets(self) -> set[str]:
        """Everything of the logins so far that nobody may see."""
        tokens = {token for token in map(_token, self._headers()) if token}
        return tokens | secrets_of(self.circleci)

    def assert_hidden(self, *texts: str, besides: str = "") -> None:
        """Fail if a text has a secret in it, other than one that belongs there."""
        secrets = self.secrets() - {besides}
        assert secrets, "nobody has logged in"
        for text in texts:
            assert [secret for secret in secrets if secret in text] == []

    def accepts(self, token: str) -> bool:
        """Whether CircleCI accepts a token."""
        address = f"{self.circleci.url}/api/v2/me/collaborations"
        answer = requests.get(address, headers={"Circle-Token": token}, timeout=5)
        return answer.status_code == 200

    def _headers(self) -> Iterator[Mapping[str, str]]:
        return (call.headers for call in self.circleci.calls if call.host == "api")


def _token(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "circle-token"), "")


@contextmanager
def machine(folder: Path, **rules: Any) -> Iterator[Machine]:
    """A machine, with a CircleCI as it is now, and the keyring for commands of this process."""
    with (
        circleci_of_today(**rules) as circleci,
        socket.create_server(("127.0.0.1", 0)) as report,
    ):
        report.settimeout(_PATIENCE)
        found = Machine(folder, circleci, report)
        with file_keyring(found.keyring_file):
            yield found


def opening(done: Finished) -> str:
    """What a login says when it opens the browser."""
    return f"Opening {start_address(done.err)} in your browser, which leads to CircleCI.\n"


def person(here: Machine, level: str = "read", button: str = "allow") -> Callable[[str], str]:
    """A person who opens the address that a login printed, elsewhere, and copies the last one."""

    def answer(shown: str) -> str:
        address = re.search(rf"{re.escape(here.circleci.app_url)}\S+", shown)
        assert address, shown
        return answer_consent(address[0], level, button)

    return answer


@dataclass(frozen=True)
class Pipe:
    """Standard input that answers what standard error asks, as a program that drives ours does."""

    answer: Callable[[str], str]

    def isatty(self) -> bool:
        """No."""
        return False

    def readline(self, _size: int = -1) -> str:
        """What is answered to all that was said."""
        assert isinstance(sys.stderr, StringIO)
        return self.answer(sys.stderr.getvalue())


def by_hand(
    here: Machine, patch: pytest.MonkeyPatch, answer: Callable[[str], str], *flags: str
) -> Finished:
    """Log in without a browser, with standard input from another program."""
    patch.setattr(sys, "stdin", Pipe(answer))
    return here.here("login", "--no-browser", *flags)
