"""The redirected address that a person pastes, as terminals and people do."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from authorization_request import AMBIGUOUS, CODE, OTHER_STATE, PORT, REQUEST, STATE, URI
from circleci_usage.core.errors import AccessError, ServiceError
from circleci_usage.login.authorization import OtherRedirectError

GOOD = f"{URI}?code={CODE}&state={STATE}"

PASTE = (
    f" Paste the whole address that the browser shows after you choose Allow; it begins with {URI}?"
)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"  {GOOD}\t",
        f"{GOOD}\r\n",
        f'"{GOOD}"',
        f"'{GOOD}'",
        f"<{GOOD}>",
        f" <'{GOOD}'> ",
        f"{GOOD}#",
        f"{GOOD}#_=_",
        f"{GOOD[:40]}\n{GOOD[40:]}",
        f"{GOOD[:60]} \n   {GOOD[60:]}",
    ],
)
def test_an_address_may_be_pasted_as_terminals_and_people_do(text: str) -> None:
    assert REQUEST.code_in_address(text).get_secret_value() == CODE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Nothing was pasted."),
        (" \r\n", "Nothing was pasted."),
        ('""', "Nothing was pasted."),
        (CODE, "That is not an address."),
        (f"code={CODE}&state={STATE}", "That is not an address."),
        (f"?code={CODE}&state={STATE}", "That is not an address."),
        (f"/callback?code={CODE}&state={STATE}", "That is not an address."),
        (f"ftp://127.0.0.1:{PORT}/callback?code={CODE}&state={STATE}", "That is not an address."),
        ("javascript:alert(1)", "That is not an address."),
        ("http://[::1/callback", "That is not an address."),
        ("\ufffd", "That is not an address."),
        (
            REQUEST.address("https://app.circleci.com/oauth/authorize"),
            "That is the address to open, not the one you are redirected to.",
        ),
    ],
)
def test_what_is_no_redirected_address_is_named(text: str, said: str) -> None:
    with pytest.raises(OtherRedirectError) as raised:
        REQUEST.code_in_address(text)
    assert str(raised.value) == said + PASTE


@pytest.mark.parametrize(
    "place",
    [
        f"http://127.0.0.1:{PORT + 1}/callback",
        "http://127.0.0.1:1/callback",
        "https://evil.example/callback",
        f"http://evil.example:{PORT}/callback",
        "http://127.0.0.1/callback",
        f"http://127.0.0.1:{PORT}/callback/",
        f"http://127.0.0.1:{PORT}/",
        f"http://127.0.0.1:{PORT}/Callback",
        f"http://127.0.0.1:{PORT}//callback",
        f"http://127.0.0.1:{PORT}/callback/../callback",
        f"http://127.0.0.1:{PORT}/callback#",
        f"http://127.0.0.1:{PORT}/callback;a",
        f"https://127.0.0.1:{PORT}/callback",
        f"http://localhost:{PORT}/callback",
        f"http://127.0.0.2:{PORT}/callback",
        f"http://[::1]:{PORT}/callback",
        "https://app.circleci.com/callback",
        f"http://127.0.0.1:{PORT}@evil.example/callback",
        f"http://evil@127.0.0.1:{PORT}/callback",
        f"http://127.0.0.1:{PORT}.evil.example/callback",
        f"http://evil.example/http://127.0.0.1:{PORT}/callback",
    ],
)
def test_an_address_elsewhere_gives_no_code(place: str) -> None:
    with pytest.raises(OtherRedirectError) as raised:
        REQUEST.code_in_address(f"{place}?code={CODE}&state={STATE}")
    assert str(raised.value) == f"That address belongs to another site or to another login.{PASTE}"
    assert CODE not in str(raised.value)


HOSTILE = (
    "javascript:alert(1)?code=a&state={state}",
    "http://[?code=a&state={state}",
    "\x1b[200~\x1b]0;owned\x07\x9b2J",
    "\udcff\ud800",
    "{uri}?state=\udcff",
    "{uri}?code=a&state=guessed",
    "{uri}?code=a&code=b&state={state}",
    "{uri}?code=a&state={state}&state={state}",
    "{uri}#?code=a&state={state}",
    "{uri}?#code=a&state={state}",
    "code=a&state={state}",
    "a" * 100_000,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(OtherRedirectError) as raised:
        REQUEST.code_in_address(text.format(uri=URI, state=STATE))
    assert raised.value.exit_code == 2
    assert STATE not in str(raised.value)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 300


def test_a_pasted_address_says_what_its_query_says() -> None:
    with pytest.raises(AccessError):
        REQUEST.code_in_address(f"{URI}?error=access_denied&state={STATE}")
    with pytest.raises(OtherRedirectError) as raised:
        REQUEST.code_in_address(f"{URI}?code={CODE}&state=another")
    assert str(raised.value) == OTHER_STATE
    with pytest.raises(OtherRedirectError) as raised:
        REQUEST.code_in_address(f"{GOOD}&code={CODE}")
    assert str(raised.value) == AMBIGUOUS


def test_a_code_in_the_fragment_does_not_count() -> None:
    with pytest.raises(OtherRedirectError):
        REQUEST.code_in_address(f"{URI}#code={CODE}&state={STATE}")
    with pytest.raises(ServiceError):
        REQUEST.code_in_address(f"{URI}?state={STATE}#&code={CODE}")


@given(st.text(max_size=300))
def test_no_pasted_text_without_the_state_gives_a_code(text: str) -> None:
    assume(STATE not in "".join(text.split()))
    for pasted in (text, f"{URI}?{text}"):
        with pytest.raises(OtherRedirectError):
            REQUEST.code_in_address(pasted)
