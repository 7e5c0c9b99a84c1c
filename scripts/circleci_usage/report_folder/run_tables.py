"""Tables of job runs: wasted spend, duration and success rate, non-compute costs."""

from collections.abc import Iterable, Iterator
from typing import Final

from circleci_usage.analysis.breakdowns import JOB, WORKFLOW
from circleci_usage.analysis.durations import DurationStats
from circleci_usage.analysis.noncompute import NonComputeCost
from circleci_usage.analysis.wasted_spend import Waste
from circleci_usage.report_folder.columns import (
    CREDITS,
    CatalogTable,
    count,
    dimension,
    dimensions,
    money,
    number,
    share,
)
from circleci_usage.report_folder.table import Row, Table

WASTE_AMOUNTS: Final = (
    money("failed", "Contracted cost of failed runs."),
    money("canceled", "Contracted cost of canceled runs."),
    money("reruns", "Contracted cost of reruns in the same pipeline."),
    count("job_runs", "job runs", "All runs that ended."),
    count("failed_runs", "job runs", "Failed runs."),
    count("canceled_runs", "job runs", "Canceled runs."),
    count("never_started_runs", "job runs", "Runs canceled before they started, at no cost."),
    count("rerun_runs", "job runs", "Reruns."),
    count("queued_seconds", "seconds", "Queue time of all runs; no credits are charged."),
)

WASTE: Final = CatalogTable(
    "waste",
    "Wasted spend",
    "A job. Categories overlap (a rerun can also fail), so they do not sum to a total.",
    (*dimensions(JOB), *WASTE_AMOUNTS),
)

_DURATIONS: Final = (
    count("runs", "runs", "Runs that ended or are on hold."),
    count("succeeded", "runs", "Successful runs."),
    count("canceled", "runs", "Canceled runs."),
    count("never_started", "runs", "Runs canceled before they started."),
    count("on_hold", "runs", "Runs that wait, mostly for approval; empty for jobs."),
    count("running", "runs", "Runs that have not ended and are not in `runs`; empty for jobs."),
    share("success_rate", "Successful runs ÷ (all − canceled runs); empty if all were canceled."),
    number("p50_seconds", "seconds", "50% of runs finished within this time."),
    number("p95_seconds", "seconds", "95% of runs finished within this time; empty for few runs."),
    number("p50_queued_seconds", "seconds", "50% of runs started within this time; jobs only."),
    number("p95_queued_seconds", "seconds", "95% of runs started within this time; jobs only."),
    CREDITS,
    money("cost", "What is charged for them."),
)

WORKFLOW_DURATIONS: Final = CatalogTable(
    "workflow_durations",
    "Duration and success rate of workflows",
    "A workflow.",
    (*dimensions(WORKFLOW), *_DURATIONS),
)
JOB_DURATIONS: Final = CatalogTable(
    "job_durations", "Duration and success rate of jobs", "A job.", (*dimensions(JOB), *_DURATIONS)
)

EXTRA_COSTS: Final = CatalogTable(
    "extra_costs",
    "Non-compute costs",
    "A job and what it cost in a credit type that is not compute: the most expensive of each type.",
    (
        dimension("credit_type"),
        *dimensions(JOB),
        money("cost", "What is charged for these credits."),
    ),
)


def waste_table(wastes: Iterable[Waste]) -> Table:
    """What jobs wasted."""
    return Table(WASTE, (_waste_row(each) for each in wastes))


def _waste_row(waste: Waste) -> Row:
    return (*waste.key, *waste_amounts(waste))


def waste_amounts(waste: Waste) -> Row:
    """The values of the columns `WASTE_AMOUNTS`."""
    return (
        waste.failed,
        waste.canceled,
        waste.reruns,
        waste.runs,
        waste.failed_runs,
        waste.canceled_runs,
        waste.never_started_runs,
        waste.rerun_runs,
        waste.queued_seconds,
    )


def durations_table(described: CatalogTable, every: Iterable[DurationStats]) -> Table:
    """Duration and success rate, of workflows or of jobs."""
    return Table(described, (_duration_row(each) for each in every))


def _duration_row(stats: DurationStats) -> Row:
    return (
        *stats.key,
        stats.runs,
        stats.succeeded,
        stats.canceled,
        stats.never_started,
        stats.on_hold,
        stats.running,
        stats.success_rate,
        stats.p50_seconds,
        stats.p95_seconds,
        stats.p50_queued,
        stats.p95_queued,
        stats.credits,
        stats.cost,
    )


def extra_costs_table(costs: Iterable[NonComputeCost]) -> Table:
    """The jobs behind each credit type that is not compute."""
    return Table(EXTRA_COSTS, _extra_rows(costs))


def _extra_rows(costs: Iterable[NonComputeCost]) -> Iterator[Row]:
    for cost_of_type in costs:
        for key, cost in cost_of_type.jobs:
            yield (cost_of_type.credit_type, *key, cost)
