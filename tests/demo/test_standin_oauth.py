"""The stand-in's OAuth 2.0 server: registration, authorization requests, codes and tokens."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs
from uuid import UUID

import pytest
import requests

from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin import faults
from circleci_usage.demo.standin.standin import StandIn
from consent import answer_consent
from oauth_program import REDIRECT_URI, STATE, VERIFIER, OAuthProgram, register
from standin_client import COMPANY

CODE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(days=90)


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with StandIn(COMPANY, PinnedClock()) as running:
        yield running


@pytest.fixture
def program(circleci: StandIn) -> OAuthProgram:
    return OAuthProgram.registered(circleci.app_url)


def status_with(circleci: StandIn, token: str) -> int:
    """The status of the API's response to a GET with a token."""
    headers = {"Circle-Token": token}
    url = f"{circleci.url}/api/v2/me/collaborations"
    return requests.get(url, headers=headers, timeout=5).status_code


def wait(circleci: StandIn, duration: timedelta) -> None:
    circleci.clock.sleep(duration.total_seconds())


# The host


def test_the_oauth_server_is_a_host_of_its_own(circleci: StandIn) -> None:
    register(circleci.app_url)
    call = circleci.calls[-1]
    assert (call.host, call.method, call.path, call.status) == (
        "app",
        "POST",
        "/oauth/register",
        201,
    )
    assert len({circleci.url, circleci.download_url, circleci.app_url}) == 3
    for elsewhere in (circleci.url, circleci.download_url):
        assert register(elsewhere).status_code in {401, 403}


def test_faults_concern_the_oauth_server_too(circleci: StandIn, program: OAuthProgram) -> None:
    circleci.faults = lambda request: faults.HangUp() if request.host == "app" else None
    with pytest.raises(requests.ConnectionError):
        program.exchange("code")
    assert (circleci.calls[-1].host, circleci.calls[-1].status) == ("app", 0)
    assert status_with(circleci, circleci.token) == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/oauth/register"),
        ("GET", "/oauth/token"),
        ("DELETE", "/oauth/authorize"),
        ("GET", "/api/v2/me/collaborations"),
    ],
)
def test_other_paths_and_methods_are_404(circleci: StandIn, method: str, path: str) -> None:
    headers = {"Circle-Token": circleci.token}
    answer = requests.request(method, circleci.app_url + path, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()) == (404, {"message": "Not found."})


# Registration


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1:1025/callback",
        "http://[::1]:65535/callback",
        "http://localhost:8080",
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8080/a/b%20c",
    ],
)
def test_a_loopback_address_can_be_registered(circleci: StandIn, redirect_uri: str) -> None:
    answer = register(circleci.app_url, redirect_uris=[redirect_uri], logo_uri="ignored")
    client = answer.json()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert UUID(client.pop("client_id")).version == 4
    assert client == {
        "client_name": "A program",
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }


@pytest.mark.parametrize(
    "redirect_uris",
    [
        None,
        [],
        REDIRECT_URI,
        [7],
        [REDIRECT_URI, "https://example.com/"],
        ["https://127.0.0.1:8080/"],
        ["HTTP://127.0.0.1:8080/"],
        ["http://127.0.0.1/"],
        ["http://127.0.0.1:/"],
        ["http://127.0.0.1:1024/"],
        ["http://127.0.0.1:65536/"],
        ["http://127.0.0.1:08080/"],
        ["http://127.0.0.1:\u0661\u0662\u0663\u0664/"],
        ["http://127.0.0.2:8080/"],
        ["http://0.0.0.0:8080/"],
        ["http://localhost.example.com:8080/"],
        ["http://127.0.0.1:8080.example.com/"],
        ["http://user@127.0.0.1:8080/"],
        ["http://127.0.0.1:8080@example.com/"],
        ["http://127.0.0.1:8080/?a=b"],
        ["http://127.0.0.1:8080/?"],
        ["http://127.0.0.1:8080/#"],
        ["http://127.0.0.1:8080/\r\nSet-Cookie: a=b"],
        ["http://127.0.0.1:8080/\n"],
        ["http://127.0.0.1:8080\\@example.com/"],
        [" http://127.0.0.1:8080/"],
        ["urn:ietf:wg:oauth:2.0:oob"],
    ],
)
def test_other_redirect_uris_are_refused(circleci: StandIn, redirect_uris: object) -> None:
    answer = register(circleci.app_url, redirect_uris=redirect_uris)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_redirect_uri", "error_description": "invalid redirect_uri"},
    )


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"client_name": None}, "client_name is required"),
        ({"client_name": " "}, "client_name is required"),
        ({"client_name": 7}, "client_name is required"),
        ({"client_name": "line\nbreak"}, "client_name must be printable"),
        ({"client_name": "\ud800"}, "client_name must be printable"),
        ({"grant_types": ["refresh_token"]}, "grant_types must be ['authorization_code']"),
        ({"grant_types": None}, "grant_types must be ['authorization_code']"),
        ({"response_types": ["token"]}, "response_types must be ['code']"),
        (
            {"token_endpoint_auth_method": "client_secret_basic"},
            "token_endpoint_auth_method must be none",
        ),
    ],
)
def test_wrong_metadata_is_refused(
    circleci: StandIn, changes: dict[str, object], description: str
) -> None:
    answer = register(circleci.app_url, **changes)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_client_metadata", "error_description": description},
    )


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b""),
        ("application/json", b"{"),
        ("application/json", b"\xff"),
        ("application/json", b"[]"),
        ("application/x-www-form-urlencoded", b"{}"),
        ("text/plain", b"{}"),
    ],
)
def test_a_registration_is_a_json_object(circleci: StandIn, media_type: str, body: bytes) -> None:
    answer = requests.post(
        f"{circleci.app_url}/oauth/register",
        data=body,
        headers={"Content-Type": media_type},
        timeout=5,
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


# Authorization requests


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"client_id": None}, "unknown client_id"),
        ({"client_id": ""}, "unknown client_id"),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, "unknown client_id"),
        ({"redirect_uri": None}, "invalid redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1:51821/callback"}, "invalid redirect_uri"),
        ({"redirect_uri": f"{REDIRECT_URI}/"}, "invalid redirect_uri"),
        ({"redirect_uri": f"{REDIRECT_URI}?a=b"}, "invalid redirect_uri"),
        ({"redirect_uri": "http://localhost:51820/callback"}, "invalid redirect_uri"),
        ({"redirect_uri": "https://example.com/"}, "invalid redirect_uri"),
        ({"state": None}, "state is required"),
        ({"state": ""}, "state is required"),
        ({"code_challenge_method": None}, "code_challenge_method must be S256"),
        ({"code_challenge_method": "plain"}, "code_challenge_method must be S256"),
        (
            {"code_challenge": None},
            "code_challenge must have 43 to 128 characters of base64url",
        ),
        (
            {"code_challenge": "a" * 42},
            "code_challenge must have 43 to 128 characters of base64url",
        ),
        (
            {"code_challenge": "a" * 129},
            "code_challenge must have 43 to 128 characters of base64url",
        ),
        (
            {"code_challenge": f"{'a' * 43}="},
            "code_challenge must have 43 to 128 characters of base64url",
        ),
    ],
)
def test_a_wrong_authorization_request_is_refused_without_a_redirect(
    program: OAuthProgram, changes: dict[str, str | None], message: str
) -> None:
    answer = requests.get(program.address(**changes), allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_request", "message": message},
    )
    assert "Location" not in answer.headers


@pytest.mark.parametrize("response_type", [None, "token", "code token"])
def test_the_only_response_type_is_code(program: OAuthProgram, response_type: str | None) -> None:
    answer = requests.get(program.address(response_type=response_type), timeout=5)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "unsupported_response_type", "message": "response_type must be code"},
    )


@pytest.mark.parametrize("name", ["redirect_uri", "state", "unknown"])
def test_a_parameter_may_not_be_given_twice(program: OAuthProgram, name: str) -> None:
    address = f"{program.address(**{name: 'a'})}&{name}=b"
    answer = requests.get(address, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_request", "message": f"{name} is given twice"},
    )


# Consent


def test_allowing_redirects_with_a_code_and_the_state(program: OAuthProgram) -> None:
    address, _, query = answer_consent(program.address()).partition("?")
    given = parse_qs(query)
    assert address == REDIRECT_URI
    assert given.keys() == {"code", "state"}
    assert given["state"] == [STATE]
    assert len(given["code"][0]) >= 40


def test_denying_redirects_with_an_error_and_the_state(program: OAuthProgram) -> None:
    address, _, query = answer_consent(program.address(), button="deny").partition("?")
    assert address == REDIRECT_URI
    assert parse_qs(query) == {"error": ["access_denied"], "state": [STATE]}


# Tokens


@pytest.mark.parametrize("level", ["read", "write", "admin"])
def test_a_code_is_exchanged_for_a_token(
    circleci: StandIn, program: OAuthProgram, level: str
) -> None:
    answer = program.exchange(program.code(level))
    issued = answer.json()
    token = issued.pop("access_token")
    assert (answer.status_code, issued) == (200, {"token_type": "Bearer", "expires_in": 7776000})
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"].startswith("application/json")
    assert token.startswith("ccipat_")
    assert status_with(circleci, token) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "unknown"},
        {"redirect_uri": "http://127.0.0.1:51821/callback"},
        {"code_verifier": f"{VERIFIER}x"},
        {"code_verifier": "too-short"},
        {"code_verifier": "\u00e9" * 43},
    ],
)
def test_a_grant_with_anything_wrong_is_invalid(
    program: OAuthProgram, changes: dict[str, str]
) -> None:
    answer = program.exchange(**{"code": program.code(), **changes})
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_a_code_is_for_its_client_only(circleci: StandIn, program: OAuthProgram) -> None:
    other = OAuthProgram.registered(circleci.app_url)
    answer = other.exchange(program.code())
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_a_failed_attempt_uses_up_the_code(program: OAuthProgram) -> None:
    code = program.code()
    assert program.exchange(code, code_verifier="x" * 43).status_code == 400
    assert program.exchange(code).json() == {"error": "invalid_grant"}


def test_a_code_lives_ten_minutes(circleci: StandIn, program: OAuthProgram) -> None:
    second = timedelta(seconds=1)
    code = program.code()
    wait(circleci, CODE_LIFETIME - second)
    assert program.exchange(code).status_code == 200
    code = program.code()
    wait(circleci, CODE_LIFETIME)
    assert program.exchange(code).json() == {"error": "invalid_grant"}
