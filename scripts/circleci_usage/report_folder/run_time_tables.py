"""Tables of runs over time: workflows and jobs by day, week and month, and the latest runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from circleci_usage.analysis.breakdowns import JOB, WORKFLOW
from circleci_usage.analysis.recent_runs import RecentRuns
from circleci_usage.analysis.run_time_lines import job_lines, workflow_lines
from circleci_usage.analysis.runs_over_time import RunsOverTime
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.periods import Period
from circleci_usage.report_folder.columns import (
    CREDITS,
    CatalogTable,
    Column,
    count,
    day,
    dimension,
    dimensions,
    money,
    number,
    share,
    text,
)
from circleci_usage.report_folder.table import LinesTable, Row, Table
from circleci_usage.usage.chosen_names import RECENT_RUNS
from circleci_usage.usage.job_run_rules import GRAINS

_OF_WORKFLOWS: Final = (
    count("runs", "runs", "Runs that ended or are on hold; 0 for charges without such a run."),
    count("succeeded", "runs", "Successful runs."),
    count("failed", "runs", "Runs that were neither successful nor canceled nor on hold."),
    count("canceled", "runs", "Canceled runs."),
    count("on_hold", "runs", "Runs that wait, mostly for approval."),
)
_OF_JOBS: Final = (
    count("runs", "runs", "Runs that ended; 0 for charges without such a run."),
    count("succeeded", "runs", "Successful runs."),
    count("failed", "runs", "Failed runs."),
    count("canceled", "runs", "Canceled runs."),
)
_RATES: Final = (
    share("success_rate", "Successful runs ÷ (all − canceled runs); empty if there are none."),
    number("p50_seconds", "seconds", "50% of runs finished within this time."),
    number("p95_seconds", "seconds", "95% of runs finished within this time; empty for few runs."),
)
_QUEUE: Final = (
    number("p50_queued_seconds", "seconds", "50% of runs started within this time."),
    number("p95_queued_seconds", "seconds", "95% of runs started within this time."),
    count("queued_seconds", "seconds", "Queue time of all runs; no credits are charged."),
)
_AMOUNTS: Final = (CREDITS, money("cost", "What is charged for them."))

_SPANS: Final[Mapping[str, tuple[Column, ...]]] = {
    "day": (dimension("date"),),
    "week": (
        day("from", "First day of the week (Monday) that is in the period."),
        day("to", "Last day of the week (Sunday) that is in the period."),
    ),
    "month": (
        day("from", "First day of the month that is in the period."),
        day("to", "Last day of the month that is in the period."),
    ),
}


def _described(grain: str, of_what: str, columns: Sequence[Column]) -> CatalogTable:
    """`workflow_days` and the others: all have the same columns for the same things."""
    when = "on a day" if grain == GRAINS[0] else f"in a {grain}"
    return CatalogTable(
        f"{of_what}_{grain}s",
        f"Runs over time: {of_what}s by {grain}",
        f"A {of_what} {when}. Charges without a {of_what}, such as seats, are under `(none)`,"
        " so that all lines sum to the cost of the period.",
        (*_SPANS[grain], *columns),
    )


_WORKFLOW_COLUMNS: Final = (*dimensions(WORKFLOW), *_OF_WORKFLOWS, *_RATES, *_AMOUNTS)
_JOB_COLUMNS: Final = (*dimensions(JOB), *_OF_JOBS, *_RATES, *_QUEUE, *_AMOUNTS)

WORKFLOW_TIMES: Final = {
    grain: _described(grain, "workflow", _WORKFLOW_COLUMNS) for grain in GRAINS
}
JOB_TIMES: Final = {grain: _described(grain, "job", _JOB_COLUMNS) for grain in GRAINS}

RECENT: Final = CatalogTable(
    "recent_runs",
    "Recent runs",
    f"One of the latest {RECENT_RUNS} runs of the workflows with the most credits.",
    (
        *dimensions(WORKFLOW),
        day("date", "UTC day on which the run began."),
        count("position", "", "Position in time: 0 is the oldest run of the workflow listed here."),
        text("outcome", "`succeeded`, `failed`, `canceled`, `on_hold` or `running`."),
        number("seconds", "seconds", "From the start of the first job to the end."),
        text("branch", "Branch that the pipeline ran for; empty for tags."),
        count("pipeline_number", "", "Number of the pipeline in its project."),
    ),
)

RUN_TIME_TABLES: Final = (*WORKFLOW_TIMES.values(), *JOB_TIMES.values(), RECENT)


def run_time_tables(found: RunsOverTime, period: Period) -> Iterator[LinesTable]:
    """Workflows by day, week and month, then jobs."""
    for grain, described in WORKFLOW_TIMES.items():
        yield _table(described, workflow_lines(found, grain, period), grain)
    for grain, described in JOB_TIMES.items():
        yield _table(described, job_lines(found, grain, period), grain)


def _table(described: CatalogTable, lines: ScaledLines, grain: str) -> LinesTable:
    """Days have their first day only."""
    counts = lines.counts.drop(columns="last") if grain == GRAINS[0] else lines.counts
    named = counts.set_axis([*described.column_names], axis="columns")
    return LinesTable(described, replace(lines, counts=named))


def recent_runs_table(found: Iterable[RecentRuns]) -> Table:
    """The latest runs of each workflow, the oldest first."""
    return Table(RECENT, _recent_rows(found))


def _recent_rows(found: Iterable[RecentRuns]) -> Iterator[Row]:
    for workflow in found:
        for run in workflow.runs:
            yield (
                *workflow.key,
                run.day,
                run.position,
                run.outcome,
                run.seconds,
                run.branch,
                run.pipeline_number,
            )
