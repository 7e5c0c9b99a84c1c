"""The stand-in for CircleCI: access, windows, and the rows of an export."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.company.exportfile import ExportRow
from circleci_usage.demo.standin.rules import DEMO_TOKEN
from circleci_usage.demo.standin.standin import StandIn
from hypothesis_profiles import examples
from standin_client import (
    APPS,
    COMPANY,
    JOB_ID,
    JOB_RUN_DATE,
    LABS,
    MAIN,
    STATUS,
    UNKNOWN,
    Client,
    days,
    rows_of,
)


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
        ({"flavor": "red"}, "Unexpected field flavor."),
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
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
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
