"""`login` and `logout` as a user runs them, against a mock of CircleCI's OAuth server."""

import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest

from circleci_usage.demo.standin import faults
from commandline import circleci_usage
from logging_in import ACCESS_SEEN, CHECK_NEXT, CHOOSE_LEVEL, Machine, opening
from login_machine import start_address

# Into the keyring


def test_a_login_keeps_a_token_that_works(here: Machine) -> None:
    done = here.login()

    place = here.circleci.url
    kept = f"Logged in: the token for {place} is in the system's keyring."
    assert (done.code, done.out) == (0, "")
    assert done.err == (
        f"{CHOOSE_LEVEL}{opening(done)}{ACCESS_SEEN}"
        f"{kept} It expires on {here.expiry(done)}.\n{CHECK_NEXT}"
    )
    assert here.entries == {
        f"circleci-usage {place}": {"token": here.token, "expires": here.expiry(done)},
    }
    assert here.accepts(here.token)


def test_the_browser_shows_the_outcome_and_no_code(here: Machine) -> None:
    done = here.login()

    saw = here.seen_by_browser()
    assert "You are logged in" in saw["page"]
    assert saw["address"] == f"{start_address(done.err)}result"
    here.assert_hidden(done.out, done.err, saw["page"], saw["address"])


def test_nothing_secret_is_in_the_arguments_of_a_process(here: Machine) -> None:
    env = here.env | {"BROWSER": here.browser()}
    done = circleci_usage("login", cwd=here.folder, env=env)

    assert done.code == 0, done.err
    processes = here.seen_by_browser()["processes"]
    assert start_address(done.err) in processes
    assert "circleci_usage login" in processes
    here.assert_hidden(done.out, done.err, processes)


def test_a_login_is_quiet_or_verbose(here: Machine) -> None:
    quiet, verbose = here.login("--quiet"), here.login("--verbose")
    both = here.login("-q", "-v")

    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert verbose.code == 0
    here.assert_hidden(verbose.out, verbose.err)
    assert both.code == 2
    assert "--quiet and --verbose contradict each other; choose one of them." in both.err


def test_a_second_login_ends_the_token_before_and_uses_the_same_client(here: Machine) -> None:
    here.login()
    first = here.token
    done = here.login()

    assert done.code == 0
    assert not here.accepts(first)
    assert here.accepts(here.token)
    assert len(here.entries) == len(here.clients) == 1
    registrations = [call for call in here.circleci.calls if call.path == "/oauth/register"]
    assert len(registrations) == 1


def test_a_printed_token_and_a_kept_one_do_not_end_each_other(here: Machine) -> None:
    printed = here.login("--print-token").out.strip()
    here.login()
    kept = here.token
    printed_again = here.login("--print-token").out.strip()

    assert [here.accepts(token) for token in (printed, kept, printed_again)] == [False, True, True]
    names = ["CircleCI Usage Exporter", "CircleCI Usage Exporter (printed token)"]
    assert [client["name"] for client in here.clients] == names


def test_a_variable_that_hides_the_token_is_named(here: Machine) -> None:
    done = here.login(CIRCLE_TOKEN="another_0123456789")

    assert done.code == 0
    hint = "Warning: CIRCLE_TOKEN is set, and commands use it instead of the keyring; unset it."
    assert hint in done.err.splitlines()


def test_a_token_whose_access_is_not_known_is_kept_with_a_warning(here: Machine) -> None:
    here.circleci.faults = lambda request: faults.HTML_PAGE if request.host == "api" else None
    done = here.login()

    assert done.code == 0
    assert "Warning: Could not verify the new token: " in done.err
    assert len(here.entries) == 1
    here.assert_hidden(done.err)


def test_a_token_that_does_not_work_fails_in_the_browser_too(here: Machine) -> None:
    rejected = faults.error_response(401, "no")
    here.circleci.faults = lambda request: rejected if request.host == "api" else None
    done = here.login()

    assert done.code == 3
    assert done.err.splitlines()[-1] == (
        f"Error: CircleCI at {here.circleci.url} rejects the new token, so it was not kept; check"
        " --circleci-url (CIRCLECI_URL) and --app-url (CIRCLECI_APP_URL)."
    )
    assert here.entries == {}
    assert "The login failed" in here.seen_by_browser()["page"]


# On standard output


def test_a_printed_token_is_alone_on_standard_output(here: Machine) -> None:
    env = here.env | {"BROWSER": here.browser()}
    done = circleci_usage("login", "--print-token", cwd=here.folder, env=env)

    token = done.out.removesuffix("\n")
    assert done.code == 0, done.err
    assert re.fullmatch(r"ccipat_[0-9a-f]{40}", token)
    assert here.accepts(token)
    assert here.entries == {}
    here.assert_hidden(done.err, here.seen_by_browser()["processes"])
    here.assert_hidden(done.out, besides=token)


def test_what_to_do_with_a_printed_token_is_said(here: Machine) -> None:
    done = here.login("--print-token")

    assert done.err == (
        f"{CHOOSE_LEVEL}{opening(done)}{ACCESS_SEEN}"
        f"This token is kept nowhere else. It expires on {here.expiry(done)}.\n"
        f"Put it into a context as CIRCLECI_API_TOKEN, and {here.expiry(done)} as"
        " CIRCLECI_API_TOKEN_EXPIRES. The next login like this on this machine revokes it.\n"
    )


def test_a_printed_token_is_all_that_a_quiet_login_prints(here: Machine) -> None:
    done = here.login("--print-token", "-q")
    assert (done.code, done.err) == (0, "")
    assert here.accepts(done.out.strip())


def test_a_printed_token_needs_no_keyring(here: Machine) -> None:
    env = {**here.env, "BROWSER": here.browser()}
    env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    done = circleci_usage("login", "--print-token", "-q", cwd=here.folder, env=env)
    assert (done.code, done.err) == (0, "")


def test_a_token_that_cannot_be_printed_is_an_error(here: Machine) -> None:
    command = f"{sys.executable} -m circleci_usage login --print-token > /dev/full"
    env = os.environ | here.env | {"BROWSER": here.browser(), "CI": ""}
    done = subprocess.run(
        command, shell=True, cwd=here.folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert done.stderr.splitlines()[-1] == (
        "Error: The result cannot be written to standard output: No space left on device. A token"
        " may have been made that is kept nowhere; rerun the same command, which ends it."
    )
    assert "The login failed" in here.seen_by_browser()["page"]
    here.assert_hidden(done.stderr)


@pytest.mark.parametrize("output", [">&-", "| true"])
def test_without_a_reader_of_the_token_nobody_is_asked(here: Machine, output: str) -> None:
    # The reader is gone before the program has started.
    command = f"(sleep 0.2; {sys.executable} -m circleci_usage login --print-token) {output}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=here.folder,
        env=os.environ | here.env | {"CI": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "Error: Nobody reads standard output, so the result would be lost; redirect it to a file or"
        " to a program that reads it.\n"
    )
    assert here.circleci.calls == []


def test_a_lifetime_that_circleci_does_not_say_is_not_made_up(here: Machine) -> None:
    here.circleci.token_lifetime = timedelta(days=400)
    kept, printed = here.login(), here.login("--print-token")

    said = "CircleCI did not say when it expires."
    assert f"is in the system's keyring. {said}" in kept.err
    assert next(iter(here.entries.values()))["expires"] is None
    assert f"This token is kept nowhere else. {said}" in printed.err
    assert "Put it into a context as CIRCLECI_API_TOKEN. The next login" in printed.err


# Logging out


def test_a_logout_forgets_the_token_which_stays_valid(here: Machine) -> None:
    here.login()
    token, place = here.token, here.circleci.url
    done, again = here.here("logout"), here.here("logout")

    assert (done.code, done.out, again.code) == (0, "", 0)
    assert done.err == (
        f"The token for {place} is no longer in the system's keyring. At CircleCI it is valid until"
        " it expires; to end it now, delete it there in User Settings → Personal API Tokens.\n"
    )
    assert again.err == f"The system's keyring has no token for {place}.\n"
    assert here.entries == {}
    assert here.accepts(token)
    assert len(here.clients) == 1


def test_a_logout_forgets_the_token_of_one_circleci_alone(here: Machine) -> None:
    here.login()
    other = here.here("logout", "--circleci-url", "https://circleci.example.com")

    assert "has no token for https://circleci.example.com." in other.err
    assert len(here.entries) == 1


def test_a_logout_without_a_keyring_is_an_error(here: Machine) -> None:
    env = here.env | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = circleci_usage("logout", cwd=here.folder, env=env)
    assert done.code == 2
    assert done.err.startswith("Error: This machine has no keyring that can keep a token; ")
