"""The stand-in's tokens: faulty token requests, the end of tokens, and their access levels."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin import faults
from circleci_usage.demo.standin.standin import StandIn
from consent import answer_consent
from oauth_program import VERIFIER, OAuthProgram, token_of_level
from standin_client import APPS, COMPANY, LABS, MAIN, OCTOBER

LEVELS = ("read", "write", "admin")


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with StandIn(COMPANY, PinnedClock()) as running:
        yield running


@pytest.fixture
def program(circleci: StandIn) -> OAuthProgram:
    return OAuthProgram.registered(circleci.app_url)


def get(circleci: StandIn, token: str, path: str = "/me/collaborations") -> requests.Response:
    return requests.get(f"{circleci.url}/api/v2{path}", headers={"Circle-Token": token}, timeout=5)


def export(circleci: StandIn, token: str, body: object = OCTOBER) -> requests.Response:
    """Request an export; by default of October."""
    return requests.post(
        f"{circleci.url}/api/v2/organizations/{MAIN}/usage_export_job",
        json=body,
        headers={"Circle-Token": token},
        timeout=5,
    )


# Token requests


@pytest.mark.parametrize(
    ("changes", "response"),
    [
        ({"grant_type": None}, {"error": "invalid_request", "message": "grant_type is required"}),
        ({"grant_type": "refresh_token"}, {"error": "unsupported_grant_type"}),
        ({"client_id": None}, {"error": "invalid_request", "message": "client_id is required"}),
        ({"client_id": "unknown"}, {"error": "invalid_client"}),
        (
            {"redirect_uri": None},
            {"error": "invalid_request", "message": "redirect_uri is required"},
        ),
        (
            {"code_verifier": None},
            {"error": "invalid_request", "message": "code_verifier is required"},
        ),
        ({"code": ""}, {"error": "invalid_request", "message": "code is required"}),
    ],
)
def test_a_faulty_token_request_is_refused_and_leaves_the_code_usable(
    program: OAuthProgram, changes: dict[str, str | None], response: dict[str, str]
) -> None:
    code = program.code()
    answer = program.exchange(**{"code": code, **changes})
    assert (answer.status_code, answer.json()) == (400, response)
    assert program.exchange(code).status_code == 200


def test_a_token_request_is_a_form(program: OAuthProgram) -> None:
    answer = requests.post(f"{program.app_url}/oauth/token", json={"code": "x"}, timeout=5)
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "error": "invalid_request",
            "message": "Content-Type must be application/x-www-form-urlencoded",
        },
    )


def test_a_token_request_has_no_parameters_in_its_address(program: OAuthProgram) -> None:
    answer = requests.post(f"{program.app_url}/oauth/token?code=x", data={"a": "b"}, timeout=5)
    assert answer.json() == {
        "error": "invalid_request",
        "message": "parameters must be in the body",
    }


def test_a_parameter_of_a_token_request_may_not_be_given_twice(program: OAuthProgram) -> None:
    fields = [("grant_type", "authorization_code"), ("code", "a"), ("code", "b")]
    answer = requests.post(f"{program.app_url}/oauth/token", data=fields, timeout=5)
    assert answer.json() == {"error": "invalid_request", "message": "code is given twice"}


def test_a_client_without_a_secret_cannot_authenticate(program: OAuthProgram) -> None:
    answer = requests.post(
        f"{program.app_url}/oauth/token", data={"a": "b"}, auth=("client", "secret"), timeout=5
    )
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert answer.headers["WWW-Authenticate"] == "Basic"


# The end of a token


def test_a_token_is_valid_for_ninety_days(circleci: StandIn, program: OAuthProgram) -> None:
    token = program.token()
    circleci.clock.sleep(timedelta(days=90, seconds=-1).total_seconds())
    assert get(circleci, token).status_code == 200
    circleci.clock.sleep(1)
    answer = get(circleci, token)
    assert (answer.status_code, answer.json()) == (401, {"message": "Invalid token provided."})
    assert get(circleci, circleci.token).status_code == 200


def test_the_lifetime_of_tokens_is_a_rule(circleci: StandIn, program: OAuthProgram) -> None:
    circleci.token_lifetime = timedelta(hours=1)
    answer = program.exchange(program.code()).json()
    assert answer["expires_in"] == 3600
    circleci.clock.sleep(3600)
    assert get(circleci, answer["access_token"]).status_code == 401


def test_using_a_code_twice_revokes_its_token(circleci: StandIn, program: OAuthProgram) -> None:
    code = program.code()
    token = program.exchange(code).json()["access_token"]
    assert program.exchange(code).json() == {"error": "invalid_grant"}
    assert get(circleci, token).status_code == 401


def test_using_an_old_code_again_spares_the_next_token(
    circleci: StandIn, program: OAuthProgram
) -> None:
    code = program.code()
    program.exchange(code)
    token = program.token()
    assert program.exchange(code).json() == {"error": "invalid_grant"}
    assert get(circleci, token).status_code == 200


def test_a_token_whose_response_got_lost_is_revoked_by_a_retry(
    circleci: StandIn, program: OAuthProgram
) -> None:
    code = program.code()
    circleci.faults = faults.in_turn([faults.HangUp(done=True)])
    with pytest.raises(requests.ConnectionError):
        program.exchange(code)
    assert program.exchange(code).json() == {"error": "invalid_grant"}


def test_authorizing_a_client_again_revokes_its_former_token_only(
    circleci: StandIn, program: OAuthProgram
) -> None:
    other = token_of_level(circleci.app_url, "read")
    former = program.token()
    answer_consent(program.address(), button="deny")
    assert get(circleci, former).status_code == 200
    code = program.code()
    assert get(circleci, former).status_code == 401
    newer = program.exchange(code).json()["access_token"]
    assert get(circleci, newer).status_code == 200
    assert get(circleci, other).status_code == 200


def test_a_client_has_one_token_also_after_two_codes(
    circleci: StandIn, program: OAuthProgram
) -> None:
    codes = [program.code(), program.code()]
    first, second = (program.exchange(code).json()["access_token"] for code in codes)
    assert [get(circleci, token).status_code for token in (first, second)] == [401, 200]


# What a token may do


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_can_be_used_in_each_documented_header(circleci: StandIn, level: str) -> None:
    token = token_of_level(circleci.app_url, level)
    basic = b64encode(f"{token}:".encode()).decode()
    for headers in (
        {"Circle-Token": token},
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"Basic {basic}"},
    ):
        url = f"{circleci.url}/api/v2/me/collaborations"
        assert requests.get(url, headers=headers, timeout=5).status_code == 200


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_may_request_exports_unless_the_rules_say_otherwise(
    circleci: StandIn, level: str
) -> None:
    token = token_of_level(circleci.app_url, level)
    job = export(circleci, token)
    assert job.status_code == 201
    circleci.levels_that_export = [one for one in LEVELS if one != level]
    answer = export(circleci, token)
    assert (answer.status_code, answer.json()) == (403, {"message": "Permission denied."})
    poll = f"/organizations/{MAIN}/usage_export_job/{job.json()['usage_export_job_id']}"
    assert get(circleci, token, poll).status_code == 200
    assert get(circleci, token, f"/organization/{MAIN}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        OCTOBER,
        "not an object",
        {"start": "2027-01-02T00:00:00Z", "end": "2027-01-01T00:00:00Z"},
    ],
)
def test_a_refused_level_is_refused_before_the_body_and_the_quota(
    circleci: StandIn, body: object
) -> None:
    circleci.levels_that_export, circleci.posts_per_hour = ("write",), 1
    token = token_of_level(circleci.app_url, "read")
    assert [export(circleci, token, body).status_code for _ in range(3)] == [403, 403, 403]
    token = token_of_level(circleci.app_url, "write")
    assert [export(circleci, token).status_code for _ in range(2)] == [201, 429]


def test_a_manual_token_acts_as_admin(circleci: StandIn) -> None:
    circleci.levels_that_export = ("admin",)
    assert export(circleci, circleci.token).status_code == 201
    circleci.levels_that_export = ("read", "write")
    assert export(circleci, circleci.token).status_code == 403


def test_a_window_that_cannot_be_tells_whether_a_token_may_request_exports(
    circleci: StandIn,
) -> None:
    """A body that is refused with 400 if the level is allowed starts no export."""
    backwards = {"start": "2027-01-02T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    circleci.levels_that_export = ("write", "admin")
    statuses = [
        export(circleci, token_of_level(circleci.app_url, level), backwards).status_code
        for level in LEVELS
    ]
    assert statuses == [403, 400, 400]
    future = {"start": "2027-01-01T00:00:00Z", "end": "2027-01-02T00:00:00Z"}
    assert export(circleci, circleci.token, future).status_code == 400


def test_a_token_is_for_the_chosen_organizations(circleci: StandIn, program: OAuthProgram) -> None:
    circleci.forbidden = [LABS]
    redirected = answer_consent(program.address(), organizations=[APPS, LABS])
    code = redirected.partition("code=")[2].partition("&")[0]
    token = program.exchange(code, code_verifier=VERIFIER).json()["access_token"]
    assert [one["id"] for one in get(circleci, token).json()] == [APPS]
    for organization, status in ((MAIN, 403), (APPS, 200), (LABS, 403)):
        assert get(circleci, token, f"/organization/{organization}").status_code == status
    assert export(circleci, token).status_code == 403
