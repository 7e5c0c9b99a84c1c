"""Tests beside what their jobs wasted, by amounts worked out by hand."""

import json
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from circleci_usage.analysis.insights_tests import InsightsTests, JobWaste, cost_tests
from circleci_usage.analysis.people_settings import PeopleSettings, Show
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.insights.lookups import (
    FlakyTest,
    FoundNames,
    FoundTests,
    KnownTest,
    LeftOut,
    LookedUp,
    MeasuredTest,
)
from circleci_usage.pipeline import _with_names, build_report
from circleci_usage.render.page.page import index_html
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import tables
from circleci_usage.report_settings import ReportSettings
from circleci_usage.schema.keys import JobKey, ProjectKey
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from report_factory import LIST_PRICES, MARCH, NOW
from rows import DEFAULTS, Row, job_run

WEB = ProjectKey(
    DEFAULTS["ORGANIZATION_ID"],
    DEFAULTS["ORGANIZATION_NAME"],
    DEFAULTS["PROJECT_ID"],
    DEFAULTS["PROJECT_NAME"],
)
SETTINGS = ReportSettings(folder=Path(), prices=LIST_PRICES, period=MARCH, otherwise=MARCH)


def run(number: int, job: str, status: str, credits: str, pipeline: str = "") -> Row:
    pipeline = pipeline or f"pipeline {number}"
    return job_run(
        credits,
        JOB_ID=f"{job} {number}",
        JOB_NAME=job,
        JOB_BUILD_STATUS=status,
        PIPELINE_ID=pipeline,
        WORKFLOW_ID=f"{pipeline} {number}",
        JOB_RUN_STARTED_AT=f"2026-03-02 09:{number:02}:00.000",
        JOB_RUN_STOPPED_AT=f"2026-03-02 09:{number:02}:30.000",
    )


ROWS = [
    run(1, "test", "failed", "100", "one"),
    run(2, "test", "success", "50", "one"),
    run(3, "test", "failed", "10"),
    run(4, "lint", "success", "3"),
    run(5, "e2e-1", "failed", "20"),
    run(6, "e2e-2", "failed", "30"),
]
OF_TEST = JobWaste(Decimal("0.066"), Decimal("0.03"))


def flaky(name: str, job: str = "test", times: int = 2) -> FlakyTest:
    return FlakyTest(KnownTest(WEB, "build", job, name), times)


def measured(name: str, job: str, failed: int, seconds: str | None = "0.5") -> MeasuredTest:
    test = KnownTest(WEB, "build", job, name)
    length = Decimal(seconds) if seconds else None
    return MeasuredTest(test, 10, failed, length, is_flaky=False, is_slow=True, is_failing=True)


@cache
def report(found: FoundTests | None, grouped: str = "") -> Report:
    """The report with these tests; `grouped` are globs of one group of jobs, by its name."""
    groups = JobGroups({grouped: (f"{grouped}-*",)} if grouped else {})
    with TemporaryDirectory() as folder:
        write_part(Path(folder) / "part.csv.gz", ROWS)
        parts = find_parts([Path(folder)]).parts
        usage = read_daily_usage(parts, period=MARCH, job_groups=groups)
    return build_report(usage, replace(SETTINGS, job_groups=groups), NOW, looked_up=LookedUp(found))


def costed(*found: FlakyTest | MeasuredTest) -> InsightsTests:
    """The tests with what their jobs wasted in the report without tests."""
    flaky_tests = tuple(each for each in found if isinstance(each, FlakyTest))
    measured_tests = tuple(each for each in found if isinstance(each, MeasuredTest))
    waste = report(None).findings.wasted_spend
    return cost_tests(FoundTests(flaky_tests, measured_tests, 1), waste, NO_GROUPS)


def test_a_job_of_several_flaky_tests_counts_once_in_the_total() -> None:
    tests = costed(flaky("b"), flaky("a"), flaky("gone", "removed"))
    assert [(each.flaky.test.name, each.waste) for each in tests.flaky] == [
        ("a", OF_TEST),
        ("b", OF_TEST),
        ("gone", JobWaste(None, None)),
    ]
    assert (tests.waste, tests.flaky_jobs, tests.unknown_jobs) == (OF_TEST, 2, 1)


def test_only_unknown_jobs_have_no_known_cost() -> None:
    tests = costed(flaky("gone", "removed"))
    assert (tests.waste, tests.unknown_jobs) == (JobWaste(None, None), 1)


def test_a_job_that_wasted_nothing_costs_zero() -> None:
    tests = costed(measured("m", "lint", 0))
    assert tests.measured[0].waste == JobWaste(Decimal(0), Decimal(0))
    assert tests.waste == JobWaste(None, None)


def test_tests_of_grouped_jobs_stand_beside_the_group() -> None:
    found = FoundTests((flaky("a", "e2e-1"), flaky("b", "e2e-2")), projects=1)
    tests = report(found, "e2e").findings.tests
    assert tests
    assert {each.job for each in tests.flaky} == {JobKey(*WEB, "build", "e2e")}
    assert tests.flaky_jobs == 1
    assert tests.waste.failed == Decimal("0.03")


HOSTILE = "=1+1<script>alert(1)</script>"
FOUND = FoundTests(
    flaky=(flaky(HOSTILE), flaky("gone", "removed")),
    measured=(measured("slow", "lint", 1, "12.5"), measured("odd", "lint", 0, None)),
    projects=1,
    left_out=(LeftOut("CircleCI is unavailable", (WEB,)),),
    warnings=("The report has no tests of 1 project: CircleCI is unavailable.",),
)


def test_the_page_has_tests_only_when_they_were_asked_for() -> None:
    asked, unasked = report(FOUND), report(None)
    page = index_html(ReportView(asked))
    assert '<section id="tests">' in page
    assert HOSTILE not in page
    assert "Left out: web (CircleCI is unavailable)." in page
    assert "12s" in page
    assert asked.warnings[0] == FOUND.warnings[0]
    assert '<section id="tests">' not in index_html(ReportView(unasked))


def test_the_summary_has_tests_only_when_they_were_asked_for() -> None:
    assert "tests" not in json.loads(summary_json(report(None)))
    found = json.loads(summary_json(report(FOUND)))["tests"]
    assert found["projects"] == 1
    assert found["left_out"] == [{"reason": "CircleCI is unavailable", "projects": [WEB._asdict()]}]
    assert (found["job_failed"], found["job_reruns"]) == ("0.066", "0.03")
    assert [each["job_failed"] for each in found["flaky"]] == ["0.066", None]


def test_the_tables_have_every_test() -> None:
    found = dict(tables(report(FOUND)))
    assert [*found["flaky_tests"]["test"]] == [HOSTILE, "gone"]
    assert [*found["test_metrics"]["p95_seconds"]] == [Decimal("12.5"), None]
    unasked = dict(tables(report(None)))
    assert unasked["flaky_tests"].empty
    assert unasked["test_metrics"].empty


@pytest.mark.parametrize(("before", "after"), [(None, "names"), ("no", "no"), ("ids", "ids")])
def test_names_that_are_asked_for_are_shown_unless_the_settings_say_how(
    before: Show | None, after: Show
) -> None:
    people = PeopleSettings(show=before, names={"u1": "Ada of the file"}, teams={"u2": "web"})
    settings = replace(SETTINGS, analysis=replace(SETTINGS.analysis, people=people))
    names = FoundNames({"u1": "Ada", "u2": "Bola"})

    named = _with_names(settings, LookedUp(users=names)).analysis.people
    assert named == replace(people, show=after, names={"u1": "Ada of the file", "u2": "Bola"})
    assert _with_names(settings, LookedUp()) is settings
