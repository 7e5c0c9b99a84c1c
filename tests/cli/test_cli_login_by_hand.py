"""`login --no-browser`: the redirected address by a pipe, and at a terminal."""

import os
import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest

from dialog import Answer, at_a_terminal
from logging_in import ACCESS_SEEN, CHECK_NEXT, CHOOSE_LEVEL, Machine, by_hand, person
from oauth_program import OAuthProgram

REDIRECTED = re.compile(r"http://127\.0\.0\.1:\d+/callback")


def test_a_redirected_address_can_be_pasted(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    done = by_hand(here, monkeypatch, person(here))

    assert (done.code, done.out) == (0, "")
    (shown,) = re.findall(rf"{here.circleci.app_url}\S+", done.err)
    assert done.err == (
        f"{CHOOSE_LEVEL}Open this address in a browser, on any machine:\n\n{shown}\n\n"
        "After you choose Allow, the browser is redirected to an address that begins with"
        " http://127.0.0.1. That page will not load, which is expected: copy its address.\n"
        f"{ACCESS_SEEN}Logged in: the token for {here.circleci.url} is in the system's keyring."
        f" It expires on {here.expiry(done)}.\n{CHECK_NEXT}"
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
    ("", "The input ended before the redirected address; no token was made"),
    ("\n", "Nothing was pasted."),
    ("the-code-alone\n", "That is not an address."),
    ("https://app.circleci.com/oauth/authorize?x=1\n", "That is the address to open, not the one"),
    ("http://127.0.0.1:1/callback?code=a&state=b\n", "That address belongs to another site or"),
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
        "Error: The redirect belongs to another login: the state does not match. Use the browser"
        " tab that this login opened, or the address that it printed."
    )
    here.assert_hidden(done.err.splitlines()[-1])


def test_an_address_that_is_pasted_twice_is_used_up(
    here: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def race(shown: str) -> str:
        redirected = person(here)(shown)
        [stolen] = parse_qs(urlsplit(redirected).query)["code"]
        [client] = here.clients
        uri = redirected.partition("?")[0]
        program = OAuthProgram(here.circleci.app_url, client["client_id"], uri)
        assert program.exchange(stolen).json() == {"error": "invalid_grant"}
        return redirected

    done = by_hand(here, monkeypatch, race)

    assert done.code == 3
    assert done.err.splitlines()[-1] == (
        "Error: CircleCI did not accept the authorization code (invalid_grant): it has expired,"
        " was used before or belongs to another login; rerun the same command."
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
    assert "Paste that address here (it is not shown): \nThe token has access to " in done.out
    assert pasted[0] not in done.out
    (shown,) = re.findall(rf"{here.circleci.app_url}\S+", done.out)
    here.assert_hidden(done.out.replace(shown, ""))
    assert here.accepts(here.token)


def test_at_a_terminal_somebody_can_try_again(here: Machine) -> None:
    answers: list[Answer] = ["\n", "the-code\n", lambda shown: f'  "{person(here)(shown)}#"  \n']
    done = at_a_terminal("login", "--no-browser", answers=answers, cwd=here.folder, env=here.env)

    assert done.code == 0, done.out
    assert "Nothing was pasted. Paste the whole address" in done.out
    assert "That is not an address. Paste the whole address" in done.out
    assert done.out.count("Open this address in a browser") == 1


@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [
        ("\x03", 130, "Interrupted. No token was made; rerun the same command."),
        ("\x04", 2, "The input ended before the redirected address; no token was made"),
    ],
)
def test_a_question_can_be_left(here: Machine, keys: str, code: int, said: str) -> None:
    answers = ["\xff\n", keys]
    done = at_a_terminal("login", "--no-browser", answers=answers, cwd=here.folder, env=here.env)
    assert done.code == code, done.out
    assert f"Error: {said}" in done.out
