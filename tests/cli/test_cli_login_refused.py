"""What can be wrong before a login, and a person who denies it."""

import socket
from urllib.parse import urlsplit

import pytest

from circleci_usage.demo.standin import faults
from commandline import circleci_usage
from file_keyring import file_keyring
from logging_in import CHOOSE_LEVEL, Machine, opening


def test_a_person_may_deny_the_access(here: Machine) -> None:
    done = here.login(BROWSER=here.browser(button="deny"))

    saw = here.seen_by_browser()
    assert "The login failed" in saw["page"]
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        f"{CHOOSE_LEVEL}{opening(done)}Error: The access was denied in the browser; no token was"
        " made. To allow it, rerun the same command.\n"
    )
    here.assert_hidden(done.err, saw["page"], saw["address"])
    assert here.entries == {}


def test_without_a_keyring_nobody_is_asked(here: Machine) -> None:
    env = here.env | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = circleci_usage("login", cwd=here.folder, env=env)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: This machine has no keyring that can keep a token; ")
    assert here.circleci.calls == []


def test_with_a_locked_keyring_nobody_is_asked(here: Machine) -> None:
    here.keyring_file.write_text("{}")
    with file_keyring(here.keyring_file, fault="KeyringLocked"):
        done = here.login()

    assert done.code == 2
    assert "Error: The system's keyring is locked; " in done.err
    assert here.circleci.calls == []


def test_with_a_keyring_that_cannot_be_written_nobody_is_asked(here: Machine) -> None:
    with file_keyring(here.folder / "missing" / "keyring.json"):
        done = here.login()

    assert done.code == 2
    assert "Error: The system's keyring refused access (FileNotFoundError); " in done.err
    assert here.circleci.calls == []


@pytest.mark.parametrize("value", ["true", "1", "TRUE"])
def test_a_ci_job_cannot_log_in(here: Machine, value: str) -> None:
    done = here.login(CI=value)

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: A login needs a person with a browser, and this is a CI job (CI is set). Log in on"
        " your own machine with --print-token, and put the token into a context as"
        " CIRCLECI_API_TOKEN.\n"
    )
    assert here.circleci.calls == []


def test_a_variable_ci_that_says_no_is_no_ci_job(here: Machine) -> None:
    assert here.login(CI="false").code == 0


CLOUD = ("https://circleci.com", "https://app.circleci.com")
BELONG = (
    "do not belong together: tokens of https://app.circleci.com are for https://circleci.com"
    " alone. On CircleCI server, set CIRCLECI_API_TOKEN to a personal API token instead."
)


@pytest.mark.parametrize(
    ("flags", "env", "said"),
    [
        ([], {"CIRCLECI_APP_URL": CLOUD[1]}, f"(CIRCLECI_URL) and {CLOUD[1]} (CIRCLECI_APP_URL)"),
        ([], {"CIRCLECI_URL": CLOUD[0]}, f"{CLOUD[0]} (CIRCLECI_URL) and "),
        (["--app-url", f"{CLOUD[1]}/"], {}, f"(CIRCLECI_URL) and {CLOUD[1]} (--app-url)"),
        (["--circleci-url", f"{CLOUD[0]}/api/v2"], {}, f"{CLOUD[0]} (--circleci-url) and "),
    ],
)
def test_a_token_is_only_for_the_circleci_that_issued_it(
    here: Machine, flags: list[str], env: dict[str, str], said: str
) -> None:
    done = here.login(*flags, **env)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.endswith(f" {BELONG}\n")
    assert here.circleci.calls == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://me:hunter22@example.com", "contains a user name or a password"),
        ("app.example.com", "is not a valid URL"),
        ("https://app.example.com/?a=b", "is not a valid URL"),
        ("http://app.example.com", "is plain HTTP to app.example.com, where the token can be read"),
    ],
)
def test_the_address_of_the_web_app_is_checked(here: Machine, url: str, said: str) -> None:
    done = here.login("--app-url", url)

    assert (done.code, done.out) == (2, "")
    name = "The address of CircleCI's web app (--app-url, CIRCLECI_APP_URL)"
    assert done.err.splitlines()[-1].startswith(f"Error: {name} {said}")
    assert "hunter22" not in done.err


def test_a_server_that_is_not_there_has_a_message(here: Machine) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # without listening
        port = closed.getsockname()[1]
        done = here.login(CIRCLECI_APP_URL=f"http://127.0.0.1:{port}")

    assert (done.code, done.out) == (4, "")
    assert done.err.splitlines()[-1].startswith(
        f"Error: CircleCI at 127.0.0.1:{port} is unavailable: "
    )


def test_a_server_without_oauth_names_the_token_to_set(here: Machine) -> None:
    here.circleci.faults = lambda _: faults.error_response(404, "Not found.")
    done = here.login()

    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        f"Error: CircleCI at {urlsplit(here.circleci.app_url).netloc} does not support this login"
        " (HTTP 404): check --app-url (CIRCLECI_APP_URL). On CircleCI server, set"
        " CIRCLECI_API_TOKEN to a personal API token instead."
    )
