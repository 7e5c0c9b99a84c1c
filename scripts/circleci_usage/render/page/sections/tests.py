"""Tests: flaky, failing and slow tests by Insights, and what their jobs wasted."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.insights_tests import (
    CostedFlakyTest,
    CostedTest,
    InsightsTests,
    JobWaste,
)
from circleci_usage.core.plurals import few
from circleci_usage.insights.lookups import KnownTest, LeftOut
from circleci_usage.insights.questions import MOST_PROJECTS
from circleci_usage.render.formatting import (
    money,
    number,
    number_of,
    short_duration,
    visible_name,
)
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    job_cell,
    more_rows,
    name_cell,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.keys import ProjectKey

_ROWS: Final = 10
_NAMED: Final = 5
_JOB: Final = "Job"
_WASTE: Final = ("Failed runs of job", "Reruns of job")
_P95: Final = "p95 by Insights"


def tests_section(view: ReportView) -> PageTables | None:
    """What Insights says about tests; None when it was not asked."""
    found = view.report.findings.tests
    if found is None:
        return None
    failing = [each for each in found.measured if each.measured.is_failing]
    slow = sorted((each for each in found.measured if each.measured.is_slow), key=_slowest_first)
    tables = [
        _flaky_table(found.flaky, view),
        _failing_table(failing, view),
        _slow_table(slow, view),
    ]
    return PageTables(
        hint=" ".join(_hints(found, view)),
        facts=[*_facts(found, view.currency)],
        tables=[table for table in tables if table.rows],
        files=["flaky_tests", "test_metrics"],
    )


def _hints(found: InsightsTests, view: ReportView) -> Iterator[str]:
    asked = found.projects + sum(len(each.projects) for each in found.left_out)
    if asked == MOST_PROJECTS:
        yield f"Of the {MOST_PROJECTS} most expensive projects."
    if found.flaky or found.measured:
        yield (
            "A flaky test passed and failed on the same commit within the last two weeks; other"
            " numbers of tests are of the latest ten runs of a workflow. Costs are those of the"
            " job in the period, with all of its tests: failed runs, and reruns, which can fail"
            " too, so they do not sum to a total."
        )
    elif found.projects:
        yield "CircleCI Insights lists no flaky, failing or slow tests."
    for each in found.left_out:
        yield _left_out(each, view)


def _left_out(left_out: LeftOut, view: ReportView) -> str:
    """`Left out: acme/web (CircleCI is unavailable).`, as a sentence."""
    names = [_named(key, view).text for key in left_out.projects]
    return f"Left out: {few(names, _NAMED)} ({left_out.why})."


def _named(key: ProjectKey, view: ReportView) -> Cell:
    return name_cell(view.project_names.of(key))


def _facts(found: InsightsTests, currency: str) -> Iterator[tuple[str, str, str]]:
    if not found.flaky:
        return
    yield "Flaky tests", number(len(found.flaky)), f"in {number_of(found.flaky_jobs, 'job')}"
    waste = found.waste
    if waste.failed is None or waste.reruns is None:
        return
    known = number_of(found.flaky_jobs - found.unknown_jobs, "job")
    yield "Failed runs of these jobs", money(waste.failed, currency), known
    yield "Reruns of these jobs", money(waste.reruns, currency), known


def _flaky_table(tests: Sequence[CostedFlakyTest], view: ReportView) -> PageTable:
    rows = [
        [
            _test_cell(each.flaky.test),
            *_waste_cells(each.waste, view),
            job_cell(each.job, view),
            number(each.flaky.times_flaked),
        ]
        for each in tests[:_ROWS]
    ]
    return PageTable(
        "Flaky tests",
        ("Test", *_WASTE, _JOB, "Times flaked"),
        rows,
        more_rows(_ROWS, tests, "test"),
        texts=(_JOB,),
    )


def _failing_table(tests: Sequence[CostedTest], view: ReportView) -> PageTable:
    rows = [
        [
            _test_cell(each.measured.test),
            *_waste_cells(each.waste, view),
            job_cell(each.job, view),
            number(each.measured.failed_runs),
            number(each.measured.runs),
        ]
        for each in tests[:_ROWS]
    ]
    return PageTable(
        "Most failed tests",
        ("Test", *_WASTE, _JOB, "Failed", "Runs"),
        rows,
        more_rows(_ROWS, tests, "test"),
        texts=(_JOB,),
    )


def _slow_table(tests: Sequence[CostedTest], view: ReportView) -> PageTable:
    rows = [
        [
            _test_cell(each.measured.test),
            _seconds(each.measured.p95_seconds),
            job_cell(each.job, view),
            number(each.measured.runs),
        ]
        for each in tests[:_ROWS]
    ]
    return PageTable(
        "Slowest tests",
        ("Test", _P95, _JOB, "Runs"),
        rows,
        more_rows(_ROWS, tests, "test"),
        texts=(_JOB,),
    )


def _test_cell(test: KnownTest) -> Cell:
    """A test, and the class or file that it is in."""
    return name_cell(test.name, visible_name(test.class_name or test.file))


def _waste_cells(waste: JobWaste, view: ReportView) -> Row:
    return [_waste_cell(each, view) for each in waste]


def _waste_cell(amount: Decimal | None, view: ReportView) -> Cell | str:
    if amount is None:
        return Cell("–", whole="no runs of this job in the period")
    return money(amount, view.currency)


def _seconds(seconds: Decimal | None) -> Cell | str:
    """Tests take less than a second more often than not."""
    if seconds is None:
        return Cell("–", whole="unknown")
    return short_duration(seconds)


def _slowest_first(each: CostedTest) -> tuple[Decimal, KnownTest]:
    measured = each.measured
    return -(measured.p95_seconds or Decimal(0)), measured.test
