"""The token of a login in the system's keyring."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from keyring.core import load_keyring
from pydantic import SecretStr

from circleci_usage.core.errors import SettingsError
from circleci_usage.login.keyring_tokens import (
    SERVICE,
    NoKeyringError,
    check_keyring,
    entry_name,
    forget_token,
    keep_token,
    read_token,
)
from exporting import RecordedProgress
from file_keyring import FileKeyring, file_keyring, keyring_file, keyring_in_use
from paths import ROOT

CIRCLECI = "https://circleci.com"
SECRET = SecretStr("CCIPAT_kept_0123456789abcdef")
LAST_DAY = date(2027, 2, 24)
DAMAGED = (
    "The entry for https://circleci.com in the system's keyring is damaged; replace it with"
    " `circleci-usage login`, or remove it with `circleci-usage logout`."
)
NO_KEYRING = (
    "This machine has no keyring that can keep a token; put the token of `circleci-usage login"
    " --print-token` into the environment variable CIRCLECI_API_TOKEN instead."
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keyring.json"


@pytest.fixture
def kept(file: Path) -> Iterator[FileKeyring]:
    with file_keyring(file) as used:
        yield used


def test_a_token_is_kept_read_and_forgotten(kept: FileKeyring) -> None:
    check_keyring(CIRCLECI)
    assert read_token(CIRCLECI) is None

    keep_token(CIRCLECI, SECRET, LAST_DAY)

    token = read_token(CIRCLECI)
    assert token
    assert token.secret == SECRET
    assert (token.source, token.expires) == ("the system's keyring", LAST_DAY)
    assert [forget_token(CIRCLECI), forget_token(CIRCLECI)] == [True, False]
    assert read_token(CIRCLECI) is None


def test_the_entry_is_a_small_document(kept: FileKeyring) -> None:
    keep_token(f"{CIRCLECI}/api/v2", SECRET, LAST_DAY)
    entry = kept.get_password(SERVICE, CIRCLECI)
    assert json.loads(entry or "") == {
        "token": SECRET.get_secret_value(),
        "expires": "2027-02-24",
    }


def test_a_token_without_a_last_day_replaces_another(kept: FileKeyring) -> None:
    keep_token(CIRCLECI, SecretStr("before"), LAST_DAY)
    keep_token(CIRCLECI, SECRET, None)
    token = read_token(CIRCLECI)
    assert token
    assert (token.secret, token.expires) == (SECRET, None)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://circleci.com/api/v2", CIRCLECI),
        ("https://circleci.com/", CIRCLECI),
        (" HTTPS://CircleCI.com:443/api/v2/ ", CIRCLECI),
        ("https://circleci.com./", CIRCLECI),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
        ("https://circleci.com:80", "https://circleci.com:80"),
        ("https://circleci.example.com/ci/api/v2", "https://circleci.example.com"),
    ],
)
def test_an_address_has_one_entry(address: str, name: str) -> None:
    assert entry_name(address) == name


def test_a_token_is_for_one_address_only(kept: FileKeyring) -> None:
    keep_token(CIRCLECI, SECRET, LAST_DAY)
    for other in ("http://circleci.com", "https://circleci.com:8443", "https://app.circleci.com"):
        assert read_token(other) is None
    with pytest.raises(SettingsError, match="contains a user name"):
        read_token("https://circleci.com@evil.example.com")


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "null",
        "CCIPAT_kept_0123456789abcdef",
        '["CCIPAT_kept_0123456789abcdef"]',
        "{}",
        '{"token": ""}',
        '{"token": 7}',
        '{"token": "two words"}',
        '{"token": "CCIPAT_kept_0123456789abcdef\\r\\nX-Evil: 1"}',
        '{"token": "CCIPAT_kept_0123456789abcdef", "expires": 1803427200}',
        '{"token": "CCIPAT_kept_0123456789abcdef", "expires": "never"}',
        '{"token": "CCIPAT_kept_0123456789abcdef", "expires": "2027-02-30"}',
        '{"token": "' + "x" * 5_000 + '"}',
        '{"token": "x"}' + " " * 1_000_000,
        "[" * 5_000,
        '{"token": "\ud800"}',
        '{"token": "x", "expires": "\x1b[2J"}',
    ],
)
def test_a_strange_entry_is_damaged_and_can_be_forgotten(entry: str, file: Path) -> None:
    keyring_file(file, CIRCLECI, entry)
    with file_keyring(file):
        with pytest.raises(SettingsError) as error:
            read_token(CIRCLECI)
        assert str(error.value) == DAMAGED
        assert error.value.__cause__ is None
        assert forget_token(CIRCLECI)


FAULTS = {
    "KeyringLocked": "The system's keyring is locked; unlock it and rerun, or put the token",
    "KeyringError": "The system's keyring refused access (KeyringError); unlock or repair it, or",
    "InitError": "refused access (InitError)",
    "PasswordSetError": "refused access (PasswordSetError)",
    "RuntimeError": "refused access (RuntimeError)",
}


@pytest.mark.parametrize(("fault", "message"), FAULTS.items(), ids=FAULTS)
def test_a_keyring_that_refuses_is_said_without_its_words(
    fault: str, message: str, file: Path
) -> None:
    keyring_file(file, CIRCLECI, SECRET.get_secret_value())
    with file_keyring(file, fault):
        for use in (
            lambda: read_token(CIRCLECI),
            lambda: keep_token(CIRCLECI, SECRET, LAST_DAY),
            lambda: forget_token(CIRCLECI),
        ):
            with pytest.raises(SettingsError) as error:
                use()
            assert message in str(error.value)
            assert SECRET.get_secret_value() not in str(error.value)
            assert error.value.__suppress_context__


@pytest.mark.parametrize("backend", ["fail", "null"])
def test_without_a_keyring_there_is_no_token(backend: str) -> None:
    with keyring_in_use(load_keyring(f"keyring.backends.{backend}.Keyring")):
        assert_no_keyring(NO_KEYRING)


def test_a_keyring_that_turns_out_to_be_none(file: Path) -> None:
    file.write_text("")
    with file_keyring(file, "NoKeyringError"):
        assert read_token(CIRCLECI) is None
        with pytest.raises(NoKeyringError, match="has no keyring that can keep a token"):
            keep_token(CIRCLECI, SECRET, None)


def test_without_the_package_there_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert_no_keyring(
        "The package keyring is not installed, so no token can be kept in the system's keyring"
        " (`pip install keyring` adds it); put the token of `circleci-usage login --print-token`"
        " into the environment variable CIRCLECI_API_TOKEN instead."
    )


def assert_no_keyring(message: str) -> None:
    assert read_token(CIRCLECI) is None
    for use in (
        lambda: check_keyring(CIRCLECI),
        lambda: keep_token(CIRCLECI, SECRET, None),
        lambda: forget_token(CIRCLECI),
    ):
        with pytest.raises(NoKeyringError) as error:
            use()
        assert str(error.value) == message


def test_a_dialog_can_be_waited_for(kept: FileKeyring) -> None:
    progress = RecordedProgress()
    read_token(CIRCLECI, progress=progress)
    assert progress.lines == ["Waiting for the system's keyring"]


IN_A_SESSION = """
from datetime import date
from pydantic import SecretStr
from keyring import get_keyring
from circleci_usage.login.keyring_tokens import check_keyring, forget_token, keep_token, read_token

address = "https://circleci.com"
check_keyring(address)
print(type(get_keyring()).__module__)
print(read_token(address))
keep_token(address, SecretStr("kept-by-the-service"), date(2027, 2, 24))
keep_token("https://circleci.example.com", SecretStr("another"), None)
token = read_token(address + "/api/v2")
print(token.secret.get_secret_value(), token.expires)
print(forget_token(address), forget_token(address), read_token(address))
print(read_token("https://circleci.example.com").expires)
"""


@pytest.mark.skipif(
    not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")),
    reason="needs dbus-run-session and gnome-keyring-daemon",
)
def test_the_secret_service_of_a_desktop(tmp_path: Path) -> None:
    unlock = "gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 <<<password"
    session = ("dbus-run-session", "--", "bash", "-c", f'{unlock}; "$0" -c "$1"')
    done = subprocess.run(
        [*session, sys.executable, IN_A_SESSION],
        env={
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(tmp_path),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT / "scripts"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "keyring.backends.SecretService",
        "None",
        "kept-by-the-service 2027-02-24",
        "True False None",
        "None",
    ], done.stderr
