"""How long workflows and jobs take and how reliable they are, as CircleCI Insights shows it.

Percentiles are computed in the heavy pass, exact over the rows (`run_statistics`), and left out where they would be from
too few runs (`evidence`). The success rate is that of Insights: successful runs of all runs but the canceled ones
(circleci.com/docs/insights-glossary). A run that is on hold is one of all runs and no success; so it is counted apart
too, for whoever wonders about the rate.
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
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.usage.job_run_rules import JOB_KEYS, WORKFLOW_KEYS
from circleci_usage.usage.run_statistics import RunStatistics


@dataclass(frozen=True)
class DurationStats:
    """A workflow or a job.

    Attributes:
        key: the values of `performance.WORKFLOW_KEYS` or `JOB_KEYS`.
        runs: that ended, or are on hold.
        succeeded: those that ended well.
        canceled: those that somebody stopped; of a workflow, any of whose jobs were.
        never_started: those of the canceled ones that had no machine yet.
        on_hold: those of which a job still waits, mostly for an approval; None of jobs.
        running: others that have not ended, which are not among the runs; None of jobs.
        p50_seconds: half of the runs took as long or less; None where no times are known.
        p95_seconds: 95 of 100 runs took as long or less; None where these are too few.
        p50_queued: likewise the seconds until the start, None where the export has no times; of jobs only.
        p95_queued: likewise.
        credits: all that it used.
        cost: what they cost.
    """

    key: tuple[str, ...]
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
        """A share; None when all runs were canceled."""
        finished = self.runs - self.canceled
        return ratio(Decimal(self.succeeded), Decimal(finished)) if finished else None


@dataclass(frozen=True)
class Durations:
    """All workflows and jobs that ran, the dearest first."""

    workflows: Sequence[DurationStats]
    jobs: Sequence[DurationStats]


def durations(costs: Costs, run_statistics: RunStatistics) -> Durations:
    """Join what was measured with what it cost.

    Args:
        costs: of the period.
        run_statistics: of the same period.
    """
    return Durations(
        _paces(run_statistics.workflows, WORKFLOW_KEYS, costs),
        _paces(run_statistics.jobs, JOB_KEYS, costs),
    )


def _paces(measured: pd.DataFrame, keys: tuple[str, ...], costs: Costs) -> Records[DurationStats]:
    places = costs.places("credits"), costs.places("cost")
    sums = costs.lines.groupby([*keys], observed=True)[["credits", "cost"]].sum()
    amounts = found_in(sums, measured[[*keys]])
    table = measured.assign(credits=amounts["credits"].to_numpy(), cost=amounts["cost"].to_numpy())
    others = [*table.columns.difference([*keys], sort=False)]

    def duration_stats(values: Cells) -> DurationStats:
        return _pace(
            values[: len(keys)], dict(zip(others, values[len(keys) :], strict=True)), places
        )

    return Records(
        duration_stats, columns_of(table, [*keys, *others]), order(table, ("cost", "runs"), keys)
    )


def _pace(key: tuple[str, ...], row: Mapping[str, Any], places: tuple[int, int]) -> DurationStats:
    return DurationStats(
        key=key,
        runs=int(row["runs"]),
        succeeded=int(row["succeeded"]),
        canceled=int(row["canceled"]),
        never_started=int(row["never_started"]),
        on_hold=_count(row, "on_hold"),
        running=_count(row, "running"),
        p50_seconds=_known(row, "p50_seconds"),
        p95_seconds=_p95(row, "seconds"),
        p50_queued=_known(row, "p50_queued"),
        p95_queued=_p95(row, "queued"),
        credits=to_decimal(row["credits"], places[0]),
        cost=to_decimal(row["cost"], places[1]),
    )


def _count(row: Mapping[str, Any], name: str) -> int | None:
    return int(row[name]) if name in row else None


def _p95(row: Mapping[str, Any], unit: str) -> float | None:
    value = _known(row, f"p95_{unit}")
    return None if value is None else p95(value, int(row[f"runs_with_{unit}"]))


def _known(row: Mapping[str, Any], name: str) -> float | None:
    number = float(row.get(name, nan))
    return None if isnan(number) else number
