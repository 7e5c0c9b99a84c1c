"""Tables of what changed: cost anomalies, the previous period, the trend."""

from collections.abc import Iterable, Iterator
from typing import Final

from circleci_usage.analysis.anomalies import Anomaly
from circleci_usage.analysis.breakdowns import JOB, PROJECT
from circleci_usage.analysis.period_comparison import Change
from circleci_usage.analysis.trend import Trend, TrendPeriod
from circleci_usage.report_folder.columns import (
    CatalogTable,
    count,
    day,
    dimensions,
    money,
    text,
)
from circleci_usage.report_folder.table import Row, Table

ANOMALIES: Final = CatalogTable(
    "anomalies",
    "Cost anomalies",
    "A day on which a project, a job, or all projects together cost far more than expected.",
    (
        day("date", "The day."),
        *dimensions(PROJECT),
        money("expected", "Expected cost of the subject."),
        money("actual", "Its actual cost."),
        text("workflow", "Workflow of the main driver; empty if no single job increased."),
        text("job", "The main driver: the job with the largest increase."),
        money("job_expected", "The main driver's expected cost."),
        money("job_actual", "The main driver's actual cost."),
        money("excess", "Actual minus expected."),
        text("subject", "What increased: `project`, `job` or `all`."),
    ),
)

CHANGE: Final = (
    money("before", "Cost in the previous period."),
    money("after", "Cost in this period."),
    money("difference", "After minus before."),
    money(
        "by_runs",
        "Volume effect: change at the previous cost per run; the rest is the rate effect.",
    ),
    count("job_runs_before", "job runs", "Job runs in the previous period."),
    count("job_runs_after", "job runs", "Job runs in this period."),
    money("before_a_day", "Average daily cost in the previous period, excluding seats."),
    money("after_a_day", "Average daily cost in this period, excluding seats."),
    money("difference_a_day", "Difference of the two."),
    count("started_runs_before", "job runs", "Previous runs that took time or cost something."),
    count("started_runs_after", "job runs", "Runs in this period that did."),
)

CHANGES_BY_PROJECT: Final = CatalogTable(
    "changes_by_project",
    "Change vs. previous period by project",
    "A project's cost in both periods, over the days that are complete in both.",
    (*dimensions(PROJECT), *CHANGE),
)
CHANGES_BY_JOB: Final = CatalogTable(
    "changes_by_job",
    "Change vs. previous period by job",
    "A job's cost in both periods, over the days that are complete in both.",
    (*dimensions(JOB), *CHANGE),
)

TREND: Final = CatalogTable(
    "trend",
    "Trend",
    "A week (from Monday, without seats) or a calendar month (with seats).",
    (
        text("stretch", "`week` or `month`."),
        day("from", "First known day of it."),
        day("to", "Last known day of it."),
        money("cost", "Its cost."),
        money("cost_a_day", "Average daily cost; empty for a single day."),
        text("whole", "`yes` where all of its days are known, else `no`."),
    ),
)


def anomalies_table(anomalies: Iterable[Anomaly]) -> Table:
    """Cost anomalies of projects, of jobs, and of all projects together."""
    return Table(ANOMALIES, (_anomaly_row(each) for each in anomalies))


def _anomaly_row(anomaly: Anomaly) -> Row:
    project = anomaly.project or (None,) * len(PROJECT)
    driver = anomaly.main_driver
    of_driver: Row = (None, None, None, None)
    if driver:
        of_driver = (driver.workflow, driver.job, driver.expected, driver.actual)
    amounts = (anomaly.expected, anomaly.actual)
    return (anomaly.day, *project, *amounts, *of_driver, anomaly.excess, anomaly.subject)


def changes_table(described: CatalogTable, changes: Iterable[Change]) -> Table:
    """Changes of projects or of jobs, as one of the two tables of the catalog."""
    return Table(described, ((*each.key, *change_row(each)) for each in changes))


def change_row(change: Change) -> Row:
    """The values of the columns `CHANGE`."""
    return (
        change.before,
        change.after,
        change.difference,
        change.volume_effect,
        change.runs_before,
        change.runs_after,
        change.before_per_day,
        change.after_per_day,
        change.difference_per_day,
        change.started_before,
        change.started_after,
    )


def trend_table(trend: Trend | None) -> Table:
    """The weeks, then the months; empty where nothing is known."""
    return Table(TREND, _trend_rows(trend) if trend else ())


def _trend_rows(trend: Trend) -> Iterator[Row]:
    for week in trend.weeks:
        yield _trend_row("week", week)
    for month in trend.months:
        yield _trend_row("month", month)


def _trend_row(kind: str, each: TrendPeriod) -> Row:
    whole = "yes" if each.is_whole else "no"
    return kind, each.days.first, each.days.last, each.cost, each.daily, whole
