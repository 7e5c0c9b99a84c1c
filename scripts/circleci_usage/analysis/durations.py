"""Duration and success rate of workflows and jobs, as CircleCI Insights shows them.

Percentiles are computed exactly over the rows (`run_statistics`), and left out where there are too
few runs (`evidence`). The success rate is that of Insights: successful runs as a share of all runs,
excluding canceled ones (circleci.com/docs/insights-glossary). A run that is on hold counts as a run
and not as a success, so runs on hold are also counted separately.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isnan, nan
from typing import Any

import pandas as pd

from circleci_usage.analysis.evidence import p95
from circleci_usage.core.columnar import Cells, Records, columns_of, found_in, order
from circleci_usage.core.decimals import ratio
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobKey, WorkflowKey
from circleci_usage.usage.run_statistics import RunStatistics


@dataclass(frozen=True)
class DurationStats:
    """The runs of a workflow or a job.

    Attributes:
        key: the workflow or the job.
        runs: that ended, or are on hold.
        succeeded: those that ended well.
        canceled: those that somebody stopped; for a workflow, those with a canceled job.
        never_started: those of the canceled runs that had no machine yet.
        on_hold: runs in which a job still waits, mostly for an approval; None for jobs.
        running: other runs that have not ended, which are not among `runs`; None for jobs.
        p50_seconds: 50% of the runs finished within this time; None where no times are known.
        p95_seconds: 95% of the runs finished within this time; None where there are too few.
        p50_queued: 50% of the runs started within this time; None for workflows, and where the
            export has no times.
        p95_queued: likewise.
        credits: all that it used.
        cost: what they cost.
    """

    key: WorkflowKey | JobKey
    runs: int
    succeeded: int
    canceled: int
    never_started: int
    on_hold: int | None
    running: int | None
    p50_seconds: float | None
    p95_seconds: float | None
    p50_queued: float | None
    p95_queued: float | None
    credits: Decimal
    cost: Decimal

    @property
    def success_rate(self) -> Decimal | None:
        """Successful runs as a share of those that were not canceled; None when all were."""
        return success_rate(self.succeeded, self.runs, self.canceled)


@dataclass(frozen=True)
class Durations:
    """All workflows and jobs that ran, the most expensive first."""

    workflows: Sequence[DurationStats]
    jobs: Sequence[DurationStats]


def success_rate(succeeded: int, runs: int, canceled: int) -> Decimal | None:
    """Successful runs as a share of those that were not canceled; None when all were.

    >>> success_rate(3, runs=5, canceled=1), success_rate(0, runs=2, canceled=2)
    (Decimal('0.750000'), None)
    """
    finished = runs - canceled
    return ratio(Decimal(succeeded), Decimal(finished)) if finished else None


def durations(costs: Costs, run_statistics: RunStatistics) -> Durations:
    """Run statistics joined with costs.

    Args:
        costs: of the period.
        run_statistics: of the same period.
    """
    return Durations(
        _duration_stats(run_statistics.workflows, WorkflowKey, costs),
        _duration_stats(run_statistics.jobs, JobKey, costs),
    )


def _duration_stats(
    measured: pd.DataFrame, key: type[WorkflowKey | JobKey], costs: Costs
) -> Records[DurationStats]:
    """The rows of run statistics with their costs, the most expensive first."""
    names = [*key._fields]
    places = costs.places("credits"), costs.places("cost")
    amounts = found_in(sum_by(costs.lines, names, ["credits", "cost"]), measured[names])
    table = measured.assign(credits=amounts["credits"].to_numpy(), cost=amounts["cost"].to_numpy())
    others = [*table.columns.difference(names, sort=False)]

    def record(values: Cells) -> DurationStats:
        row = dict(zip(others, values[len(names) :], strict=True))
        return _record(key(*values[: len(names)]), row, places)

    columns = columns_of(table, [*names, *others])
    return Records(record, columns, order(table, ("cost", "runs"), names))


def _record(
    key: WorkflowKey | JobKey, row: Mapping[str, Any], places: tuple[int, int]
) -> DurationStats:
    return DurationStats(
        key=key,
        runs=int(row["runs"]),
        succeeded=int(row["succeeded"]),
        canceled=int(row["canceled"]),
        never_started=int(row["never_started"]),
        on_hold=_count(row, "on_hold"),
        running=_count(row, "running"),
        p50_seconds=known_number(row, "p50_seconds"),
        p95_seconds=known_p95(row, "seconds"),
        p50_queued=known_number(row, "p50_queued"),
        p95_queued=known_p95(row, "queued"),
        credits=to_decimal(row["credits"], places[0]),
        cost=to_decimal(row["cost"], places[1]),
    )


def _count(row: Mapping[str, Any], name: str) -> int | None:
    return int(row[name]) if name in row else None


def known_p95(row: Mapping[str, Any], unit: str) -> float | None:
    """The p95 of `seconds` or `queued` in a row of run statistics; None from too few runs."""
    value = known_number(row, f"p95_{unit}")
    return None if value is None else p95(value, int(row[f"runs_with_{unit}"]))


def known_number(row: Mapping[str, Any], name: str) -> float | None:
    """A number in a row of run statistics; None where it has none."""
    number = float(row.get(name, nan))
    return None if isnan(number) else number
