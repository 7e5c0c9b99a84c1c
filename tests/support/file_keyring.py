"""A keyring in a file, for tests: chosen by PYTHON_KEYRING_BACKEND=file_keyring.FileKeyring.

Its properties come from variables, as those of every keyring: KEYRING_PROPERTY_FILE has the path,
KEYRING_PROPERTY_FAULT the name of an error that every use raises.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import keyring
from keyring import core, errors
from keyring.backend import KeyringBackend

from paths import TESTS

SERVICE = "circleci-usage"


class FileKeyring(KeyringBackend):
    """Keeps passwords by service and user name."""

    priority = 0.5

    file = ""
    fault = ""

    def __init__(self) -> None:
        self.set_properties_from_env()

    def get_password(self, service: str, username: str) -> str | None:
        self._fail("")
        password = self._entries.get(_key(service, username))
        return None if password is None else str(password)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail(password)
        self._write({**self._entries, _key(service, username): password})

    def delete_password(self, service: str, username: str) -> None:
        self._fail("")
        left = dict(self._entries)
        if left.pop(_key(service, username), None) is None:
            raise errors.PasswordDeleteError("not found")
        self._write(left)

    @property
    def _entries(self) -> Mapping[str, str]:
        path = Path(self.file)
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    def _write(self, entries: Mapping[str, str]) -> None:
        Path(self.file).write_text(json.dumps(entries), encoding="utf-8")

    def _fail(self, password: str) -> None:
        """Raise the fault, its text as indiscreet as it can be."""
        if self.fault:
            kind = getattr(errors, self.fault, RuntimeError)
            raise kind(f"{password} {Path(self.file).read_text('utf-8')}")


def _key(service: str, username: str) -> str:
    return f"{service} {username}"


def keyring_variables(file: Path, fault: str = "") -> dict[str, str]:
    """The environment of a process that uses a keyring in a file."""
    variables = {
        "PYTHONPATH": str(TESTS / "support"),
        "PYTHON_KEYRING_BACKEND": "file_keyring.FileKeyring",
        "KEYRING_PROPERTY_FILE": str(file),
    }
    return variables | ({"KEYRING_PROPERTY_FAULT": fault} if fault else {})


def keyring_file(file: Path, user: str, password: str) -> Path:
    """A file with one entry."""
    file.write_text(json.dumps({_key(SERVICE, user): password}), encoding="utf-8")
    return file


@contextmanager
def keyring_in_use(used: KeyringBackend) -> Iterator[None]:
    """Let this process use a keyring."""
    before = core._keyring_backend
    keyring.set_keyring(used)
    try:
        yield
    finally:
        core._keyring_backend = before


@contextmanager
def file_keyring(file: Path, fault: str = "") -> Iterator[FileKeyring]:
    """Let this process use a keyring in a file."""
    used = FileKeyring()
    used.file, used.fault = str(file), fault
    with keyring_in_use(used):
        yield used
