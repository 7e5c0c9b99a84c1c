"""Tables of tests, by Insights: flaky tests, and the slowest and most failed ones."""

from collections.abc import Iterable
from typing import Final

from circleci_usage.analysis.breakdowns import JOB
from circleci_usage.analysis.insights_tests import CostedFlakyTest, CostedTest
from circleci_usage.insights.lookups import KnownTest
from circleci_usage.report_folder.columns import (
    CatalogTable,
    count,
    dimensions,
    exact,
    money,
    text,
)
from circleci_usage.report_folder.table import Row, Table

_EMPTY: Final = "Empty without `--insights`."
_TEST: Final = (
    *dimensions(JOB),
    text("test", "Name of the test."),
    text("class_name", "Class that it belongs to; empty where that is not known."),
    text("file", "File that it is in; empty where that is not known."),
)
JOB_WASTE: Final = (
    money(
        "job_failed",
        "Contracted cost of all failed runs of the job in the period; the same in each line of a"
        " job. Empty if it has no runs.",
    ),
    money("job_reruns", "The same of all reruns of the job, whatever their outcome."),
)
WASTE_OF_JOBS: Final = (
    money("job_failed", "Contracted cost of all failed runs of these jobs, each counted once."),
    money("job_reruns", "Contracted cost of all reruns of these jobs, each counted once."),
)
"""Of several jobs together; the two overlap, so they do not sum to a total."""

FLAKY_TESTS: Final = CatalogTable(
    "flaky_tests",
    "Flaky tests",
    f"A test that passed and failed on the same commit within the last two weeks. {_EMPTY}",
    (*_TEST, count("times_flaked", "times", "How often it flaked."), *JOB_WASTE),
)
TEST_METRICS: Final = CatalogTable(
    "test_metrics",
    "Failing and slow tests",
    "A test among the most failed or the slowest of the latest ten runs of a workflow, on any"
    f" branch. {_EMPTY}",
    (
        *_TEST,
        count("runs", "runs", "How often it ran."),
        count("failed_runs", "runs", "How often it failed."),
        exact("p95_seconds", "seconds", "95% of its runs finished within this time."),
        text("flaky", "Whether CircleCI calls it flaky: yes or no."),
        text("among", "What it is among: failing, slow, or both as `failing, slow`."),
        *JOB_WASTE,
    ),
)


def flaky_tests_table(tests: Iterable[CostedFlakyTest]) -> Table:
    """The flaky tests."""
    return Table(FLAKY_TESTS, (_flaky_row(each) for each in tests))


def test_metrics_table(tests: Iterable[CostedTest]) -> Table:
    """The slowest and the most failed tests."""
    return Table(TEST_METRICS, (_measured_row(each) for each in tests))


def _flaky_row(each: CostedFlakyTest) -> Row:
    return (*each.job, *_named(each.flaky.test), each.flaky.times_flaked, *each.waste)


def _measured_row(each: CostedTest) -> Row:
    measured = each.measured
    among = {"failing": measured.is_failing, "slow": measured.is_slow}
    return (
        *each.job,
        *_named(measured.test),
        measured.runs,
        measured.failed_runs,
        measured.p95_seconds,
        "yes" if measured.is_flaky else "no",
        ", ".join(name for name, is_one in among.items() if is_one),
        *each.waste,
    )


def _named(test: KnownTest) -> tuple[str, str | None, str | None]:
    return test.name, test.class_name or None, test.file or None
