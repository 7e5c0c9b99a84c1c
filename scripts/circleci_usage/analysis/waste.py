"""What was paid for nothing: runs that failed or were canceled, runs again, jobs that always fail, and time queued.

The kinds overlap on purpose, a run again may fail too, and are therefore never added up. A run again is one of the same
job in the same workflow of the same pipeline, after the first; it counts whatever became of it. All is shown at its
contracted price, before included credits: they would have been there for other runs. A job is flaky when it
fails and then passes in the same pipeline, in at least `FLAKY_PIPELINES` pipelines and 3% of all: nothing but chance
differed (CircleCI calls a test flaky by the same rule, on the same commit).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.totals import JOB, PROJECT
from circleci_usage.costs import Costs
from circleci_usage.exact import exact_arithmetic
from circleci_usage.performance import Performance
from circleci_usage.units import to_decimal

ENOUGH_RUNS: Final = 5
"""Fewer runs than that say nothing about a job."""

FLAKY_PIPELINES: Final = 5
FLAKY_SHARE: Final = 0.03

_MEASURE: Final = "contracted_cost"

_JobKey = tuple[str, ...]


@dataclass(frozen=True)
class Waste:
    """What a job, a project or everything wasted.

    Attributes:
        key: the values of `analysis.totals.JOB` or `PROJECT`; empty for everything.
        failed: cost of the failed runs.
        canceled: cost of the canceled runs.
        reruns: cost of the runs again.
        failed_runs: how many.
        canceled_runs: how many.
        rerun_runs: how many.
        runs: all that ended, well or not.
        queued_seconds: from being queued to being started, over all runs.
    """

    key: _JobKey
    failed: Decimal
    canceled: Decimal
    reruns: Decimal
    failed_runs: int
    canceled_runs: int
    rerun_runs: int
    runs: int
    queued_seconds: int

    @property
    def most(self) -> Decimal:
        """The largest of the kinds, to order by."""
        return max(self.failed + self.canceled, self.reruns)


@dataclass(frozen=True)
class WasteReport:
    """Waste in all, by project and by job, the largest first.

    `always_failing` and `flaky` are jobs of `jobs`, the dearest first.
    """

    total: Waste
    projects: tuple[Waste, ...]
    jobs: tuple[Waste, ...]
    always_failing: tuple[Waste, ...]
    flaky: tuple[Waste, ...]


def find_waste(costs: Costs, reruns: Costs, performance: Performance) -> WasteReport:
    """Waste of a period.

    Args:
        costs: of all job runs, by `status`.
        reruns: of the runs again.
        performance: of the same period.
    """
    with exact_arithmetic():
        (total,) = _wastes((), costs, reruns, performance)
        jobs = _wastes(JOB, costs, reruns, performance)
        stable = _keyed(performance.jobs)
        return WasteReport(
            total=total,
            projects=tuple(_wastes(PROJECT, costs, reruns, performance)),
            jobs=tuple(jobs),
            always_failing=tuple(job for job in jobs if _always_fails(job, stable)),
            flaky=tuple(job for job in jobs if _is_flaky(job, stable)),
        )


def _wastes(keys: tuple[str, ...], costs: Costs, reruns: Costs, performance: Performance) -> list[Waste]:
    lines = costs.lines
    places = costs.places(_MEASURE)
    failed = _sum(lines[lines["status"] == "failed"], keys, _MEASURE)
    canceled = _sum(lines[lines["status"] == "canceled"], keys, _MEASURE)
    again = _sum(reruns.lines, keys, _MEASURE)
    counted = ("runs", "failed", "canceled", "reruns", "queued_seconds")
    counts = {name: _sum(performance.jobs, keys, name) for name in counted}
    wastes = (
        Waste(
            key,
            to_decimal(failed.get(key, 0), places),
            to_decimal(canceled.get(key, 0), places),
            to_decimal(again.get(key, 0), reruns.places(_MEASURE)),
            counts["failed"].get(key, 0),
            counts["canceled"].get(key, 0),
            counts["reruns"].get(key, 0),
            runs,
            counts["queued_seconds"].get(key, 0),
        )
        for key, runs in counts["runs"].items()
    )
    return sorted(wastes, key=lambda waste: (-waste.most, -waste.queued_seconds, waste.key))


def _always_fails(job: Waste, stable: dict[_JobKey, dict[str, int]]) -> bool:
    return job.failed_runs >= ENOUGH_RUNS and not stable[job.key]["succeeded"]


def _is_flaky(job: Waste, stable: dict[_JobKey, dict[str, int]]) -> bool:
    recovered, pipelines = stable[job.key]["recovered"], stable[job.key]["pipelines"]
    return recovered >= FLAKY_PIPELINES and recovered >= FLAKY_SHARE * pipelines


def _keyed(jobs: pd.DataFrame) -> dict[_JobKey, dict[str, int]]:
    counts = jobs[["succeeded", "recovered", "pipelines"]].to_dict("records")
    keys: Iterable[_JobKey] = jobs[[*JOB]].astype("object").itertuples(index=False, name=None)
    return {key: {str(name): int(count) for name, count in row.items()} for key, row in zip(keys, counts, strict=True)}


def _sum(frame: pd.DataFrame, keys: tuple[str, ...], measure: str) -> dict[_JobKey, int]:
    if not keys:
        return {(): int(frame[measure].sum())}
    sums = frame.groupby([*keys], observed=True)[measure].sum()
    return {tuple(map(str, key)): int(amount) for key, amount in zip(sums.index, sums.tolist(), strict=True)}
