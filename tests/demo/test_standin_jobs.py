"""The stand-in for CircleCI: export jobs, limits and downloads."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests
from jsonschema import ValidationError

from circleci_usage.demo.clock import DEMO_NOW, PinnedClock
from circleci_usage.demo.standin.limits import RefusalStyle
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.demo.standin.standin import StandIn
from standin_client import APPS, COMPANY, MAIN, OCTOBER, UNKNOWN, Client, days, rows_of


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with StandIn(COMPANY, PinnedClock()) as running:
        yield running


@pytest.fixture
def client(circleci: StandIn) -> Iterator[Client]:
    with requests.Session() as session:
        yield Client(circleci, session)


# Export jobs


def test_an_export_job_is_created_then_processing_then_completed(
    circleci: StandIn, client: Client
) -> None:
    circleci.polls_until_complete = 4
    created = client.post().json()
    assert (created["state"], created["download_urls"]) == ("created", [])
    assert (created["start"], created["end"]) == ("2026-10-01T00:00:00Z", "2026-10-31T23:59:59Z")
    seen = [client.poll(created["usage_export_job_id"]).json() for _ in range(5)]
    assert [one["state"] for one in seen] == [
        "created",
        "processing",
        "processing",
        "completed",
        "completed",
    ]
    assert [bool(one["download_urls"]) for one in seen] == [False, False, False, True, True]


def test_an_export_job_belongs_to_the_requesting_organization(client: Client) -> None:
    job = client.post(MAIN, shared_org_ids=[APPS]).json()["usage_export_job_id"]
    assert client.poll(job, APPS).status_code == 404
    assert client.poll(UNKNOWN).status_code == 404
    assert client.poll(job).status_code == 200


def test_export_jobs_get_their_fates_in_the_order_of_the_posts(
    circleci: StandIn, client: Client
) -> None:
    circleci.fates = [
        Fate(("processing", "failed"), error_reason="the result is too large"),
        Fate(("processing",), vanishes=True),
        Fate(("completed",), bare=1),
    ]
    failing, vanishing, bare, ordinary = (
        client.post().json()["usage_export_job_id"] for _ in range(4)
    )
    client.poll(failing)
    assert client.poll(failing).json() == {
        "usage_export_job_id": failing,
        "state": "failed",
        "download_urls": [],
        "error_reason": "the result is too large",
    }
    assert [client.poll(vanishing).status_code for _ in range(2)] == [200, 404]
    assert [len(client.poll(bare).json()["download_urls"]) for _ in range(2)] == [0, 1]
    assert client.poll(ordinary).json()["state"] == "processing"


def test_what_the_service_does_against_its_contract_can_be_simulated(
    circleci: StandIn, client: Client
) -> None:
    circleci.null_urls = True
    with pytest.raises(ValidationError, match="None is not of type 'array'"):
        client.post()
    client.contracts = ()
    circleci.fates = [Fate(), Fate(("paused", "completed"), bare=1, null=True)]
    created = client.post().json()
    assert created["download_urls"] is None
    seen = [client.poll(created["usage_export_job_id"]).json() for _ in range(3)]
    assert [one["state"] for one in seen] == ["paused", "completed", "completed"]
    assert [one["download_urls"] for one in seen[:2]] == [[], None]
    assert seen[2]["download_urls"]


# Limits


def test_the_eleventh_export_within_an_hour_is_429_for_that_organization(
    circleci: StandIn, client: Client
) -> None:
    statuses = []
    for _ in range(10):
        statuses.append(client.post().status_code)
        circleci.clock.sleep(60)
    assert statuses == [201] * 10
    refused = client.post()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3000")
    assert client.post(APPS).status_code == 201
    circleci.clock.sleep(2999)
    assert client.post().status_code == 429
    circleci.clock.sleep(1)
    assert [client.post().status_code for _ in range(2)] == [201, 429]


def test_the_eleventh_poll_within_an_hour_is_429(circleci: StandIn, client: Client) -> None:
    job = client.post().json()["usage_export_job_id"]
    assert [client.poll(job).status_code for _ in range(11)] == [200] * 10 + [429]
    circleci.gets_per_hour = None
    assert client.poll(job).status_code == 200


def test_a_bad_export_counts_as_one_and_a_refused_one_does_not(
    circleci: StandIn, client: Client
) -> None:
    circleci.posts_per_hour = 2
    assert [client.post(end="soon").status_code for _ in range(3)] == [400, 400, 429]
    circleci.clock.sleep(60 * 60)
    assert client.post().status_code == 201


@pytest.mark.parametrize("style", ["seconds", "date", "ratelimit", "bare"])
def test_a_429_says_how_long_to_wait_in_the_chosen_way(
    circleci: StandIn, client: Client, style: RefusalStyle
) -> None:
    circleci.posts_per_hour, circleci.refusal = 0, style
    headers = client.post().headers
    at = headers.get("Retry-After", "")
    if style == "seconds":
        assert at == "3600"
    elif style == "date":
        assert parsedate_to_datetime(at) == DEMO_NOW + timedelta(hours=1)
    else:
        assert not at
    reset = "3600" if style == "ratelimit" else None
    assert headers.get("X-RateLimit-Reset") == headers.get("RateLimit-Reset") == reset


# Downloads


def test_a_part_is_the_same_at_each_download_and_under_each_url(client: Client) -> None:
    job = client.post().json()["usage_export_job_id"]
    client.poll(job)
    urls = []
    for _ in range(2):
        urls += client.poll(job).json()["download_urls"]
        client.circleci.clock.sleep(60)
    assert len(set(urls)) == 2
    assert len({client.download(url).content for url in urls * 2}) == 1


def test_a_url_expires_and_another_poll_gives_a_fresh_one(
    circleci: StandIn, client: Client
) -> None:
    circleci.url_lifetime = timedelta(minutes=5)
    job = client.post().json()["usage_export_job_id"]
    client.poll(job)
    (url,) = client.poll(job).json()["download_urls"]
    circleci.clock.sleep(299)
    assert client.download(url).status_code == 200
    circleci.clock.sleep(1)
    expired = client.download(url)
    assert (expired.status_code, expired.headers["Content-Type"]) == (403, "application/xml")
    assert "<Code>AccessDenied</Code>" in expired.text
    (fresh,) = client.poll(job).json()["download_urls"]
    assert client.download(fresh).status_code == 200


def test_the_download_host_checks_signatures_and_wants_no_token(
    circleci: StandIn, client: Client
) -> None:
    (url,) = client.urls()
    assert url.startswith(circleci.download_url) != url.startswith(circleci.url)
    assert (
        client.download(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=9999")).status_code == 403
    )
    assert client.download(url.partition("?")[0]).status_code == 403
    assert client.download(url, Authorization=f"Bearer {circleci.token}").status_code == 400
    assert requests.post(url, timeout=5).status_code == 403


def test_ranges_of_a_part_add_up_to_it(circleci: StandIn, client: Client) -> None:
    (url,) = client.urls()
    whole = client.download(url)
    head, tail = (client.download(url, Range=wanted) for wanted in ("bytes=0-99", "bytes=100-"))
    assert (head.status_code, tail.status_code) == (206, 206)
    assert head.headers["Content-Range"] == f"bytes 0-99/{len(whole.content)}"
    assert head.content + tail.content == whole.content
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert (
        client.download(url, **{"Range": "bytes=9-", "If-Range": whole.headers["ETag"]}).status_code
        == 206
    )
    assert (
        client.download(url, **{"Range": "bytes=9-", "If-Range": '"other"'}).content
        == whole.content
    )
    assert client.download(url, Range=f"bytes={len(whole.content)}-").status_code == 416
    circleci.ranges = False
    unranged = client.download(url, Range="bytes=100-")
    assert (unranged.status_code, unranged.content) == (200, whole.content)


def test_downloads_side_by_side_get_their_own_parts(circleci: StandIn, client: Client) -> None:
    circleci.rows_per_part = 20
    urls = client.urls()
    with ThreadPoolExecutor(16) as pool:
        parts = list(pool.map(lambda url: requests.get(url, timeout=10).content, urls))
    assert [row for part in parts for row in rows_of(part)] == days(
        date(2026, 10, 1), date(2026, 10, 31)
    )
    assert len(circleci.calls) == len(urls) + 3


def test_calls_are_kept_with_all_that_was_sent(circleci: StandIn, client: Client) -> None:
    (url,) = client.urls()
    client.download(url)
    post, *_, download = circleci.calls
    assert (post.host, post.method, post.status) == ("api", "POST", 201)
    assert post.path == f"/api/v2/organizations/{MAIN}/usage_export_job"
    assert post.headers["circle-token"] == circleci.token
    assert json.loads(post.body) == OCTOBER
    assert (download.host, download.method, download.status) == ("download", "GET", 200)
    assert "circle-token" not in download.headers
