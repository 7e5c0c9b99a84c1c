"""CircleCI's OAuth server as it is documented, and everything that it may say instead."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from authorization_request import CODE, REQUEST, URI, VERIFIER
from circleci_usage.core.errors import (
    AccessError,
    ServiceError,
    SettingsError,
)
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.standin import faults
from circleci_usage.demo.standin.faults import Fault, Instead
from circleci_usage.demo.standin.messages import Response
from circleci_usage.login.authorization import AuthorizationRequest, redirect_uri
from circleci_usage.login.oauth_server import OAuthServer, UnknownClientError
from circleci_usage.network.http import Timeouts
from consent import answer_consent
from hostile_oauth import BODIES, CLIENT_IDS
from oauth_bench import CHECK_ADDRESS, LATER, Bench, oauth_bench, response, told

SHORT = Timeouts(read=0.1)
STEPS = ("register", "authorization_address", "exchange")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with oauth_bench() as found:
        yield found


# As documented


def test_a_client_is_registered_as_documented(bench: Bench) -> None:
    client_id = bench.server.register("A Name", URI)

    [call] = bench.circleci.calls
    assert (call.method, call.path, call.status) == ("POST", "/oauth/register", 201)
    assert client_id
    assert call.headers["content-type"] == "application/json"
    assert "authorization" not in call.headers


def test_a_code_is_exchanged_for_a_token(bench: Bench) -> None:
    request = AuthorizationRequest.new(bench.server.register("A Name", URI), URI)
    redirected = answer_consent(bench.server.authorization_address(request))
    issued = bench.server.exchange(request, request.code_in_address(redirected))

    assert issued.lifetime == timedelta(days=90)
    assert issued.secret.get_secret_value().startswith("ccipat_")
    assert issued.secret.get_secret_value() not in repr(issued)


def test_circleci_s_errors_of_an_authorization_are_told(bench: Bench) -> None:
    client_id = bench.server.register("A Name", URI)
    wrong = [
        (REQUEST, "unknown client_id"),
        (AuthorizationRequest.new(client_id, redirect_uri(50124)), "invalid redirect_uri"),
        (
            AuthorizationRequest(client_id, URI, SecretStr(""), SecretStr(VERIFIER)),
            "state is required",
        ),
    ]
    for request, message in wrong:
        with pytest.raises(UnknownClientError) as raised:
            bench.server.authorization_address(request)
        assert told(raised)[0] == 4
        assert f"(HTTP 400: {message}); {LATER}" in str(raised.value)


def test_a_redirect_uri_that_circleci_refuses_is_told(bench: Bench) -> None:
    with pytest.raises(ServiceError) as raised:
        bench.server.register("A Name", "http://127.0.0.1:80/callback")
    refusal = "did not register this program (HTTP 400: invalid redirect_uri)"
    assert told(raised) == (4, f"{bench.place} {refusal}; {CHECK_ADDRESS}")


def test_a_code_that_is_not_accepted_is_told(bench: Bench) -> None:
    request = AuthorizationRequest.new(bench.server.register("A Name", URI), URI)
    with pytest.raises(AccessError) as raised:
        bench.server.exchange(request, SecretStr(CODE))
    assert told(raised) == (
        3,
        (
            "CircleCI did not accept the authorization code (invalid_grant): it has expired, was"
            " used before or belongs to another login; rerun the same command."
        ),
    )


# What connections and proxies do

FAULTS = {
    "reset": (faults.Reset(), "the connection was interrupted"),
    "hung up": (faults.HangUp(), "the connection was interrupted"),
    "500": (response({"message": "oops"}, 500), "it returned HTTP 500"),
    "502": (response({}, 502), "it returned HTTP 502"),
    "503": (response({}, 503), "it returned HTTP 503"),
}


@pytest.mark.parametrize(("fault", "why"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("step", STEPS)
def test_an_unavailable_server_is_told(bench: Bench, step: str, fault: Fault, why: str) -> None:
    with pytest.raises(ServiceError) as raised:
        call(bench.with_fault(fault), step)
    assert told(raised) == (4, unavailable(bench, why))
    assert len(bench.circleci.calls) <= 1, "nothing is sent twice"


@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_stalls_is_told(bench: Bench, step: str) -> None:
    bench.circleci.faults = faults.in_turn([faults.Stall()])
    server = OAuthServer(bench.circleci.app_url, NullProgress(), timeouts=SHORT)
    with pytest.raises(ServiceError) as raised:
        call(server, step)
    why = "no response over the connection before the timeout"
    assert told(raised) == (4, unavailable(bench, why))


@pytest.mark.parametrize("step", ["register", "exchange"])
def test_a_response_without_end_is_told(bench: Bench, step: str) -> None:
    with pytest.raises(ServiceError) as raised:
        call(bench.with_fault(response("x" * (1 << 20))), step)
    assert told(raised) == (4, unavailable(bench, "the response is too long"))


def unavailable(bench: Bench, why: str) -> str:
    return (
        f"{bench.place} is unavailable: {why}; try again later, and check the network and --app-url"
        " (CIRCLECI_APP_URL)."
    )


def call(server: OAuthServer, step: str) -> object:
    match step:
        case "register":
            return server.register("A Name", URI)
        case "exchange":
            return server.exchange(REQUEST, SecretStr(CODE))
    return server.authorization_address(REQUEST)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_oauth_is_told(bench: Bench, step: str, status: int) -> None:
    with pytest.raises(SettingsError) as raised:
        call(bench.with_fault(response({"message": "no"}, status)), step)
    assert told(raised) == (
        2,
        (
            f"{bench.place} does not support this login (HTTP {status}): check --app-url"
            " (CIRCLECI_APP_URL). On CircleCI server, set CIRCLECI_API_TOKEN to a personal API"
            " token instead."
        ),
    )


@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_asks_to_wait_is_told(bench: Bench, step: str) -> None:
    with pytest.raises(ServiceError) as raised:
        call(bench.with_fault(response({}, 429)), step)
    assert told(raised) == (
        4,
        f"{bench.place} limits the rate of requests (HTTP 429); try again in some minutes.",
    )


@pytest.mark.parametrize("step", ["register", "exchange"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_sent_after_a_redirect(bench: Bench, step: str, status: int) -> None:
    elsewhere = {"Location": f"{bench.circleci.url}/stolen"}
    with pytest.raises(SettingsError) as raised:
        call(bench.with_fault(Instead(Response(status, elsewhere))), step)
    assert told(raised) == (
        2,
        (
            f"{bench.place} redirects to another address, and nothing is sent there; check"
            " --app-url (CIRCLECI_APP_URL) and the proxy."
        ),
    )
    assert [call.host for call in bench.circleci.calls] == ["app"]


@pytest.mark.parametrize(
    "fault", [response({}, 302), faults.HTML_PAGE, response({}, 401), response({}, 403)]
)
def test_the_page_for_people_may_need_a_person(bench: Bench, fault: Fault) -> None:
    """A login, or a check for robots, which a browser passes."""
    address = bench.with_fault(fault).authorization_address(REQUEST)
    assert address == REQUEST.address(f"{bench.circleci.app_url}/oauth/authorize")


# What a registration may say


@pytest.mark.parametrize("body", CLIENT_IDS.values(), ids=CLIENT_IDS)
def test_a_registration_without_a_client_id_is_told(bench: Bench, body: object) -> None:
    with pytest.raises(ServiceError) as raised:
        bench.with_fault(response(body, 201)).register("A Name", URI)
    said = f"{bench.place} registered this program without a client id; {CHECK_ADDRESS}"
    assert told(raised) == (4, said)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (response({"error": "invalid_client_metadata"}, 400), "HTTP 400: invalid_client_metadata"),
        (
            response({"error": "invalid_redirect_uri", "error_description": "No."}, 400),
            "HTTP 400: No.",
        ),
        (
            response({"error": "unapproved_software_statement"}, 400),
            "HTTP 400: unapproved_software_statement",
        ),
        (response({"message": "Blocked\x1b[2J\n"}, 403), r"HTTP 403: Blocked\x1b[2J"),
        (response({"message": ["x"]}, 400), "HTTP 400"),
        (response({"client_id": "a"}, 200), "HTTP 200"),
        (faults.HTML_PAGE, "HTTP 200"),
        (Instead(Response(400, {}, b"[" * 100_000)), "HTTP 400"),
        (Instead(Response(400, {}, b"\xff\xfe")), "HTTP 400"),
    ],
)
def test_a_registration_that_is_refused_is_told(bench: Bench, fault: Fault, said: str) -> None:
    with pytest.raises(ServiceError) as raised:
        bench.with_fault(fault).register("A Name", URI)
    message = f"{bench.place} did not register this program ({said}); {CHECK_ADDRESS}"
    assert told(raised) == (4, message)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("status", [200, 201, 400])
def test_a_registration_that_is_no_answer_is_told(bench: Bench, body: bytes, status: int) -> None:
    with pytest.raises(ServiceError) as raised:
        bench.with_fault(Instead(Response(status, {}, body))).register("A Name", URI)
    assert told(raised)[0] == 4


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_authorization_that_is_refused_is_told(bench: Bench, body: bytes) -> None:
    with pytest.raises(ServiceError) as raised:
        bench.with_fault(Instead(Response(400, {}, body))).authorization_address(REQUEST)
    assert told(raised)[0] == 4


def test_a_long_refusal_is_cut(bench: Bench) -> None:
    with pytest.raises(ServiceError) as raised:
        bench.with_fault(response({"message": "x" * 10_000}, 400)).register("A Name", URI)
    assert len(told(raised)[1]) < 500
