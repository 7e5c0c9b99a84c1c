"""`login` and `logout` as a user runs them, against a mock of CircleCI's OAuth server."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from circleci_usage.core.periods import today_utc
from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.standin import faults
from circleci_usage.demo.standin.messages import Request
from circleci_usage.login.authorization import CALLBACK
from commandline import Finished, circleci_usage
from consent import answer_consent
from dialog import at_a_terminal
from file_keyring import file_keyring
from logging_in import Machine, machine, start_address

LEVEL = (
    "CircleCI asks which access level to allow. Choose Read, the smallest one. If `circleci-usage"
    " doctor` says that the token may not request exports, log in again and choose Write.\n"
)
SEEN = (
    "It has access to 3 organizations: gh/tidewren, gh/tidewren-apps,"
    " circleci/8ZqW4mT1cVxR6nLkB2yHdJ.\n"
    "Whether it may request exports is what `circleci-usage doctor` checks next.\n"
)
REDIRECTED = re.compile(r"http://127\.0\.0\.1:\d+/callback")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Machine]:
    """A machine, and a CircleCI whose tokens have the usual 90 days."""
    with machine(tmp_path) as found:
        yield found


def expiry() -> str:
    """The day on which a token of today expires."""
    return str(today_utc(SystemClock().now() + timedelta(days=90)))


def opening(done: Finished) -> str:
    return f"Opening {start_address(done.err)} in your browser, which leads to CircleCI.\n"


# Into the keyring


def test_a_login_keeps_a_token_that_works(here: Machine) -> None:
    done = here.login()

    place = here.circleci.url
    kept = f"Logged in: the token for {place} is in the system's keyring."
    assert (done.code, done.out) == (0, "")
    assert done.err == f"{LEVEL}{opening(done)}{kept} It expires on {expiry()}.\n{SEEN}"
    assert here.entries == {
        f"circleci-usage {place}": {"token": here.token, "expires": expiry()},
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
    hint = "Warning: CIRCLE_TOKEN is set, and commands use it instead; unset it to use this token."
    assert hint in done.err.splitlines()


@pytest.mark.parametrize("fault", [faults.error_response(401, "no"), faults.HTML_PAGE])
def test_a_token_whose_access_is_not_known_is_kept_with_a_warning(
    here: Machine, fault: faults.Fault
) -> None:
    here.circleci.faults = lambda request: fault if request.host == "api" else None
    done = here.login()

    assert done.code == 0
    assert "Warning: Whether the token works is not known: " in done.err
    assert len(here.entries) == 1
    here.assert_hidden(done.err)


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
        f"{LEVEL}{opening(done)}"
        f"This token is kept nowhere else. It expires on {expiry()}.\n"
        f"Put it into a context as CIRCLECI_API_TOKEN, and {expiry()} as"
        f" CIRCLECI_API_TOKEN_EXPIRES. Logging in like this again ends it at once.\n{SEEN}"
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
    assert "The result cannot be written to standard output" in done.stderr
    here.assert_hidden(done.stderr)


def test_a_lifetime_that_circleci_does_not_say_is_not_made_up(here: Machine) -> None:
    here.circleci.token_lifetime = timedelta(days=400)
    kept, printed = here.login(), here.login("--print-token")

    said = "CircleCI did not say when it expires."
    assert f"is in the system's keyring. {said}" in kept.err
    assert next(iter(here.entries.values()))["expires"] is None
    assert f"This token is kept nowhere else. {said}" in printed.err
    assert "Put it into a context as CIRCLECI_API_TOKEN. Logging in" in printed.err


# Without a browser on this machine


def person(here: Machine, level: str = "read", button: str = "allow") -> Callable[[str], str]:
    """A person who opens the address that a login printed, elsewhere, and copies the last one."""

    def answer(shown: str) -> str:
        address = re.search(rf"{re.escape(here.circleci.app_url)}\S+", shown)
        assert address, shown
        return answer_consent(address[0], level, button)

    return answer


class Pipe(StringIO):
    """Standard input that answers what standard error asks, as a program that drives ours does."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        super().__init__()
        self.answer = answer

    def readline(self, _size: int | None = -1, /) -> str:
        return self.answer(sys.stderr.getvalue())  # type: ignore[attr-defined]


def by_hand(
    here: Machine, patch: pytest.MonkeyPatch, answer: Callable[[str], str], *flags: str
) -> Finished:
    patch.setattr(sys, "stdin", Pipe(answer))
    return here.here("login", "--no-browser", *flags)


def test_a_redirected_address_can_be_pasted(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    done = by_hand(here, monkeypatch, person(here))

    assert (done.code, done.out) == (0, "")
    (shown,) = re.findall(rf"{here.circleci.app_url}\S+", done.err)
    assert done.err == (
        f"{LEVEL}Open this address in a browser, on any machine:\n\n{shown}\n\n"
        "After you chose Allow, the browser goes to an address that begins with"
        " http://127.0.0.1 and cannot be shown. That is as it should be: copy that address.\n"
        f"Logged in: the token for {here.circleci.url} is in the system's keyring."
        f" It expires on {expiry()}.\n{SEEN}"
    )
    # The state is in the address that is to be opened, and nowhere else.
    here.assert_hidden(done.err.replace(shown, ""))
    assert here.accepts(here.token)


def test_a_login_by_hand_can_print_the_token(
    here: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = by_hand(here, monkeypatch, person(here), "--print-token", "--quiet")

    assert done.code == 0
    assert here.accepts(done.out.removesuffix("\n"))
    assert done.err.startswith("Open this address in a browser, on any machine:\n\n")
    assert here.entries == {}


def test_both_ways_use_the_same_client(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    by_hand(here, monkeypatch, person(here))
    first = here.token
    here.login()

    assert not here.accepts(first)
    assert len(here.clients) == 1


PASTED = [
    ("", "The input ended before the redirected address; no token was made."),
    ("\n", "Nothing was pasted."),
    ("the-code-alone\n", "That is not an address."),
    ("https://app.circleci.com/oauth/authorize?x=1\n", "That is the address to open, not the one"),
    ("http://127.0.0.1:1/callback?code=a&state=b\n", "That address is of another site or of"),
]


@pytest.mark.parametrize(("pasted", "said"), PASTED)
def test_what_is_piped_in_has_to_be_right(
    here: Machine, monkeypatch: pytest.MonkeyPatch, pasted: str, said: str
) -> None:
    done = by_hand(here, monkeypatch, lambda _: pasted)

    assert (done.code, done.out) == (2, "")
    error = done.err.splitlines()[-1]
    assert error.startswith(f"Error: {said}")
    if pasted:
        assert re.search(rf"it begins with {REDIRECTED.pattern}\?$", error)
    assert here.entries == {}


def test_an_address_of_an_earlier_login_is_refused(
    here: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier: list[str] = []

    def keep(shown: str) -> str:
        earlier.append(person(here)(shown))
        return ""

    by_hand(here, monkeypatch, keep)
    done = by_hand(here, monkeypatch, lambda _: earlier[0])

    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        "Error: The redirect is not of this login: its state is another one. Use the browser tab"
        " that this login opened, or the address that it printed."
    )
    here.assert_hidden(done.err.splitlines()[-1])


def test_an_address_that_is_pasted_twice_is_used_up(
    here: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def race(shown: str) -> str:
        redirected = person(here)(shown)
        stolen = dict(pair.split("=") for pair in urlsplit(redirected).query.split("&"))
        form = {"grant_type": "authorization_code", "code": stolen["code"]}
        form |= {"client_id": here.clients[0]["client_id"], "code_verifier": "a" * 43}
        form |= {"redirect_uri": redirected.partition("?")[0]}
        answer = requests.post(f"{here.circleci.app_url}/oauth/token", data=form, timeout=5)
        assert answer.json() == {"error": "invalid_grant"}
        return redirected

    done = by_hand(here, monkeypatch, race)

    assert done.code == 3
    assert done.err.splitlines()[-1] == (
        "Error: CircleCI did not accept the authorization code (invalid_grant): it has expired,"
        " was used before or is of another login; rerun `circleci-usage login`."
    )


def test_bytes_that_are_no_text_are_not_an_address(here: Machine) -> None:
    command = [sys.executable, "-m", "circleci_usage", "login", "--no-browser"]
    for encoding in ("utf-8", "ascii:surrogateescape"):
        done = subprocess.run(
            command,
            cwd=here.folder,
            env={**os.environ, **here.env, "PYTHONIOENCODING": encoding, "CI": ""},
            input=b"http://127.0.0.1/callback?state=\xff\xfe\n",
            capture_output=True,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert b"Paste the whole address that the browser shows" in done.stderr


# At a terminal


def test_what_is_pasted_at_a_terminal_is_not_shown(here: Machine) -> None:
    pasted: list[str] = []

    def paste(shown: str) -> str:
        pasted.append(person(here)(shown))
        return pasted[0] + "\n"

    done = at_a_terminal("login", "--no-browser", answers=[paste], cwd=here.folder, env=here.env)

    assert done.code == 0, done.out
    assert "Paste that address here (it is not shown): \nLogged in: " in done.out
    assert pasted[0] not in done.out
    (shown,) = re.findall(rf"{here.circleci.app_url}\S+", done.out)
    here.assert_hidden(done.out.replace(shown, ""))
    assert here.accepts(here.token)


def test_at_a_terminal_somebody_can_try_again(here: Machine) -> None:
    answers = ["\n", "the-code\n", lambda shown: f'  "{person(here)(shown)}#"  \n']
    done = at_a_terminal("login", "--no-browser", answers=answers, cwd=here.folder, env=here.env)

    assert done.code == 0, done.out
    assert "Nothing was pasted. Paste the whole address" in done.out
    assert "That is not an address. Paste the whole address" in done.out
    assert done.out.count("Open this address in a browser") == 1


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("\x03", 130, "Interrupted. No token was made; rerun `circleci-usage login`."),
        ("\x04", 2, "The input ended before the redirected address; no token was made."),
        ("\xff\n\x04", 2, "The input ended before the redirected address; no token was made."),
    ],
)
def test_a_question_can_be_left(here: Machine, key: str, code: int, said: str) -> None:
    done = at_a_terminal("login", "--no-browser", answers=[key], cwd=here.folder, env=here.env)
    assert done.code == code, done.out
    assert f"Error: {said}" in done.out


# What people and their machines do wrong


def test_a_person_may_deny_the_access(here: Machine) -> None:
    done = here.login(BROWSER=here.browser(button="deny"))

    saw = here.seen_by_browser()
    assert "The login failed" in saw["page"]
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        f"{LEVEL}{opening(done)}Error: The access was denied in the browser; no token was made. To"
        " allow it, rerun `circleci-usage login`.\n"
    )
    here.assert_hidden(done.err, saw["page"], saw["address"])
    assert here.entries == {}


def test_without_a_keyring_nobody_is_asked(here: Machine) -> None:
    env = here.env | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = circleci_usage("login", cwd=here.folder, env=env)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: This machine has no keyring that can keep a token; ")
    assert here.circleci.calls == []


def test_a_keyring_that_refuses_fails_in_the_browser_too(here: Machine) -> None:
    here.keyring_file.write_text("{}")
    with file_keyring(here.keyring_file, fault="KeyringLocked"):
        done = here.login()

    assert done.code == 2
    assert "Error: The system's keyring is locked; " in done.err
    assert "The login failed" in here.seen_by_browser()["page"]
    here.assert_hidden(done.err)


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
    "belong together: a token of https://app.circleci.com is for https://circleci.com alone. Set"
    " both or neither; on CircleCI server, set CIRCLECI_API_TOKEN to a personal API token instead."
)


@pytest.mark.parametrize(
    ("flags", "env", "said"),
    [
        ([], {"CIRCLECI_APP_URL": CLOUD[1]}, f"CIRCLECI_URL and CIRCLECI_APP_URL {BELONG}"),
        ([], {"CIRCLECI_URL": CLOUD[0]}, f"CIRCLECI_URL and CIRCLECI_APP_URL {BELONG}"),
        (["--app-url", f"{CLOUD[1]}/"], {}, f"CIRCLECI_URL and --app-url {BELONG}"),
        (["--circleci-url", f"{CLOUD[0]}/api/v2"], {}, f"--circleci-url and CIRCLECI_APP_URL {BELONG}"),
    ],
)
def test_a_token_is_only_for_the_circleci_that_issued_it(
    here: Machine, flags: list[str], env: dict[str, str], said: str
) -> None:
    done = here.login(*flags, **env)
    assert (done.code, done.out, done.err) == (2, "", f"Error: {said}\n")
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
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = here.login(CIRCLECI_APP_URL=f"http://127.0.0.1:{port}")

    assert (done.code, done.out) == (4, "")
    assert done.err.splitlines()[-1].startswith(
        f"Error: CircleCI at 127.0.0.1:{port} is unavailable: "
    )


def test_a_server_without_oauth_names_the_token_to_set(here: Machine) -> None:
    done = here.login(CIRCLECI_APP_URL=here.circleci.url)

    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        f"Error: CircleCI at {urlsplit(here.circleci.url).netloc} offers no login for programs"
        " (HTTP 404): check --app-url (CIRCLECI_APP_URL). On CircleCI server, set"
        " CIRCLECI_API_TOKEN to a personal API token instead."
    )


def test_a_port_that_is_taken_is_replaced(here: Machine) -> None:
    here.login()
    [before] = here.clients
    with socket.create_server(("127.0.0.1", before["port"])):
        done = here.login()

    [after] = here.clients
    assert done.code == 0, done.err
    said = f"Port {before['port']} is taken by another program; this login registers another one."
    assert said in done.err.splitlines()
    assert start_address(done.err) == f"http://127.0.0.1:{after['port']}/"
    assert before["client_id"] != after["client_id"]


def test_a_login_by_hand_needs_no_port(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    here.login()
    [before] = here.clients
    with socket.create_server(("127.0.0.1", before["port"])):
        assert by_hand(here, monkeypatch, person(here)).code == 0
    assert here.clients == [before]


@pytest.mark.parametrize("flag", ["--no-browser", "--quiet"])
def test_a_client_that_circleci_forgot_is_registered_again(
    here: Machine, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    here.login()
    forgotten = here.clients[0] | {"client_id": "forgotten"}
    here.registrations_file.write_text(json.dumps({"clients": [forgotten]}))
    monkeypatch.setattr(sys, "stdin", Pipe(person(here)))
    done = here.login(flag)

    assert done.code == 0, done.err
    again = "CircleCI does not know this program any more; it is registered again."
    assert (again in done.err) == (flag != "--quiet")
    [client] = here.clients
    assert client["client_id"] != "forgotten"
    assert client["port"] == forgotten["port"]


def test_a_config_folder_that_cannot_be_written_is_said(here: Machine) -> None:
    (here.folder / "config").write_text("a file")
    done = here.login()

    assert done.code == 0
    file = here.registrations_file
    assert f"{file} cannot be written, so the next login registers again." in done.err.splitlines()


def test_a_registration_is_kept_without_a_secret(here: Machine) -> None:
    here.login()
    here.assert_hidden(here.registrations_file.read_text())
    assert set(here.clients[0]) == {"app_url", "name", "client_id", "port"}


@pytest.mark.parametrize("browser", ["/nothing/here %s", "false %s", ""])
def test_a_browser_that_cannot_be_opened_is_said(here: Machine, browser: str) -> None:
    env = here.env | {"BROWSER": browser}
    command = [sys.executable, "-m", "circleci_usage", "login"]
    with subprocess.Popen(
        command, cwd=here.folder, env={"PATH": "/nothing"} | env, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr
        said = next(line for line in running.stderr if line.startswith("Warning: "))
        address = start_address(said)
        assert said == (
            f"Warning: No browser could be opened. Open {address} in a browser of this machine; if"
            " it has none, press Ctrl-C and rerun with --no-browser.\n"
        )
        consent_by_thread(address)
        rest = running.stderr.read()
    assert running.returncode == 0, rest
    assert "Logged in: " in rest
