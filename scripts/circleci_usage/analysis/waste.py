"""What was paid for nothing: runs that failed or were canceled, runs again, jobs that always fail, and time queued.

Runs that were canceled before they started cost nothing, and most of them do not even tell their job; they are counted,
and told apart from those that were stopped.

The kinds overlap on purpose, a run again may fail too, and are therefore never added up. A run again is one of the same
job in the same workflow of the same pipeline, after the first; it counts whatever became of it. All is shown at its
contracted price, before included credits: they would have been there for other runs. A job is flaky when it
fails and then passes in the same pipeline, in at least `FLAKY_PIPELINES` pipelines and 3% of all: nothing but chance
differed (CircleCI calls a test flaky by the same rule, on the same commit).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.totals import JOB, PROJECT
from circleci_usage.money.costs import Costs
from circleci_usage.money.exact import ZERO, total
from circleci_usage.money.units import to_decimal
from circleci_usage.usage.performance import Performance

FLAKY_PIPELINES: Final = 5
FLAKY_SHARE: Final = 0.03

_MEASURE: Final = "contracted_cost"

_COUNTS: Final = ("failed_runs", "canceled_runs", "never_started_runs", "rerun_runs", "runs", "queued_seconds")
_COLUMNS: Final = {
    "failed_runs": "failed",
    "canceled_runs": "canceled",
    "never_started_runs": "never_started",
    "rerun_runs": "reruns",
}

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
        canceled_runs: how many, started or not.
        never_started_runs: how many of these had no machine yet, and cost nothing.
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
    jobs = _of_jobs(costs, reruns, performance)
    (everything,) = _summed(jobs, 0) or (Waste((), ZERO, ZERO, ZERO, **dict.fromkeys(_COUNTS, 0)),)
    stable = _keyed(performance.jobs, ("succeeded", "recovered", "pipelines"))
    return WasteReport(
        total=everything,
        projects=_summed(jobs, len(PROJECT)),
        jobs=jobs,
        always_failing=tuple(job for job in jobs if job.key in stable and _always_fails(job, stable[job.key])),
        flaky=tuple(job for job in jobs if job.key in stable and _is_flaky(stable[job.key])),
    )


def _of_jobs(costs: Costs, reruns: Costs, performance: Performance) -> tuple[Waste, ...]:
    lines, places = costs.lines, costs.places(_MEASURE)
    failed, canceled = (_sum(lines[lines["status"] == status]) for status in ("failed", "canceled"))
    again = _sum(reruns.lines)
    counts, nothing = _counts(performance), dict.fromkeys(_COUNTS, 0)
    return _ordered(
        Waste(
            job,
            to_decimal(failed.get(job, 0), places),
            to_decimal(canceled.get(job, 0), places),
            to_decimal(again.get(job, 0), reruns.places(_MEASURE)),
            **counts.get(job, nothing),
        )
        for job in {*counts, *failed, *canceled, *again}
    )


def _counts(performance: Performance) -> dict[_JobKey, dict[str, int]]:
    """All counts by the jobs' keys; runs without a job stand under the name that costs without one have."""
    counts = _keyed(performance.jobs, _COUNTS)
    for key, more in _keyed(performance.nameless, _COUNTS).items():
        known = counts.get(key, {})
        counts[key] = {name: known.get(name, 0) + count for name, count in more.items()}
    return counts


def _summed(jobs: Iterable[Waste], names: int) -> tuple[Waste, ...]:
    """Waste added up by the first so many names of the jobs' keys."""
    groups: defaultdict[_JobKey, list[Waste]] = defaultdict(list)
    for job in jobs:
        groups[job.key[:names]].append(job)
    return _ordered(
        Waste(
            key,
            total(job.failed for job in group),
            total(job.canceled for job in group),
            total(job.reruns for job in group),
            **{name: sum(getattr(job, name) for job in group) for name in _COUNTS},
        )
        for key, group in groups.items()
    )


def _ordered(wastes: Iterable[Waste]) -> tuple[Waste, ...]:
    return tuple(sorted(wastes, key=lambda waste: (-waste.most, -waste.queued_seconds, waste.key)))


def _always_fails(job: Waste, counts: Mapping[str, int]) -> bool:
    return job.failed_runs >= ENOUGH_RUNS and not counts["succeeded"]


def _is_flaky(counts: Mapping[str, int]) -> bool:
    recovered = counts["recovered"]
    return recovered >= FLAKY_PIPELINES and recovered >= FLAKY_SHARE * counts["pipelines"]


def _keyed(jobs: pd.DataFrame, names: Sequence[str]) -> dict[_JobKey, dict[str, int]]:
    """Counts of jobs by the jobs' keys."""
    columns = [jobs[_COLUMNS.get(name, name)].tolist() for name in names]
    keys = zip(*(jobs[name].tolist() for name in JOB), strict=True)
    counts = zip(*columns, strict=True)
    return {
        key: {name: int(count) for name, count in zip(names, row, strict=True)}
        for key, row in zip(keys, counts, strict=True)
    }


def _sum(lines: pd.DataFrame) -> dict[_JobKey, int]:
    sums = lines.groupby([*JOB], observed=True)[_MEASURE].sum()
    return {tuple(map(str, key)): int(amount) for key, amount in zip(sums.index, sums.tolist(), strict=True)}
