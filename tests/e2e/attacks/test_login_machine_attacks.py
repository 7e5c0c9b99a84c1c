"""Attacks on a login by what is on the machine: its files, variables, and processes."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from attack import Outcome, run
from circleci_usage.demo.standin.standin import StandIn
from commandline import environment
from consent import answer_consent
from damaged_registrations import DAMAGED, NO_FILES, WRONG_MEMBERS
from login_machine import (
    circleci_of_today,
    login_variables,
    registered,
    registrations_file,
    secrets_of,
)
from running_login import CLI
from waiting_login import waiting_login

Tried = Callable[[int], None]

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/oauth/authorize\S+(?=\s)")


@pytest.fixture(scope="module")
def circleci() -> Iterator[StandIn]:
    with circleci_of_today() as running:
        yield running


def own_file(folder: Path) -> Path:
    """Where the registrations are, in a folder that exists."""
    file = registrations_file(folder)
    file.parent.mkdir(parents=True)
    return file


OTHER_CLIENTS: dict[str, dict[str, object]] = {
    "an unknown client": {},
    "a port of the system": WRONG_MEMBERS["the port of SSH"],
    "a client id with fields": {"client_id": "a&redirect_uri=https://evil.example"},
    "a client of another address": {"app_url": "https://evil.example"},
    "more members": {"redirect_uri": "https://evil.example", "state": "fixed", "verifier": "fixed"},
}


@pytest.mark.parametrize("changes", OTHER_CLIENTS.values(), ids=OTHER_CLIENTS)
def test_registrations_of_another_program(
    changes: dict[str, object], circleci: StandIn, tmp_path: Path
) -> None:
    own_file(tmp_path).write_text(registered(circleci, **changes))
    circleci.calls.clear()
    with waiting_login(circleci, tmp_path) as login:
        login.finish()
    assert "fixed" not in str(circleci.calls)
    for call in circleci.calls:
        assert "evil.example" not in call.path.partition("redirect_uri=http%3A%2F%2F127.0.0.1")[2]


@pytest.mark.parametrize("kind", ["deep lists", "two megabytes"])
def test_registrations_that_are_none(kind: str, circleci: StandIn, tmp_path: Path) -> None:
    own_file(tmp_path).write_bytes(DAMAGED[kind])
    with waiting_login(circleci, tmp_path) as login:
        login.finish()


def test_registrations_that_lead_to_another_file(circleci: StandIn, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    file = own_file(tmp_path)
    file.symlink_to(victim)
    with waiting_login(circleci, tmp_path) as login:
        login.finish()
    assert victim.read_text() == "precious"
    assert not file.is_symlink()


def test_registrations_that_are_a_hard_link(circleci: StandIn, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text(registered(circleci))
    own_file(tmp_path).hardlink_to(victim)
    with waiting_login(circleci, tmp_path) as login:
        login.finish()
    assert victim.read_text() == registered(circleci)


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a loop"])
def test_registrations_that_are_no_file(kind: str, circleci: StandIn, tmp_path: Path) -> None:
    NO_FILES[kind](own_file(tmp_path))
    with waiting_login(circleci, tmp_path) as login:
        login.finish()


PLACES = [
    ("XDG_CONFIG_HOME", "/dev/null"),
    ("XDG_CONFIG_HOME", "{here}/nowhere\x1b[2J/\u202ea"),
    ("XDG_CONFIG_HOME", "relative"),
    ("HOME", "/dev/full/a"),
    ("HOME", "a" * 5000),
]


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_a_config_folder_that_cannot_be_written(
    name: str, place: str, circleci: StandIn, tmp_path: Path
) -> None:
    place = place.replace("{here}", str(tmp_path))
    with waiting_login(circleci, tmp_path, **{"XDG_CONFIG_HOME": "", name: place}) as login:
        login.finish()


STRANGE: dict[str, dict[str, str]] = {
    "a browser that does not exist": {"BROWSER": "/nowhere/browser %s"},
    "a browser of quotes": {"BROWSER": "'\" %s"},
    "a browser of blanks": {"BROWSER": " "},
    "a browser with escapes": {"BROWSER": "\x1b[2J %s", "DISPLAY": ":99"},
    "oauthlib's transport": {"OAUTHLIB_INSECURE_TRANSPORT": "1"},
    "oauthlib's types": {"OAUTHLIB_STRICT_TOKEN_TYPE": "1", "OAUTHLIB_RELAX_TOKEN_SCOPE": "1"},
    "a backend that does not exist": {"PYTHON_KEYRING_BACKEND": "evil.\x1b[2J"},
    "proxies": {"http_proxy": "http://192.0.2.1:9", "all_proxy": "socks5://192.0.2.1:9"},
    "a proxy without port": {"http_proxy": "http://[", "https_proxy": "\x1b"},
    "states": {"STATE": "fixed", "CODE_VERIFIER": "fixed"},
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_a_strange_environment(strange: dict[str, str], circleci: StandIn, tmp_path: Path) -> None:
    if "http_proxy" in strange and "[" in strange["http_proxy"]:
        outcome = ended(circleci, tmp_path, **strange)
        assert outcome.code == 2
        return
    with waiting_login(circleci, tmp_path, **strange) as login:
        login.finish()
    assert "fixed" not in str(circleci.calls)


def ended(circleci: StandIn, folder: Path, *flags: str, **env: str) -> Outcome:
    """How a login ends that never gets to its browser."""
    variables = environment(login_variables(circleci, folder) | env)
    return run([str(CLI), "login", "--verbose", *flags], cwd=folder, env=variables)


BACKENDS = (
    "evil",
    "evil.Keyring",
    "\x1b[2J.\u202e",
    ".",
    "os.system",
    "keyring.backends.fail.Keyring",
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_keyring_that_is_none(backend: str, circleci: StandIn, tmp_path: Path) -> None:
    circleci.calls.clear()
    assert ended(circleci, tmp_path, PYTHON_KEYRING_BACKEND=backend).code == 2
    assert circleci.calls == []


MODULES = ("webbrowser", "keyring", "oauthlib", "platformdirs", "requests", "getpass", "secrets")


def test_modules_in_the_working_folder_are_not_imported(circleci: StandIn, tmp_path: Path) -> None:
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text("open('owned', 'w')\n")
    with waiting_login(circleci, tmp_path) as login:
        login.finish()
    assert not (tmp_path / "owned").exists()
    ended(circleci, tmp_path, PYTHON_KEYRING_BACKEND="nowhere.Keyring")
    assert not (tmp_path / "owned").exists()


def test_nothing_secret_is_in_a_process_or_a_file(circleci: StandIn, tmp_path: Path) -> None:
    # A browser that keeps its address and environment, as others may see them.
    spy = tmp_path / "spy.sh"
    spy.write_text('#!/bin/sh\necho "$@" > seen\nenv >> seen\nps axww >> seen\n')
    spy.chmod(0o755)
    circleci.calls.clear()
    with waiting_login(circleci, tmp_path, BROWSER=f"{spy} %s") as login:
        outcome = login.finish()
    hidden = [*secrets_of(circleci), outcome.out.strip()]
    assert len(hidden) == 4
    seen = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert tmp_path / "seen" in seen
    for path in seen:
        assert not [secret for secret in hidden if secret in path.read_text()], path
    for call in circleci.calls:
        told = f"{call.path} {call.headers} {call.body.decode()}"
        assert (hidden[-1] in told) == (call.host == "api")
        if call.host == "api":
            assert not [secret for secret in hidden[:-1] if secret in told]


PASTED = (
    b"http://127.0.0.1:%d/callback?code=a&state=guessed\n",
    b"http://127.0.0.1:%d/callback?state=\xff\xfe\n",
    b"\x1b]0;owned\x07\n",
    b"a" * 100_000,
)


@pytest.mark.parametrize("pasted", PASTED)
@pytest.mark.parametrize("encoding", ["C", "C.UTF-8"])
def test_a_pasted_text_that_is_no_address(
    pasted: bytes, encoding: str, circleci: StandIn, tmp_path: Path
) -> None:
    with waiting_login(circleci, tmp_path, "--no-browser", LC_ALL=encoding) as login:
        asked = urlsplit(login.running.wait_for(ADDRESS))
        port = re.search(r"127\.0\.0\.1%3A(\d+)", asked.query)
        assert port
        text = pasted.replace(b"%d", port[1].encode())
        outcome = login.paste(text)
    assert outcome.code == 2
    assert "guessed" not in outcome.said
    assert outcome.out == ""


def test_a_redirect_that_is_pasted(circleci: StandIn, tmp_path: Path) -> None:
    circleci.calls.clear()
    with waiting_login(circleci, tmp_path, "--no-browser") as login:
        redirect = answer_consent(login.running.wait_for(ADDRESS))
        outcome = login.paste(f"{redirect}\n".encode())
    assert outcome.code == 0
    assert redirect not in outcome.said
    assert outcome.out.strip() not in outcome.err


def test_a_login_without_any_input(circleci: StandIn, tmp_path: Path) -> None:
    command = f"exec '{CLI}' login --no-browser --print-token --verbose <&-"
    env = environment(login_variables(circleci, tmp_path))
    outcome = run(["sh", "-c", command], cwd=tmp_path, env=env, codes={2})
    assert "The input ended before the redirected address" in outcome.err
