"""The API client over real HTTP: what it retries, what it does not, and that it keeps secrets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket

import pytest
import requests
from pydantic import SecretStr

from circleci_usage.core.errors import AccessError, ServiceError, SettingsError
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin.faults import (
    HTML_PAGE,
    Fault,
    HangUp,
    Instead,
    Reset,
    Retouch,
    Stall,
    Trickle,
    Truncate,
    error_response,
    in_turn,
)
from circleci_usage.demo.standin.messages import Response
from circleci_usage.export.api_client import CircleCI, find_organization, resolve_organization
from circleci_usage.export.api_responses import RateLimitedError, UnclearResponseError
from circleci_usage.export.planning import moments
from circleci_usage.network.http import LONGEST_WAIT, wait_of
from exporting import IMPATIENT, NOW, OCTOBER, TOKEN, Bench, bench

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        yield one


def post(client: CircleCI, world: Bench) -> str:
    return client.create_export(world.organizations, *moments(OCTOBER, NOW)).id


BROKEN_ANSWERS = [
    error_response(500, "oops"),
    error_response(502, "bad gateway"),
    error_response(503, "later"),
    HTML_PAGE,
    Stall(),
    Reset(),
    HangUp(),
    Truncate(10),
    Instead(Response.json(200, {"what": "is this"})),
]


@pytest.mark.parametrize("fault", BROKEN_ANSWERS[:-1], ids=str)
def test_a_get_without_a_usable_answer_is_repeated(world: Bench, fault: Fault) -> None:
    world.timeouts = IMPATIENT
    world.circleci.faults = in_turn([fault, fault])
    assert world.client.collaborations()
    assert len(world.circleci.calls) == 3
    assert world.clock.now() == NOW + timedelta(seconds=3)


@pytest.mark.parametrize("fault", BROKEN_ANSWERS, ids=str)
def test_a_post_without_a_usable_response_is_not_repeated(world: Bench, fault: Fault) -> None:
    world.timeouts = IMPATIENT
    world.circleci.faults = in_turn([fault])
    with pytest.raises(UnclearResponseError, match="Whether the export started is unknown"):
        post(world.client, world)
    assert len(world.posts) == 1


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 429])
def test_a_refusal_is_not_repeated(world: Bench, code: int) -> None:
    world.circleci.faults = lambda _: error_response(code, "no")
    for call in (lambda: post(world.client, world), world.client.collaborations):
        with pytest.raises((SettingsError, AccessError, ServiceError, RateLimitedError)):
            call()
    assert len(world.circleci.calls) == 2


def test_an_outage_is_an_error_of_the_service(world: Bench) -> None:
    world.circleci.faults = lambda _: error_response(503, "down")
    with pytest.raises(
        ServiceError,
        match=r"is unavailable after 5 attempts: it returned HTTP 503; try again later",
    ):
        world.client.collaborations()


@pytest.mark.parametrize(("wish", "waited"), [("30", 30), ("3600", 120)])
def test_an_outage_may_say_how_long_it_takes(world: Bench, wish: str, waited: int) -> None:
    world.circleci.faults = in_turn([error_response(503, "maintenance", Retry_After=wish)])
    world.client.collaborations()
    assert world.clock.now() == NOW + timedelta(seconds=waited)


def test_a_lookup_waits_for_a_short_time_and_not_for_a_long_one(world: Bench) -> None:
    world.circleci.faults = in_turn([error_response(429, "slow", Retry_After="100")])
    assert world.client.collaborations()
    assert world.clock.now() == NOW + timedelta(seconds=100)
    world.circleci.faults = in_turn([error_response(429, "slow", Retry_After="130")])
    with pytest.raises(RateLimitedError) as error:
        world.client.collaborations()
    assert error.value.wait == timedelta(seconds=130)


def test_a_server_that_does_not_listen(world: Bench) -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = CircleCI(url, SecretStr(TOKEN), clock=world.clock)
    for call in (lambda: post(client, world), client.collaborations):
        with pytest.raises(
            ServiceError, match=r"after 5 attempts: no connection: .*; .*CIRCLECI_URL"
        ) as error:
            call()
        assert not isinstance(error.value, UnclearResponseError)
    assert world.clock.now() == NOW + timedelta(seconds=30), (
        "a POST that was not sent is sent again"
    )


def test_a_body_in_small_pieces_arrives(world: Bench) -> None:
    world.circleci.faults = lambda _: Trickle(1)
    assert len(world.client.collaborations()) == 3


def test_an_endless_answer_is_not_read_to_its_end(world: Bench) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65536

    world.circleci.faults = lambda _: Instead(
        Response(200, {"Content-Length": str(1 << 40)}, endless())
    )
    with pytest.raises(ServiceError, match="the response is too long"):
        world.client.collaborations()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "90"}, 90),
        ({"retry-after": "0"}, 0),
        ({"Retry-After": "Mon, 02 Nov 2026 13:01:00 GMT"}, 60),
        (
            {
                "Retry-After": "Mon, 02 Nov 2026 13:01:00 GMT",
                "Date": "Mon, 02 Nov 2026 13:00:30 GMT",
            },
            30,
        ),
        ({"Retry-After": "Mon, 02 Nov 2026 12:00:00 GMT"}, 0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "120"}, 120),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 45)}, 45),
        ({"RateLimit-Remaining": "3", "RateLimit-Reset": "120"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 12}, LONGEST_WAIT.total_seconds()),
        ({"Retry-After": "Mon, 99 Nov 2026 12:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(
    headers: dict[str, str], seconds: float | None
) -> None:
    wait = wait_of(requests.structures.CaseInsensitiveDict(headers), NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("suffix", ["", "/", "/api/v2", "/api/v2/"])
def test_the_address_may_name_the_api_or_its_host(world: Bench, suffix: str) -> None:
    client = CircleCI(world.circleci.url + suffix, SecretStr(TOKEN), clock=world.clock)
    assert client.collaborations()


@pytest.mark.parametrize(
    "url", ["circleci.com", "ftp://circleci.com", "https://", "https://me:secret@circleci.com"]
)
def test_an_invalid_address(url: str) -> None:
    with pytest.raises(SettingsError, match="CIRCLECI_URL") as error:
        CircleCI(url, SecretStr(TOKEN))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "token", ["", "two words", "line\n", "„quoted“", 'a"b', "a\\b", "a" * 120_000]
)
def test_a_token_that_cannot_be_one(token: str) -> None:
    with pytest.raises(SettingsError, match="is empty, too long, or contains invalid") as error:
        CircleCI("https://circleci.com", SecretStr(token))
    assert not token or token not in str(error.value)


def test_the_token_does_not_follow_a_redirect(world: Bench) -> None:
    elsewhere = f"{world.circleci.download_url}/api/v2/me/collaborations?a=b"
    world.circleci.faults = lambda request: (
        Instead(Response(307, {"Location": elsewhere})) if request.host == "api" else None
    )
    with pytest.raises(SettingsError, match="the token is not sent there"):
        world.client.collaborations()
    assert [call.host for call in world.circleci.calls] == ["api"]


def test_netrc_adds_nothing(world: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password hunter2\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    world.assert_whole(world.export())
    assert world.downloads
    assert not any("authorization" in call.headers for call in world.circleci.calls)


def test_a_proxy_of_the_environment_is_used(world: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", world.circleci.url)
    monkeypatch.setenv("no_proxy", "")
    client = CircleCI(
        "http://circleci.invalid", SecretStr(TOKEN), clock=world.clock, allow_insecure=True
    )
    client.organization("gh/acme")
    assert world.circleci.calls[0].path == "http://circleci.invalid/api/v2/organization/gh/acme"


def test_what_a_server_says_is_shown_without_the_token_and_on_one_line(world: Bench) -> None:
    world.circleci.faults = lambda _: error_response(401, f"{TOKEN}\r\n\x1b[2J" + "x" * 9999)
    with pytest.raises(AccessError) as error:
        world.client.collaborations()
    assert r"***\r\n\x1b[2Jxxx" in str(error.value)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 700
    world.assert_no_secret(repr(error.value), error.value.__cause__)


def test_circleci_s_clock_is_learned(world: Bench) -> None:
    client = CircleCI(
        world.circleci.url, SecretStr(TOKEN), clock=PinnedClock(NOW + timedelta(hours=5))
    )
    assert client.now() == NOW + timedelta(hours=5)
    client.collaborations()
    assert client.now() == NOW
    assert client.clock_ahead == timedelta(hours=-5)


def test_an_answer_may_tell_of_a_used_up_quota(world: Bench) -> None:
    world.circleci.faults = in_turn(
        [Retouch({"RateLimit-Remaining": "0", "RateLimit-Reset": "300"})]
    )
    job = world.client.create_export(world.organizations, *moments(OCTOBER, NOW))
    assert job.quota_wait == timedelta(seconds=300)


@pytest.mark.parametrize("urls", [["ftp://x/y"], [7], "text", {"a": 1}, [None]])
def test_an_invalid_url_makes_the_response_unusable_rather_than_lose_a_part(
    world: Bench, urls: object
) -> None:
    job = {"usage_export_job_id": "e8235eed", "state": "completed", "download_urls": urls}
    world.circleci.faults = lambda _: Instead(Response.json(200, job))
    with pytest.raises(ServiceError, match="an invalid download URL"):
        world.client.poll_export("org", "e8235eed")


@pytest.mark.parametrize("job", ["", "../../etc/passwd", "a/b", "x" * 101, 7, None])
def test_an_invalid_job_id(world: Bench, job: object) -> None:
    answer = {"usage_export_job_id": job, "state": "created", "download_urls": []}
    world.circleci.faults = lambda _: Instead(Response.json(201, answer))
    with pytest.raises(UnclearResponseError):
        post(world.client, world)


def test_a_request_is_written_as_the_contract_says(world: Bench) -> None:
    post(world.client, world)
    (call,) = world.posts
    assert call.status == 201
    assert call.body == b'{"start": "2026-10-01T00:00:00.000Z", "end": "2026-10-31T23:59:59.999Z"}'
    assert call.headers["user-agent"].startswith("circleci-usage/")


def test_an_organization_is_found_by_its_slug(world: Bench) -> None:
    main = world.circleci.company.organizations[0]
    assert resolve_organization(world.client, main.slug).id == main.id
    assert find_organization(world.client, main.id).slug == main.slug
    world.circleci.calls.clear()
    assert resolve_organization(world.client, UNKNOWN.upper()).id == UNKNOWN
    assert not world.circleci.calls, "an id is taken as it is"


@pytest.mark.parametrize("name", ["gh/nobody", "nobody", "../me"])
def test_an_organization_that_the_token_does_not_see(world: Bench, name: str) -> None:
    main = world.circleci.company.organizations[0]
    with pytest.raises(
        AccessError, match=rf"can access: {main.slug} \({main.id}\), .* Check ORG_ID"
    ):
        resolve_organization(world.client, name)


def test_the_default_clock_is_the_computer_s() -> None:
    assert abs(
        CircleCI("https://circleci.com", SecretStr(TOKEN)).now() - datetime.now(UTC)
    ) < timedelta(minutes=1)
