"""An authorization request with PKCE, and what a redirect, or a pasted address, says to it."""

import re
from hashlib import sha256
from string import printable
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from authorization_request import AMBIGUOUS, CODE, OTHER_STATE, REQUEST, STATE, URI, VERIFIER
from circleci_usage.core.errors import AccessError, ServiceError, UsageExporterError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.login.authorization import AuthorizationRequest, OtherRedirectError


def fields(request: AuthorizationRequest) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.address("https://app.circleci.com/authorize")).query))


# The request


def test_the_challenge_is_the_one_of_rfc_7636() -> None:
    # Appendix B of RFC 7636.
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert fields(REQUEST)["code_challenge"] == challenge


def test_the_address_has_the_documented_parameters_and_no_others() -> None:
    address = REQUEST.address("https://app.circleci.com/oauth/authorize")
    assert address.startswith("https://app.circleci.com/oauth/authorize?")
    assert parse_qsl(urlsplit(address).query) == [
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", "http://127.0.0.1:50123/callback"),
        ("code_challenge", fields(REQUEST)["code_challenge"]),
        ("code_challenge_method", "S256"),
        ("state", STATE),
    ]
    assert VERIFIER not in address


def test_what_stands_in_the_address_is_escaped() -> None:
    asked = AuthorizationRequest("a&b=c #d", URI, SecretStr("é&?"), SecretStr(VERIFIER))
    assert fields(asked)["client_id"] == "a&b=c #d"
    assert fields(asked)["state"] == "é&?"


def test_each_request_has_new_secrets_of_full_strength() -> None:
    asked = [AuthorizationRequest.new("client", URI) for _ in range(50)]

    states = {each.state.get_secret_value() for each in asked}
    verifiers = {each.verifier.get_secret_value() for each in asked}
    assert len(states) == len(verifiers) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,}", state) for state in states)
    # RFC 7636, section 4.1.
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) for verifier in verifiers)


def test_the_secrets_are_not_in_what_python_prints_of_a_request() -> None:
    asked = AuthorizationRequest.new("client", URI)
    assert asked.state.get_secret_value() not in repr(asked)
    assert asked.verifier.get_secret_value() not in repr(asked)


# Redirects


@pytest.mark.parametrize(
    "query",
    [
        f"code={CODE}&state={STATE}",
        f"state={STATE}&code={CODE}",
        f"code={CODE}&state={STATE}&iss=https://app.circleci.com&session=1",
        "&".join(f"%{ord(name[0]):x}{name[1:]}" for name in (f"code={CODE}", f"state={STATE}")),
        f"code={CODE}&state={STATE}&empty=",
    ],
)
def test_a_good_redirect_has_a_code(query: str) -> None:
    assert REQUEST.code_in(query).get_secret_value() == CODE


@pytest.mark.parametrize("code", ["a", "a b", "a/b+c=", "x" * 4096])
def test_a_code_may_have_any_printable_characters(code: str) -> None:
    query = urlencode({"code": code, "state": STATE})
    assert REQUEST.code_in(query).get_secret_value() == code


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        f"code={CODE}",
        f"code={CODE}&state=",
        f"code={CODE}&state={STATE[:-1]}",
        f"code={CODE}&state={STATE}x",
        f"code={CODE}&state={STATE.upper()}",
        f"code={CODE}&state=+{STATE}",
        f"code={CODE}&state={STATE}%00",
        f"code={CODE}&State={STATE}",
        f"code={CODE};state={STATE}",
        f"code={CODE}&state=%ff",
        f"code={CODE}&state=\udcff",
        f"code={CODE}&state=\xe9",
        "error=access_denied",
        "error=access_denied&state=another",
        "&".join(f"f{number}=" for number in range(21)),
    ],
)
def test_a_redirect_without_the_state_is_another_one(query: str) -> None:
    with pytest.raises(OtherRedirectError) as raised:
        REQUEST.code_in(query)
    assert str(raised.value) == OTHER_STATE
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    "query",
    [
        f"code={CODE}&state={STATE}&code=another",
        f"code={CODE}&state={STATE}&state={STATE}",
        f"code={CODE}&state=another&state={STATE}",
        f"code={CODE}&state={STATE}&a=1&a=2",
        f"code={CODE}&state={STATE}&%63ode=another",
        f"code={CODE}&state={STATE}&a={'x' * 8192}",
        "x" * 100_000,
    ],
)
def test_an_ambiguous_redirect_is_ignored(query: str) -> None:
    with pytest.raises(OtherRedirectError) as raised:
        REQUEST.code_in(query)
    assert str(raised.value) == AMBIGUOUS


def test_a_denied_access_is_one() -> None:
    with pytest.raises(AccessError) as raised:
        REQUEST.code_in(f"error=access_denied&error_description=No&state={STATE}")
    assert str(raised.value) == (
        "The access was denied in the browser; no token was made. To allow it, rerun the same"
        " command."
    )
    assert raised.value.exit_code == 3


ERRORS = (
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
)
"""RFC 6749, section 4.1.2.1."""


@pytest.mark.parametrize("error", ERRORS)
def test_other_errors_are_circleci_s(error: str) -> None:
    with pytest.raises(ServiceError) as raised:
        REQUEST.code_in(urlencode({"error": error, "state": STATE}))
    assert str(raised.value) == (
        f"CircleCI did not authorize the login ({error}). Try again later: rerun the same command."
    )
    assert raised.value.exit_code == 4


def test_an_error_counts_more_than_a_code() -> None:
    with pytest.raises(ServiceError):
        REQUEST.code_in(f"code={CODE}&error=server_error&state={STATE}")


def test_hostile_descriptions_are_shown_harmless() -> None:
    description = f"\x1b[2J\u202ebusy\nError: \r{STATE} {VERIFIER} " + "x" * 1000
    query = urlencode({"error": "a\x07b", "error_description": description, "state": STATE})
    with pytest.raises(ServiceError) as raised:
        REQUEST.code_in(query)

    said = str(raised.value)
    assert said.startswith(
        r"CircleCI did not authorize the login (a\x07b: \x1b[2J\u202ebusy\nError: \r*** *** xxx"
    )
    assert said.isprintable()
    assert len(said) < 500


@pytest.mark.parametrize("code", ["", "\n", "a\tb", "é", "\x7f", "x" * 4097])
def test_a_redirect_without_a_usable_code_is_circleci_s_fault(code: str) -> None:
    with pytest.raises(ServiceError) as raised:
        REQUEST.code_in(urlencode({"code": code, "state": STATE}))
    assert str(raised.value) == (
        "CircleCI's redirect has no authorization code; rerun the same command."
    )


@given(st.text(max_size=200) | st.text(alphabet=printable + "&=%", max_size=200))
def test_no_query_without_the_state_gives_a_code(query: str) -> None:
    assume(STATE not in query)
    with pytest.raises(OtherRedirectError):
        REQUEST.code_in(query)


@given(st.dictionaries(st.sampled_from(["code", "error", "state", "a"]), st.text(max_size=30)))
def test_a_code_comes_with_the_state_alone(given_fields: dict[str, str]) -> None:
    query = urlencode(given_fields, errors="surrogatepass")
    assume(given_fields.get("state") != STATE)
    with pytest.raises(OtherRedirectError) as raised:
        REQUEST.code_in(query)
    assert str(raised.value) == OTHER_STATE


@given(st.text(max_size=50), st.text(max_size=50))
def test_whatever_is_said_with_the_state_is_shown_in_one_harmless_line(
    error: str, description: str
) -> None:
    told = {"error": error, "error_description": description, "state": STATE}
    with pytest.raises(UsageExporterError) as raised:
        REQUEST.code_in(urlencode(told, errors="replace"))
    said = str(raised.value)
    assert inert(said, len(said)) == said
    assert not isinstance(raised.value, OtherRedirectError)


def test_the_verifier_leaves_as_its_hash() -> None:
    asked = AuthorizationRequest.new("client", URI)
    verifier = asked.verifier.get_secret_value()
    assert fields(asked)["code_challenge"] not in {verifier, sha256(verifier.encode()).hexdigest()}
    assert verifier not in asked.address("https://app.circleci.com/oauth/authorize")
