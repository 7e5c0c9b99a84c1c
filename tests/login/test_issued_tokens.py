"""What the exchange of a code for a token may say."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from authorization_request import CODE, REQUEST, STATE, URI, VERIFIER
from circleci_usage.core.errors import AccessError, ServiceError
from circleci_usage.demo.standin import faults
from circleci_usage.demo.standin.faults import Instead
from circleci_usage.demo.standin.messages import Response
from circleci_usage.login.authorization import AuthorizationRequest
from circleci_usage.login.oauth_server import IssuedToken
from consent import answer_consent
from hostile_oauth import ABSENT, BODIES, LIFETIMES, MEMBERS, TOKEN, TOKENS
from oauth_bench import LATER, Bench, oauth_bench, response, told

MIB = 1 << 20
GOOD = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 7_776_000}


@pytest.fixture
def bench() -> Iterator[Bench]:
    with oauth_bench() as found:
        yield found


def issued(bench: Bench, **changed: object) -> IssuedToken:
    body = {name: value for name, value in {**GOOD, **changed}.items() if value is not ABSENT}
    return bench.with_fault(response(body)).exchange(REQUEST, SecretStr(CODE))


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_that_no_request_can_carry_is_told(bench: Bench, token: object) -> None:
    with pytest.raises(ServiceError) as raised:
        issued(bench, access_token=token)
    assert told(raised) == (4, f"CircleCI's response has no usable token; {LATER}")


@pytest.mark.parametrize("changed", MEMBERS.values(), ids=MEMBERS)
def test_a_response_that_is_not_about_a_bearer_token_is_told(
    bench: Bench, changed: dict[str, object]
) -> None:
    with pytest.raises(ServiceError) as raised:
        issued(bench, **changed)
    assert told(raised) == (4, f"CircleCI's response has no usable token; {LATER}")


def test_a_token_with_a_refusal_is_refused(bench: Bench) -> None:
    with pytest.raises(AccessError) as raised:
        issued(bench, error="invalid_grant")
    assert "did not accept the authorization code (invalid_grant)" in told(raised)[1]


@pytest.mark.parametrize(
    "changed", [{"token_type": "bearer"}, {"scope": "read"}, {"scope": 5}, {"refresh_token": "a"}]
)
def test_a_token_may_come_with_more(bench: Bench, changed: dict[str, Any]) -> None:
    assert issued(bench, **changed).secret.get_secret_value() == TOKEN


@pytest.mark.parametrize("seconds", [1, 3600, 7_776_000, 366 * 86_400])
def test_a_lifetime_is_taken_as_it_is(bench: Bench, seconds: int) -> None:
    assert issued(bench, expires_in=seconds).lifetime == timedelta(seconds=seconds)


def test_a_lifetime_that_is_absent_is_not_known(bench: Bench) -> None:
    found = issued(bench, expires_in=ABSENT, expires_at="x")
    assert found == IssuedToken(SecretStr(TOKEN), None)


@pytest.mark.parametrize("lifetime", LIFETIMES.values(), ids=LIFETIMES)
@pytest.mark.parametrize("name", ["expires_in", "expires_at"])
def test_a_lifetime_that_is_nonsense_is_not_known(bench: Bench, name: str, lifetime: str) -> None:
    body = f'{{"access_token": "{TOKEN}", "token_type": "bearer", "{name}": {lifetime}}}'
    server = bench.with_fault(Instead(Response(200, {}, body.encode())))
    assert server.exchange(REQUEST, SecretStr(CODE)) == IssuedToken(SecretStr(TOKEN), None)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("status", [200, 201, 400])
def test_a_response_that_is_no_answer_has_no_token(bench: Bench, body: bytes, status: int) -> None:
    with pytest.raises(ServiceError) as raised:
        bench.with_fault(Instead(Response(status, {}, body))).exchange(REQUEST, SecretStr(CODE))
    code, message = told(raised)
    assert code == 4
    if status == 200 and len(body) < MIB:
        assert message == f"CircleCI's response has no usable token; {LATER}"


def test_a_token_that_is_cut_off_is_none(bench: Bench) -> None:
    request = AuthorizationRequest.new(bench.server.register("A Name", URI), URI)
    code = request.code_in_address(answer_consent(bench.server.authorization_address(request)))
    with pytest.raises(ServiceError) as raised:
        bench.with_fault(faults.Truncate(after=40)).exchange(request, code)
    assert "is unavailable: the connection was interrupted" in told(raised)[1]


ERRORS = (
    "invalid_request",
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)
"""RFC 6749, section 5.2, without `invalid_grant`."""


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("status", [400, 401])
def test_an_exchange_that_is_refused_is_told(bench: Bench, error: str, status: int) -> None:
    with pytest.raises(ServiceError) as raised:
        bench.with_fault(response({"error": error}, status)).exchange(REQUEST, SecretStr(CODE))
    assert told(raised) == (4, f"CircleCI issued no token (HTTP {status}: {error}); {LATER}")


@pytest.mark.parametrize("name", ["message", "error_description", "error"])
def test_a_refusal_that_quotes_the_secrets_is_told_without_them(bench: Bench, name: str) -> None:
    refusal = response({name: f"bad {CODE} {VERIFIER} {STATE}\x1b[2J"}, 400)
    with pytest.raises(ServiceError) as raised:
        bench.with_fault(refusal).exchange(REQUEST, SecretStr(CODE))
    assert told(raised)[1].startswith(r"CircleCI issued no token (HTTP 400: bad *** *** ***\x1b[2J")
