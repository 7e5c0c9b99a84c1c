"""Wasted spend: failed, canceled and rerun job runs, flaky jobs, and queue time.

Runs that were canceled before they started cost nothing, and most of them do not even have a job
name; they are counted separately from those that were stopped.

Categories overlap (a rerun can also fail), so they are never summed. A rerun is a run of the same
job in the same workflow of the same pipeline, after the first; it counts whatever its outcome.
Amounts are contracted costs, before included credits: other runs would have used those. A job is
flaky when it fails and then passes in the same pipeline, in at least `FLAKY_PIPELINES` pipelines
and 3% of all: only chance differed (CircleCI calls a test flaky by the same rule, on the same
commit).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.core.columnar import (
    Cells,
    Records,
    Values,
    columns_of,
    narrowed,
    order,
    sum_frames,
)
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import scaled, to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobKey, ProjectKey
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

_AMOUNTS: Final = ("failed", "canceled", "reruns")
_STABLE: Final = ("succeeded", "recovered", "pipelines")


@dataclass(frozen=True)
class Waste:
    """What a job, a project or all together wasted.

    Attributes:
        key: the names of the job or project; empty for all together.
        failed: cost of the failed runs.
        canceled: cost of the canceled runs.
        reruns: cost of the reruns.
        failed_runs: how many.
        canceled_runs: how many, started or not.
        never_started_runs: how many of these had no machine yet, and cost nothing.
        rerun_runs: how many.
        runs: all that ended, well or not.
        queued_seconds: queue time of all runs.
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
        """The largest category, to sort by."""
        return max(self.failed + self.canceled, self.reruns)

    @property
    def stopped_runs(self) -> int:
        """Canceled runs that had started."""
        return self.canceled_runs - self.never_started_runs


@dataclass(frozen=True)
class WastedSpend:
    """Wasted spend in all, by project and by job, the largest first.

    Attributes:
        total: all together.
        projects: each project.
        jobs: each job.
        costly: the jobs that wasted any money.
        always_failing: the jobs that never succeed.
        flaky: the jobs that fail and then pass.
    """

    total: Waste
    projects: tuple[Waste, ...]
    jobs: Records[Waste]
    costly: Sequence[Waste]
    always_failing: Sequence[Waste]
    flaky: Sequence[Waste]


def find_wasted_spend(costs: Costs, reruns: Costs, run_statistics: RunStatistics) -> WastedSpend:
    """The wasted spend of a period.

    Args:
        costs: of all job runs, by `status`.
        reruns: costs of the reruns.
        run_statistics: of the same period.
    """
    places = _Places(costs.places(_MEASURE), reruns.places(_MEASURE))
    table = _table(costs, reruns, run_statistics)
    jobs = _wastes(table, JobKey._fields, places)
    (everything,) = _wastes(_summed_by(table, ()), (), places)
    project_names = ProjectKey._fields
    projects = tuple(_wastes(_summed_by(table, project_names), project_names, places))
    return _wasted_spend(everything, projects, jobs)


def wasted_by(jobs: Records[Waste]) -> WastedSpend:
    """The wasted spend of some jobs, given the largest first."""
    projects: dict[ProjectKey, Waste] = {}
    for each in jobs:
        key = JobKey(*each.key).project_key
        projects[key] = _added(projects.get(key, _nothing(key)), each)
    total = _nothing(())
    for of_project in projects.values():
        total = _added(total, of_project)
    ordered = sorted(projects.values(), key=lambda each: (-each.most, each.key))
    return _wasted_spend(total, tuple(ordered), jobs)


def _nothing(key: tuple[str, ...]) -> Waste:
    return Waste(key, ZERO, ZERO, ZERO, 0, 0, 0, 0, 0, 0)


def _added(sums: Waste, more: Waste) -> Waste:
    measures = (*_AMOUNTS, *_COUNTS)
    return replace(sums, **{name: getattr(sums, name) + getattr(more, name) for name in measures})


def _wasted_spend(total: Waste, projects: tuple[Waste, ...], jobs: Records[Waste]) -> WastedSpend:
    return WastedSpend(
        total=total,
        projects=projects,
        jobs=jobs,
        costly=jobs.where(lambda most: most != 0, "most"),
        always_failing=jobs.where(_always_fails, "named", "failed_runs", "succeeded"),
        flaky=jobs.where(_is_flaky, "named", "recovered", "pipelines"),
    )


class _Places(NamedTuple):
    """The decimal places of amounts: those of failed and canceled runs, and those of reruns."""

    ended: int
    reruns: int


def _table(costs: Costs, reruns: Costs, run_statistics: RunStatistics) -> pd.DataFrame:
    """A row per job: its key, the amounts as counts, `_COUNTS` and `_STABLE`.

    Runs without a job are under the same name as costs without one.
    """
    lines = costs.lines
    frames = [
        _measured(run_statistics.jobs, (*_COUNTS, *_STABLE)).assign(named=1),
        _measured(run_statistics.nameless, _COUNTS),
        _job_sums(lines[lines["status"] == "failed"], "failed"),
        _job_sums(lines[lines["status"] == "canceled"], "canceled"),
        _job_sums(reruns.lines, "reruns"),
    ]
    columns = [*JobKey._fields, *_AMOUNTS, *_COUNTS, *_STABLE, "named"]
    return sum_frames(frames, JobKey._fields).reindex(columns=columns, fill_value=0)


def _measured(jobs: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Counts of jobs, under the names that they have here."""
    counts = {name: jobs[_COLUMNS.get(name, name)].astype("int64") for name in names}
    return jobs[[*JobKey._fields]].assign(**counts)


def _job_sums(lines: pd.DataFrame, name: str) -> pd.DataFrame:
    """The cost of each job, under a new name."""
    sums = sum_by(lines, JobKey._fields, [_MEASURE])
    return sums.rename(columns={_MEASURE: name}).reset_index()


def _summed_by(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows summed by some names of the jobs' keys."""
    measures = [*_AMOUNTS, *_COUNTS]
    if keys:
        return sum_by(table, keys, measures, sort=False).reset_index()
    return pd.DataFrame({name: [int(table[name].sum())] for name in measures}, dtype="object")


def _wastes(table: pd.DataFrame, keys: Sequence[str], places: _Places) -> Records[Waste]:
    """The rows as records, the largest waste first."""
    finest = max(places)
    not_succeeded = (table["failed"] + table["canceled"]).to_numpy()
    reruns = scaled(table["reruns"].to_numpy(), finest - places.reruns)
    table = table.assign(most=np.maximum(scaled(not_succeeded, finest - places.ended), reruns))
    rows = order(table, ("most", "queued_seconds"), keys)
    others = table.columns.difference([*keys])
    counts = [name for name in (*_COUNTS, *_STABLE, "named") if name in table]
    columns = columns_of(narrowed(table, counts), [*keys, *_AMOUNTS, *_COUNTS, *others])

    def waste(values: Cells) -> Waste:
        return _waste(values[: len(keys)], values[len(keys) :], places)

    return Records(waste, columns, rows)


def _waste(key: tuple[str, ...], measures: Cells, places: _Places) -> Waste:
    """What was wasted, given `_AMOUNTS` and `_COUNTS` in their order."""
    failed, canceled, reruns = measures[: len(_AMOUNTS)]
    counts = measures[len(_AMOUNTS) : len(_AMOUNTS) + len(_COUNTS)]
    return Waste(
        key=key,
        failed=to_decimal(failed, places.ended),
        canceled=to_decimal(canceled, places.ended),
        reruns=to_decimal(reruns, places.reruns),
        **dict(zip(_COUNTS, counts, strict=True)),
    )


def _always_fails(named: Values, failed_runs: Values, succeeded: Values) -> Values:
    flags: Values = (named > 0) & (failed_runs >= ENOUGH_RUNS) & (succeeded == 0)
    return flags


def _is_flaky(named: Values, recovered: Values, pipelines: Values) -> Values:
    flags: Values = (
        (named > 0) & (recovered >= FLAKY_PIPELINES) & (recovered >= FLAKY_SHARE * pipelines)
    )
    return flags
