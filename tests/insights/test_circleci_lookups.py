"""Lookups over real HTTP: what is found, what is left out and why, and how little is asked."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from circleci_usage.core.periods import today_utc
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.company.planted import FLAKY
from circleci_usage.demo.standin.faults import (
    HTML_PAGE,
    Fault,
    HangUp,
    Instead,
    Retouch,
    error_response,
)
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.export.api_client import CircleCI
from circleci_usage.insights.asking import MAX_WAIT, RETRY_WAITS
from circleci_usage.insights.circleci_lookups import circleci_lookups
from circleci_usage.insights.lookups import AskedProject, FoundNames, FoundTests, Lookups
from circleci_usage.insights.responses import LONGEST_TEXT
from circleci_usage.insights.user_name_cache import CACHE_NAME, UserNameCache
from circleci_usage.schema.keys import ProjectKey
from exporting import TOKEN, RecordedProgress
from standin_client import APPS, COMPANY, UNKNOWN

PEOPLE = COMPANY.people
STOREFRONT = AskedProject(
    ProjectKey("o1", "tidewren-apps", "p1", "web-storefront"),
    "gh/tidewren-apps/web-storefront",
    ("build", "deploy"),
)
GATEWAY = AskedProject(
    ProjectKey("o2", "tidewren", "p2", "pay-gateway"), "gh/tidewren/pay-gateway", ("build",)
)
NOWHERE = AskedProject(ProjectKey("o3", "labs", "p3", "lake"), "gh/tidewren-labs/data-lake", ())
UNNAMED = AskedProject(ProjectKey("o4", "x", "p4", "y"), None, ("build",))


@dataclass
class Bench:
    """Lookups against a mock CircleCI, by a clock that nobody waits for."""

    circleci: StandIn
    store: Path
    clock: PinnedClock
    progress: RecordedProgress = field(default_factory=RecordedProgress)

    def tests(self, *projects: AskedProject) -> FoundTests:
        find = self._lookups(self.store).tests
        assert find
        return find(projects)

    def names(self, *ids: str, store: Path | None = None) -> FoundNames:
        find = self._lookups(store or self.store).user_names
        assert find
        return find(ids)

    def _lookups(self, store: Path) -> Lookups:
        client = CircleCI(
            self.circleci.url,
            SecretStr(TOKEN),
            clock=self.clock,
            progress=self.progress,
            retry_waits=RETRY_WAITS,
        )
        return circleci_lookups(
            client,
            insights=True,
            user_names=True,
            cache=UserNameCache(store / CACHE_NAME),
            today=today_utc(self.clock.now()),
            progress=self.progress,
        )

    @property
    def paths(self) -> list[str]:
        return [call.path.removeprefix("/api/v2/") for call in self.circleci.calls]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock = PinnedClock()
    with StandIn(COMPANY, clock, token=TOKEN) as circleci:
        yield Bench(circleci, tmp_path, clock)
        for call in circleci.calls:
            assert call.host == "api"
            assert TOKEN not in call.path


def on(part: str, fault: Fault) -> Callable[[Request], Fault | None]:
    """A fault of the requests whose path contains a text."""
    return lambda request: fault if part in request.path else None


def answering(body: object) -> Instead:
    return Instead(Response.json(200, body))


# Tests


@pytest.mark.parametrize("underscored", [True, False])
def test_flaky_and_measured_tests_are_found(bench: Bench, underscored: bool) -> None:
    bench.circleci.underscored = underscored
    found = bench.tests(STOREFRONT, GATEWAY)

    assert {(each.test.workflow, each.test.job) for each in found.flaky} == {
        (FLAKY.workflow, FLAKY.job)
    }
    assert all(each.times_flaked > 1 and each.test.class_name for each in found.flaky)
    assert {each.test.project for each in found.measured} == {STOREFRONT.key, GATEWAY.key}
    assert len({each.test for each in found.measured}) == len(found.measured)
    assert all(each.is_slow or each.is_failing for each in found.measured)
    assert all(each.p95_seconds and each.p95_seconds > 0 for each in found.measured)
    assert (found.projects, found.left_out, found.warnings) == (2, (), ())


def test_each_project_and_workflow_is_one_request(bench: Bench) -> None:
    bench.tests(STOREFRONT, GATEWAY, UNNAMED)
    assert bench.paths == [
        "insights/gh/tidewren-apps/web-storefront/flaky-tests",
        "insights/gh/tidewren-apps/web-storefront/workflows/build/test-metrics?all-branches=true",
        "insights/gh/tidewren-apps/web-storefront/workflows/deploy/test-metrics?all-branches=true",
        "insights/gh/tidewren/pay-gateway/flaky-tests",
        "insights/gh/tidewren/pay-gateway/workflows/build/test-metrics?all-branches=true",
    ]


def test_what_is_not_known_is_said_once_a_kind(bench: Bench) -> None:
    bench.circleci.forbidden = [APPS]
    found = bench.tests(STOREFRONT, NOWHERE, NOWHERE, UNNAMED, GATEWAY)

    assert found.projects == 1
    assert [len(each.projects) for each in found.left_out] == [1, 2, 1]
    assert [each.removeprefix("The report has no tests of ") for each in found.warnings] == [
        "1 project: the token has no access (HTTP 403).",
        "2 projects: not found at CircleCI, or the token has no access (HTTP 404).",
        "1 project: the export does not say what CircleCI's API calls them.",
    ]


def test_a_workflow_without_tests_is_no_news(bench: Bench) -> None:
    bench.circleci.faults = on("/build/", error_response(404, "Workflow not found."))
    found = bench.tests(STOREFRONT)
    assert (found.projects, found.warnings) == (1, ())


@pytest.mark.parametrize(
    "fault",
    [
        error_response(400, "no"),
        HTML_PAGE,
        answering([]),
        answering({"flaky-tests": "many"}),
        answering({}),
        Instead(Response(200, {"Content-Type": "application/json"}, b'{"flaky-tests": [' * 9)),
        error_response(500, "oops"),
        HangUp(),
        Retouch(status=302, headers={"Location": "https://evil.example/"}),
    ],
    ids=str,
)
def test_a_project_with_a_broken_answer_is_left_out_and_the_others_are_not(
    bench: Bench, fault: Fault
) -> None:
    bench.circleci.faults = on("web-storefront", fault)
    found = bench.tests(STOREFRONT, GATEWAY)

    assert [each.projects for each in found.left_out] == [(STOREFRONT.key,)]
    assert found.projects == 1
    assert len(found.warnings) == 1
    assert "evil" not in str(found.warnings)


@pytest.mark.parametrize("status", [401, 429])
def test_what_every_request_would_meet_is_met_once(bench: Bench, status: int) -> None:
    bench.circleci.faults = on("", error_response(status, "no"))
    found = bench.tests(*[STOREFRONT] * 9)
    assert len(bench.paths) == 1
    assert (found.projects, len(found.warnings)) == (0, 1)


def test_three_failures_in_a_row_are_enough(bench: Bench) -> None:
    bench.circleci.faults = on("", error_response(503, "later"))
    found = bench.tests(*[STOREFRONT] * 9)
    assert len(bench.paths) == 3 * (1 + len(RETRY_WAITS))
    assert found.warnings == ("The report has no tests of 9 projects: CircleCI is unavailable.",)


def test_a_short_rate_limit_is_waited_out(bench: Bench) -> None:
    limits = iter([error_response(429, "slow down", Retry_After="30")])
    bench.circleci.faults = lambda _: next(limits, None)
    before = bench.clock.now()
    assert bench.tests(STOREFRONT).projects == 1
    assert bench.clock.now() - before == timedelta(seconds=30)


def test_rate_limits_are_waited_out_within_a_budget(bench: Bench) -> None:
    bench.circleci.faults = on("", error_response(429, "slow down", Retry_After="100"))
    before = bench.clock.now()
    found = bench.tests(*[STOREFRONT] * 9)
    assert bench.clock.now() - before <= MAX_WAIT * 1.1
    assert found.warnings == (
        "The report has no tests of 9 projects: CircleCI's rate limit is reached (HTTP 429).",
    )


def test_a_long_rate_limit_is_not_waited_out(bench: Bench) -> None:
    bench.circleci.faults = on("", error_response(429, "slow down", Retry_After="3600"))
    before = bench.clock.now()
    assert bench.tests(STOREFRONT, GATEWAY).projects == 0
    assert (bench.clock.now(), len(bench.paths)) == (before, 1)


def test_slow_answers_end_the_search(bench: Bench) -> None:
    def slow(_: Request) -> None:
        bench.clock.sleep(70)

    bench.circleci.faults = slow
    found = bench.tests(*[STOREFRONT] * 9)
    assert len(bench.paths) <= 4
    assert found.warnings[-1].endswith(": CircleCI's responses took too long.")


HOSTILE: dict[str, object] = {
    "test-name": "=cmd|' /C calc'!A0<script>\x1b[2J\u202e" + "x" * 9_999,
    "job-name": "te\x00st",
    "workflow-name": "build\ud800",
    "classname": ["not a text"],
    "file": None,
    "times-flaked": 3,
}


def test_hostile_tests_are_harmless_or_left_out(bench: Bench) -> None:
    entries = [
        HOSTILE,
        HOSTILE | {"times-flaked": 5},
        *(HOSTILE | {"times-flaked": count} for count in (-1, 10**30, "3", True, None, 1.5)),
        HOSTILE | {"test-name": ""},
        HOSTILE | {"job-name": 7},
        "no object",
        None,
    ]
    bench.circleci.faults = on("flaky-tests", answering({"flaky-tests": entries}))
    (flaky,) = bench.tests(STOREFRONT).flaky

    assert flaky.times_flaked == 5
    test = flaky.test
    assert (test.job, test.workflow) == ("te\\x00st", "build\\ud800")
    assert (test.class_name, test.file) == ("", "")
    assert test.name.isprintable()
    assert len(test.name) < LONGEST_TEXT + 20


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0.25", Decimal("0.25")), ("NaN", None), ("1e400", None), ("-1", None), ('"1"', None)],
)
def test_odd_durations_are_not_known(bench: Bench, written: str, seconds: Decimal | None) -> None:
    test = {"test_name": "t", "job_name": "j", "total_runs": 9, "failed_runs": 1, "flaky": "yes"}
    entry = json.dumps(test)[:-1] + f', "p95_duration": {written}}}'
    body = f'{{"most_failed_tests": [], "slowest_tests": [{entry}]}}'.encode()
    headers = {"Content-Type": "application/json"}
    bench.circleci.faults = on("test-metrics", Instead(Response(200, headers, body)))
    (measured, _) = bench.tests(STOREFRONT).measured
    assert (measured.p95_seconds, measured.is_flaky) == (seconds, False)


# Names of users


def test_names_are_asked_for_once_a_month(bench: Bench) -> None:
    ids = (PEOPLE[0], UNKNOWN)
    first = bench.names(*ids)
    assert [*first.names] == [PEOPLE[0]]
    assert bench.paths == [f"user/{PEOPLE[0]}", f"user/{UNKNOWN}"]

    assert bench.names(*ids) == first
    assert len(bench.paths) == 2

    bench.clock.sleep(timedelta(days=31).total_seconds())
    assert bench.names(*ids) == first
    assert len(bench.paths) == 4


def test_kept_names_are_private(bench: Bench) -> None:
    bench.names(PEOPLE[0])
    assert (bench.store / CACHE_NAME).stat().st_mode & 0o777 == 0o600


def test_what_failed_is_asked_for_again(bench: Bench) -> None:
    bench.circleci.faults = on(PEOPLE[0], error_response(403, "no"))
    found = bench.names(*PEOPLE[:2])
    assert [*found.names] == [PEOPLE[1]]
    assert found.warnings == (
        "The report has no names of 1 user: the token has no access (HTTP 403).",
    )

    bench.circleci.faults = None
    assert [*bench.names(*PEOPLE[:2]).names] == [*PEOPLE[:2]]
    assert len(bench.paths) == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"version": 2, "users": {}}',
        b'{"version": 1, "users": []}',
        b'{"version": 1, "users": {"%(id)s": {"name": 7, "asked": "2026-11-01"}}}',
        b'{"version": 1, "users": {"%(id)s": {"name": "x", "asked": "soon"}}}',
        b'{"version": 1, "users": {"%(id)s": {"name": "x", "asked": "2999-01-01"}}}',
        b" " * ((8 << 20) + 1),
    ],
    ids=range(10),
)
def test_damaged_caches_count_as_empty(bench: Bench, content: bytes) -> None:
    file = bench.store / CACHE_NAME
    file.write_bytes(content.replace(b"%(id)s", PEOPLE[0].encode()))
    assert [*bench.names(PEOPLE[0]).names] == [PEOPLE[0]]
    assert json.loads(file.read_bytes())["version"] == 1


def test_names_that_cannot_be_kept_are_still_in_the_report(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = bench.names(PEOPLE[0], store=tmp_path / "file")
    assert [*found.names] == [PEOPLE[0]]
    assert [each.split(":")[0] for each in found.warnings] == [
        "The names of users are not kept for the next report"
    ]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"name": "Ada <b>\x1b]0;x\x07", "login": "ada"}, "Ada <b>\\x1b]0;x\\x07"),
        ({"name": "", "login": "ada"}, "ada"),
        ({"name": None, "login": "ada"}, "ada"),
        ({"name": 7}, None),
        ([], None),
        ({"name": f"{TOKEN}"}, "***"),
    ],
)
def test_hostile_names_are_harmless(bench: Bench, body: object, name: str | None) -> None:
    bench.circleci.faults = on("", answering(body))
    first, second = bench.names(PEOPLE[0]), bench.names(PEOPLE[0])
    assert first.names.get(PEOPLE[0]) == name
    assert second.names == first.names


def test_a_long_name_is_cut_once(bench: Bench) -> None:
    bench.circleci.faults = on("", answering({"name": "\u200b" * 9_999}))
    assert bench.names(PEOPLE[0]).names == bench.names(PEOPLE[0]).names


def test_no_message_has_the_token(bench: Bench) -> None:
    bench.circleci.faults = on("", error_response(400, f"{TOKEN} is bad"))
    texts = [*bench.tests(STOREFRONT).warnings, *bench.names(*PEOPLE[:3]).warnings]
    assert texts
    assert TOKEN not in str([*texts, *bench.progress.lines])
