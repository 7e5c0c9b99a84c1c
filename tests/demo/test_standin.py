"""The stand-in for CircleCI: responses by the contract, limits that hold, and real faults."""

import csv
import gzip
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, FormatChecker, ValidationError

from circleci_usage.core.periods import Period
from circleci_usage.demo.clock import DEMO_NOW, PinnedClock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import ExportRow
from circleci_usage.demo.standin import faults
from circleci_usage.demo.standin.limits import RefusalStyle
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.rules import DEMO_TOKEN, Fate
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from paths import SHARED, TESTS

COMPANY = Company(scale=0.02)
MAIN, APPS, LABS = (organization.id for organization in COMPANY.organizations)
OCTOBER = {"start": "2026-10-01T00:00:00Z", "end": "2026-10-31T23:59:59Z"}
JOB_ID, JOB_RUN_DATE, STATUS = (
    EXPORT_COLUMNS.index(name) for name in ("JOB_ID", "JOB_RUN_DATE", "JOB_BUILD_STATUS")
)
UNKNOWN = "00000000-0000-4000-8000-000000000000"

WRITTEN_BY_US = TESTS / "resources" / "circleci-openapi.json"
# CircleCI's document itself, where it is at hand.
CIRCLECI_S_OWN = SHARED / "facts" / "circleci-openapi-usage.json"


class Contract:
    """An OpenAPI document, as far as the stand-in's answers need it."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text("utf-8"))

    def check(self, answer: requests.Response) -> None:
        """Fail unless the document allows the response; all errors have the same shape."""
        path = answer.request.path_url.removeprefix("/api/v2")
        responses = self._responses(str(answer.request.method).lower(), path)
        response = (
            responses.get(str(answer.status_code)) or responses.get("default") or responses["401"]
        )
        name = response.get("$ref", "").rpartition("/")[2]
        content = (self._document["components"]["responses"][name] if name else response)["content"]
        # References of the schema begin at the root of the document.
        schema = {
            "components": self._document["components"],
            "allOf": [content["application/json"]["schema"]],
        }
        assert answer.headers["Content-Type"].startswith("application/json")
        Draft7Validator(schema, format_checker=FormatChecker()).validate(answer.json())

    def _responses(self, method: str, path: str) -> dict[str, Any]:
        for template, calls in self._document["paths"].items():
            # A slug has a slash in the middle; all other parameters have none.
            pattern = re.sub(r"\{org-slug-or-id\}", ".+", template)
            if method in calls and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
                responses: dict[str, Any] = calls[method]["responses"]
                return responses
        raise AssertionError(f"{method} {path} is not in the contract")


CONTRACTS = [Contract(path) for path in (WRITTEN_BY_US, CIRCLECI_S_OWN) if path.exists()]


@dataclass
class Client:
    """A plain client that holds every answer of the API against the contracts."""

    circleci: StandIn
    session: requests.Session
    contracts: Sequence[Contract] = tuple(CONTRACTS)

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        headers = {"Circle-Token": self.circleci.token}
        answer = self.session.request(
            method, f"{self.circleci.url}/api/v2{path}", json=body, headers=headers, timeout=5
        )
        for contract in self.contracts:
            contract.check(answer)
        return answer

    def post(self, org_id: str = MAIN, /, **body: object) -> requests.Response:
        """Request October, or what the body says instead."""
        return self.call("POST", f"/organizations/{org_id}/usage_export_job", {**OCTOBER, **body})

    def poll(self, job: str, org_id: str = MAIN) -> requests.Response:
        return self.call("GET", f"/organizations/{org_id}/usage_export_job/{job}")

    def urls(self, **body: object) -> list[str]:
        """The download URLs of October, or of what the body says instead."""
        job = self.post(**body).json()["usage_export_job_id"]
        while (status := self.poll(job).json())["state"] != "completed":
            assert status["state"] in {"created", "processing"}
        return list(status["download_urls"])

    def export(self, first: date, last: date, *others: str) -> list[ExportRow]:
        """All rows of some whole days."""
        end = min(f"{last}T23:59:59Z", f"{self.circleci.clock.now():%FT%TZ}")
        urls = self.urls(start=f"{first}T00:00:00Z", end=end, shared_org_ids=list(others))
        return [row for url in urls for row in rows_of(self.download(url).content)]

    def download(self, url: str, **headers: str) -> requests.Response:
        return self.session.get(url, headers=headers, timeout=5)


def rows_of(part: bytes) -> list[ExportRow]:
    header, *rows = csv.reader(StringIO(gzip.decompress(part).decode(), newline=""))
    assert tuple(header) == EXPORT_COLUMNS
    return [tuple(row) for row in rows]


def days(first: date, last: date, *organizations: str) -> list[ExportRow]:
    """The rows of some organizations, by default the first one."""
    wanted = organizations or (MAIN,)
    return [
        row for day in Period.of_days(first, last) for row in COMPANY.rows(day) if row[0] in wanted
    ]


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with StandIn(COMPANY, PinnedClock()) as running:
        yield running


@pytest.fixture
def client(circleci: StandIn) -> Iterator[Client]:
    with requests.Session() as session:
        yield Client(circleci, session)


# Access


@pytest.mark.parametrize(
    "headers",
    [
        {"Circle-Token": DEMO_TOKEN},
        {"Authorization": f"Bearer {DEMO_TOKEN}"},
        {"Authorization": f"Basic {b64encode(f'{DEMO_TOKEN}:'.encode()).decode()}"},
    ],
)
def test_a_token_is_accepted_in_each_documented_header(
    circleci: StandIn, headers: dict[str, str]
) -> None:
    assert (
        requests.get(
            f"{circleci.url}/api/v2/me/collaborations", headers=headers, timeout=5
        ).status_code
        == 200
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Circle-Token": "wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic #"},
        {"Authorization": "x"},
    ],
)
def test_a_wrong_or_missing_token_is_401(circleci: StandIn, headers: dict[str, str]) -> None:
    for path in ("/me/collaborations", f"/organization/{MAIN}", "/nowhere"):
        answer = requests.get(f"{circleci.url}/api/v2{path}", headers=headers, timeout=5)
        assert (answer.status_code, answer.json()) == (401, {"message": "Invalid token provided."})


def test_a_token_in_the_url_is_refused(circleci: StandIn) -> None:
    url = f"{circleci.url}/api/v2/me/collaborations?circle-token={circleci.token}"
    assert requests.get(url, timeout=5).status_code == 401


def test_an_organization_that_the_token_may_not_see_is_403_and_unlisted(
    circleci: StandIn, client: Client
) -> None:
    circleci.forbidden = [APPS]
    assert client.post(APPS).status_code == 403
    assert client.post(MAIN, shared_org_ids=[APPS]).status_code == 403
    assert client.call("GET", f"/organization/{APPS}").status_code == 403
    assert [one["id"] for one in client.call("GET", "/me/collaborations").json()] == [MAIN, LABS]


def test_an_unknown_organization_is_404(client: Client) -> None:
    for org_id in (UNKNOWN, "gh%2Ftidewren", "x"):
        assert client.post(org_id).status_code == 404
    assert client.post(MAIN, shared_org_ids=[UNKNOWN]).status_code == 404
    assert client.call("GET", "/organization/gh/nobody").status_code == 404


def test_paths_and_methods_that_do_not_exist_are_404(circleci: StandIn) -> None:
    headers = {"Circle-Token": circleci.token}
    for method, path in (
        ("GET", "/"),
        ("GET", "/api/v2/me"),
        ("DELETE", f"/api/v2/organization/{MAIN}"),
    ):
        assert (
            requests.request(method, circleci.url + path, headers=headers, timeout=5).status_code
            == 404
        )


@pytest.mark.parametrize("written", ["{id}", "{slug}", "{quoted}"])
def test_an_organization_is_found_by_id_slug_and_quoted_slug(client: Client, written: str) -> None:
    for one in COMPANY.organizations:
        path = written.format(id=one.id, slug=one.slug, quoted=quote(one.slug, safe=""))
        found = client.call("GET", f"/organization/{path}").json()
        assert found == {"id": one.id, "name": one.name, "slug": one.slug, "vcs_type": one.vcs_type}


# Windows


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"colour": "red"}, "Unexpected field colour."),
        ({"start": "2026-10-01"}, "start must be a date-time."),
        ({"start": "2026-10-01T00:00:00"}, "start must be a date-time."),
        ({"start": "2026-02-30T00:00:00Z"}, "start must be a date-time."),
        ({"start": None}, "start must be a date-time."),
        ({"end": 20261031}, "end must be a date-time."),
        ({"end": "2026-09-30T23:59:59Z"}, "end must not be before start."),
        ({"end": "2026-11-01T00:00:01Z"}, "end must be no more than 31 days after start."),
        (
            {"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T09:30:01Z"},
            "end must not be in the future.",
        ),
        (
            {"start": "2025-10-01T00:00:00Z", "end": "2025-10-31T00:00:00Z"},
            "start is too long ago.",
        ),
        ({"shared_org_ids": "all"}, "shared_org_ids must be a list of UUIDs."),
        ({"shared_org_ids": ["gh/tidewren"]}, "shared_org_ids must be a list of UUIDs."),
        ({"shared_org_ids": None}, "shared_org_ids must be a list of UUIDs."),
    ],
)
def test_a_bad_body_is_400(client: Client, body: dict[str, object], message: str) -> None:
    answer = client.post(**body)
    assert (answer.status_code, answer.json()) == (400, {"message": message})


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_400(circleci: StandIn, sent: bytes) -> None:
    url = f"{circleci.url}/api/v2/organizations/{MAIN}/usage_export_job"
    answer = requests.post(url, data=sent, headers={"Circle-Token": circleci.token}, timeout=5)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ("2026-11-02T00:00:00Z", "2026-11-02T09:30:00Z"),
        ("2026-10-01t02:00:00.000+02:00", "2026-10-01t00:00:00z"),
        ("2025-10-02T09:30:00Z", "2025-10-31T23:59:59Z"),
    ],
)
def test_the_widest_windows_are_allowed(client: Client, start: str, end: str) -> None:
    assert client.post(start=start, end=end).status_code == 201


def test_the_look_back_can_be_one_year(circleci: StandIn, client: Client) -> None:
    circleci.look_back = timedelta(days=365)
    assert client.post(start="2025-11-02T09:29:59Z", end="2025-11-30T00:00:00Z").status_code == 400
    assert client.post(start="2025-11-02T09:30:00Z", end="2025-11-30T00:00:00Z").status_code == 201


# Rows


def test_an_export_has_the_rows_of_its_days_and_organizations_with_both_ends(
    client: Client,
) -> None:
    first, last = date(2026, 10, 5), date(2026, 10, 9)
    assert client.export(first, last) == days(first, last)
    assert client.export(first, last, APPS, LABS) == days(first, last, MAIN, APPS, LABS)


@given(
    first=st.dates(date(2026, 9, 1), date(2026, 10, 8)),
    lengths=st.lists(st.integers(1, 8), min_size=1, max_size=3),
)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_windows_side_by_side_have_the_rows_of_one_window(
    client: Client, first: date, lengths: list[int]
) -> None:
    client.circleci.posts_per_hour = client.circleci.gets_per_hour = None
    last = first + timedelta(days=sum(lengths) - 1)
    pieces: list[ExportRow] = []
    begin = first
    for length in lengths:
        pieces += client.export(begin, begin + timedelta(days=length - 1), LABS)
        begin += timedelta(days=length)
    assert pieces == client.export(first, last, LABS)


def test_rows_end_with_the_last_full_day_and_runs_over_midnight_settle_later(
    client: Client,
) -> None:
    sunday, monday = date(2026, 11, 1), date(2026, 11, 2)
    body = {"start": f"{sunday}T00:00:00Z", "end": "2026-11-02T09:30:00Z"}
    early = rows_of(client.download(client.urls(**body)[0]).content)
    assert {row[JOB_RUN_DATE] for row in early} == {str(sunday)}
    client.circleci.clock.sleep(24 * 60 * 60)
    late = client.export(sunday, monday)
    assert {row[JOB_RUN_DATE] for row in late} == {str(sunday), str(monday)}
    before = {row[JOB_ID]: row for row in early}
    after = {row[JOB_ID]: row for row in late if row[JOB_RUN_DATE] == str(sunday)}
    assert before.keys() == after.keys()
    assert any(row != after[job] and row[STATUS] == "running" for job, row in before.items())


def test_an_export_comes_in_parts_each_with_a_header(circleci: StandIn, client: Client) -> None:
    circleci.rows_per_part = 100
    parts = [rows_of(client.download(url).content) for url in client.urls()]
    assert [len(part) for part in parts[:-1]] == [100] * (len(parts) - 1)
    assert [row for part in parts for row in part] == days(date(2026, 10, 1), date(2026, 10, 31))


def test_an_export_without_rows_is_one_part_with_only_the_header(client: Client) -> None:
    (url,) = client.urls(start="2026-11-02T00:00:00Z", end="2026-11-02T01:00:00Z")
    assert rows_of(client.download(url).content) == []


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


def test_an_export_job_belongs_to_the_organization_that_asked(client: Client) -> None:
    job = client.post(MAIN, shared_org_ids=[APPS]).json()["usage_export_job_id"]
    assert client.poll(job, APPS).status_code == 404
    assert client.poll(UNKNOWN).status_code == 404
    assert client.poll(job).status_code == 200


def test_export_jobs_meet_their_fates_in_the_order_of_the_posts(
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


def test_what_the_service_does_against_its_contract_can_be_asked_for(
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


def test_the_eleventh_look_within_an_hour_is_429(circleci: StandIn, client: Client) -> None:
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
def test_a_refusal_says_when_to_come_back_in_the_chosen_way(
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


def test_a_url_expires_and_another_look_gives_a_fresh_one(
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


# Faults


@pytest.mark.parametrize("fault", [faults.Reset(), faults.HangUp()])
def test_a_connection_can_break_off_before_the_request_is_done(
    client: Client, fault: faults.Fault
) -> None:
    client.circleci.faults = faults.in_turn([fault])
    with pytest.raises(requests.ConnectionError, match=r"reset|closed"):
        client.post()
    assert client.circleci.calls[-1].status == 0
    client.circleci.posts_per_hour = 1
    assert client.post().status_code == 201


@pytest.mark.parametrize("fault", [faults.Reset(done=True), faults.HangUp(done=True)])
def test_an_answer_can_get_lost_after_the_request_is_done(
    client: Client, fault: faults.Fault
) -> None:
    client.circleci.posts_per_hour = 1
    client.circleci.faults = faults.in_turn([fault])
    with pytest.raises(requests.ConnectionError, match=r"reset|closed"):
        client.post()
    assert client.post().status_code == 429


def test_an_answer_can_stay_away(circleci: StandIn) -> None:
    circleci.faults = faults.in_turn([faults.Stall()])
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{circleci.url}/api/v2/me/collaborations", timeout=0.05)


def test_the_end_does_not_wait_for_clients_that_do() -> None:
    with (
        StandIn(COMPANY, PinnedClock(), faults=lambda _: faults.Stall()) as circleci,
        requests.Session() as session,
    ):
        with pytest.raises(requests.ReadTimeout):
            session.get(circleci.url, timeout=0.05)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(session.get, circleci.url, timeout=30)
            while len(circleci.calls) < 2:
                pass
            circleci.__exit__()
            with pytest.raises(requests.ConnectionError):
                waiting.result()
    with pytest.raises(requests.ConnectionError):
        requests.get(circleci.url, timeout=5)


def test_a_body_can_end_early(client: Client) -> None:
    (url,) = client.urls()
    client.circleci.faults = faults.in_turn([faults.Truncate(100)])
    with client.session.get(url, stream=True, timeout=5) as answer:
        assert int(answer.headers["Content-Length"]) > 100
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            _ = answer.content
    assert len(rows_of(client.download(url).content)) > 100


def test_bytes_of_a_body_can_be_wrong(client: Client) -> None:
    (url,) = client.urls()
    sound = client.download(url).content
    client.circleci.faults = faults.in_turn([faults.Corrupt(-5)])
    damaged = client.download(url).content
    assert [
        n - len(sound)
        for n, (one, two) in enumerate(zip(sound, damaged, strict=True))
        if one != two
    ] == [-5]
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(damaged)


def test_a_body_can_arrive_in_crumbs(client: Client) -> None:
    client.circleci.faults = faults.in_turn([faults.Trickle(3)])
    assert len(client.call("GET", "/me/collaborations").json()) == 3


def test_an_answer_can_be_another_one(client: Client) -> None:
    client.contracts = ()
    client.circleci.faults = faults.in_turn(
        [
            faults.error_response(503, "Busy.", Retry_After="7"),
            faults.HTML_PAGE,
            faults.Retouch({"Content-Type": "x/y"}, 418),
        ]
    )
    busy, page, odd, sound = (client.call("GET", "/me/collaborations") for _ in range(4))
    assert (busy.status_code, busy.headers["Retry-After"], busy.json()) == (
        503,
        "7",
        {"message": "Busy."},
    )
    assert (page.status_code, page.headers["Content-Type"], page.text[:15]) == (
        200,
        "text/html",
        "<!doctype html>",
    )
    assert (odd.status_code, odd.headers["Content-Type"], odd.json()) == (418, "x/y", sound.json())


def test_a_large_body_can_be_sent_in_pieces(circleci: StandIn) -> None:
    pieces = Response(200, {"Content-Length": "3000000"}, (bytes(1_000_000) for _ in range(3)))
    circleci.faults = faults.in_turn([faults.Instead(pieces)])
    assert requests.get(circleci.download_url, timeout=5).content == bytes(3_000_000)


def test_faults_can_be_chosen_by_request(client: Client) -> None:
    def only_downloads(request: Request) -> faults.Fault | None:
        return faults.error_response(500, "No.") if request.host == "download" else None

    client.circleci.faults = only_downloads
    (url,) = client.urls()
    assert client.download(url).status_code == 500


def test_a_client_that_goes_away_does_no_harm(client: Client) -> None:
    (url,) = client.urls()
    big = Response(200, {"Content-Length": "90000000"}, (bytes(1_000_000) for _ in range(90)))
    client.circleci.faults = faults.in_turn([faults.Instead(big)])
    requests.get(url, stream=True, timeout=5).close()
    assert client.download(url).status_code == 200


def test_the_date_of_an_answer_is_the_clock_s(client: Client) -> None:
    assert parsedate_to_datetime(client.post().headers["Date"]) == DEMO_NOW


def test_a_defect_of_the_stand_in_comes_to_light() -> None:
    def broken(_: Request) -> faults.Fault | None:
        raise ZeroDivisionError

    with (
        pytest.raises(ExceptionGroup, match="broke"),
        StandIn(COMPANY, PinnedClock(), faults=broken) as circleci,
        pytest.raises(requests.ConnectionError),
    ):
        requests.get(circleci.url, timeout=5)
