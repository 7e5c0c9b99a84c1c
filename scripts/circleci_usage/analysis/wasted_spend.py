"""What was paid for nothing: runs that failed or were canceled, runs again, jobs that always fail, and time queued.

Runs that were canceled before they started cost nothing, and most of them do not even tell their job; they are counted,
and told apart from those that were stopped.

The kinds overlap on purpose, a run again may fail too, and are therefore never added up. A run again is one of the same
job in the same workflow of the same pipeline, after the first; it counts whatever became of it. All is shown at its
contracted price, before included credits: they would have been there for other runs. A job is flaky when it
fails and then passes in the same pipeline, in at least `FLAKY_PIPELINES` pipelines and 3% of all: nothing but chance
differed (CircleCI calls a test flaky by the same rule, on the same commit).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from circleci_usage.analysis.breakdowns import JOB, PROJECT
from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.core.columnar import Cells, Records, Values, columns_of, order, summed
from circleci_usage.core.scaled_integers import scaled, to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.usage.run_statistics import RunStatistics

FLAKY_PIPELINES: Final = 5
FLAKY_SHARE: Final = 0.03

_MEASURE: Final = "contracted_cost"

_COUNTS: Final = (
    "failed_runs",
    "canceled_runs",
    "never_started_runs",
    "rerun_runs",
    "runs",
    "queued_seconds",
)
_COLUMNS: Final = {
    "failed_runs": "failed",
    "canceled_runs": "canceled",
    "never_started_runs": "never_started",
    "rerun_runs": "reruns",
}

_AMOUNTS: Final = ("failed", "canceled", "again")
_STABLE: Final = ("succeeded", "recovered", "pipelines")
_FIELDS: Final = len(_AMOUNTS) + len(_COUNTS)


@dataclass(frozen=True)
class Waste:
    """What a job, a project or everything wasted.

    Attributes:
        key: the values of `analysis.totals.JOB` or `PROJECT`; empty for everything.
        failed: cost of the failed runs.
        canceled: cost of the canceled runs.
        reruns: cost of the runs again.
        failed_runs: how many.
        canceled_runs: how many, started or not.
        never_started_runs: how many of these had no machine yet, and cost nothing.
        rerun_runs: how many.
        runs: all that ended, well or not.
        queued_seconds: from being queued to being started, over all runs.
    """

    key: tuple[str, ...]
    failed: Decimal
    canceled: Decimal
    reruns: Decimal
    failed_runs: int
    canceled_runs: int
    never_started_runs: int
    rerun_runs: int
    runs: int
    queued_seconds: int

    @property
    def most(self) -> Decimal:
        """The largest of the kinds, to order by."""
        return max(self.failed + self.canceled, self.reruns)

    @property
    def stopped_runs(self) -> int:
        """Canceled runs that had started."""
        return self.canceled_runs - self.never_started_runs


@dataclass(frozen=True)
class WastedSpend:
    """Waste in all, by project and by job, the largest first.

    `costly` (that wasted any money), `always_failing` and `flaky` are jobs of `jobs`, in the same order.
    """

    total: Waste
    projects: tuple[Waste, ...]
    jobs: Sequence[Waste]
    costly: Sequence[Waste]
    always_failing: Sequence[Waste]
    flaky: Sequence[Waste]


def find_wasted_spend(costs: Costs, reruns: Costs, run_statistics: RunStatistics) -> WastedSpend:
    """Waste of a period.

    Args:
        costs: of all job runs, by `status`.
        reruns: of the runs again.
        run_statistics: of the same period.
    """
    places = _Places(costs.places(_MEASURE), reruns.places(_MEASURE))
    table = _table(costs, reruns, run_statistics)
    jobs = _wastes(table, JOB, places)
    (everything,) = _wastes(_added(table, ()), (), places)
    return WastedSpend(
        total=everything,
        projects=tuple(_wastes(_added(table, PROJECT), PROJECT, places)),
        jobs=jobs,
        costly=jobs.where(lambda most: most != 0, "most"),
        always_failing=jobs.where(_always_fails, "named", "failed_runs", "succeeded"),
        flaky=jobs.where(_is_flaky, "named", "recovered", "pipelines"),
    )


class _Places(NamedTuple):
    """Amounts are whole numbers of 10^-places: those of failed and canceled runs, and those of runs again."""

    once: int
    again: int


def _table(costs: Costs, reruns: Costs, run_statistics: RunStatistics) -> pd.DataFrame:
    """A row per job: `JOB`, the amounts as counts, `_COUNTS`, and what tells whether the job fails or is flaky.

    Runs without a job stand under the name that costs without one have.
    """
    lines = costs.lines
    amounts = [_sum(lines[lines["status"] == status], status) for status in ("failed", "canceled")]
    jobs = _measured(run_statistics.jobs, (*_COUNTS, *_STABLE)).assign(named=1)
    nameless = _measured(run_statistics.nameless, _COUNTS)
    return summed([jobs, nameless, *amounts, _sum(reruns.lines, "again")], JOB).reindex(
        columns=[*JOB, *_AMOUNTS, *_COUNTS, *_STABLE, "named"], fill_value=0
    )


def _measured(jobs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Counts of jobs, by the names that they have here."""
    counts = {name: jobs[_COLUMNS.get(name, name)].astype("int64") for name in names}
    return jobs[[*JOB]].assign(**counts)


def _sum(lines: pd.DataFrame, name: str) -> pd.DataFrame:
    return lines.groupby([*JOB], observed=True)[_MEASURE].sum().rename(name).reset_index()


def _added(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Waste added up by some names of the jobs' keys."""
    measures = [*_AMOUNTS, *_COUNTS]
    if keys:
        return table.groupby([*keys], sort=False)[measures].sum().reset_index()
    return pd.DataFrame({name: [int(table[name].sum())] for name in measures}, dtype="object")


def _wastes(table: pd.DataFrame, keys: Sequence[str], places: _Places) -> Records[Waste]:
    """The rows in their order."""
    finest = max(places)
    stopped = scaled((table["failed"] + table["canceled"]).to_numpy(), finest - places.once)
    again = scaled(table["again"].to_numpy(), finest - places.again)
    table = table.assign(most=np.maximum(stopped, again))
    rows = order(table, ("most", "queued_seconds"), keys)

    def waste(values: Cells) -> Waste:
        names, (failed, canceled, reruns, *counts) = (
            values[: len(keys)],
            values[len(keys) : len(keys) + _FIELDS],
        )
        return Waste(
            names,
            to_decimal(failed, places.once),
            to_decimal(canceled, places.once),
            to_decimal(reruns, places.again),
            **dict(zip(_COUNTS, counts, strict=True)),
        )

    return Records(
        waste,
        columns_of(table, [*keys, *_AMOUNTS, *_COUNTS, *table.columns.difference([*keys])]),
        rows,
    )


def _always_fails(named: Values, failed_runs: Values, succeeded: Values) -> Values:
    flags: Values = (named > 0) & (failed_runs >= ENOUGH_RUNS) & (succeeded == 0)
    return flags


def _is_flaky(named: Values, recovered: Values, pipelines: Values) -> Values:
    flags: Values = (
        (named > 0) & (recovered >= FLAKY_PIPELINES) & (recovered >= FLAKY_SHARE * pipelines)
    )
    return flags
