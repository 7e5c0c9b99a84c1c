"""CPU and RAM use of jobs and resource classes, and in how many containers they run.

A run is at its CPU limit if its median CPU use is at least `AT_LIMIT`, and at its RAM limit if its
peak RAM use is: peaks of CPU use reach 100% in nearly every run, and say little. CircleCI measures
every 15 seconds, so shorter runs have no measurements; where none is known, use is not known.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pandas as pd

from circleci_usage.analysis.durations import known_number
from circleci_usage.core.columnar import Cells, Records, Values, columns_of, found_in, order
from circleci_usage.core.decimals import ratio
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobClassKey
from circleci_usage.usage.job_run_rules import LAST_STEP, STEP
from circleci_usage.usage.run_statistics import RunStatistics

TENTHS: Final = tuple(range(0, LAST_STEP + STEP, STEP))
"""Percent: where each part of a distribution begins."""

_KEYS: Final = [*JobClassKey._fields]
_CLASS: Final = ["executor", "resource_class"]
_COUNTS: Final = (
    *("runs", "measured_runs", "median_runs", "cpu_limited", "ram_limited"),
    *("container_runs", "containers"),
)
_MEANS: Final = ("mean_cpu", "mean_ram")
_PEAKS: Final = ("max_cpu", "max_ram")
_VALUES: Final = (*_COUNTS, *_MEANS, *_PEAKS, "credits", "cost")


@dataclass(frozen=True)
class Use:
    """How the runs of a job, or on a resource class, used their machines.

    Attributes:
        runs: that ended.
        measured_runs: those whose peaks are known.
        median_runs: those whose median CPU use is known.
        cpu_limited: runs whose median CPU use was at the limit.
        ram_limited: runs whose peak RAM use was.
        container_runs: runs that say in how many containers they ran.
        containers: of these, in all.
        max_cpu: the highest peak, in percent; None where none is known.
        max_ram: likewise.
        credits: all that they used.
        cost: what they cost.
    """

    runs: int
    measured_runs: int
    median_runs: int
    cpu_limited: int
    ram_limited: int
    container_runs: int
    containers: int
    max_cpu: float | None
    max_ram: float | None
    credits: Decimal
    cost: Decimal

    @property
    def cpu_limited_share(self) -> Decimal | None:
        """Of the runs whose median CPU use is known; None where there are none."""
        return _share(self.cpu_limited, self.median_runs)

    @property
    def ram_limited_share(self) -> Decimal | None:
        """Of the measured runs; None where there are none."""
        # A run may, in theory, have a peak of RAM use alone.
        return _share(self.ram_limited, max(self.measured_runs, self.ram_limited))

    @property
    def containers_per_run(self) -> Decimal | None:
        """The mean; None where no run says it."""
        return _share(self.containers, self.container_runs)


@dataclass(frozen=True)
class JobUse(Use):
    """The use of a job on a resource class.

    Attributes:
        key: the job and its class.
        mean_cpu: the mean of the runs' medians, in percent; None where none is known.
        mean_ram: likewise.
    """

    key: JobClassKey
    mean_cpu: float | None
    mean_ram: float | None


@dataclass(frozen=True)
class ClassUse(Use):
    """The use of a resource class by all of its jobs.

    Attributes:
        executor: of the class.
        resource_class: its name.
        jobs: how many jobs ran on it.
        cpu_peaks: how many runs had a peak CPU use in each of `TENTHS`.
        ram_peaks: likewise.
    """

    executor: str
    resource_class: str
    jobs: int
    cpu_peaks: tuple[int, ...]
    ram_peaks: tuple[int, ...]


class RunsAtLimit(NamedTuple):
    """How many runs were at their limit; see `Use`."""

    runs: int
    measured_runs: int
    median_runs: int
    cpu_limited: int
    ram_limited: int


@dataclass(frozen=True)
class Utilization:
    """Use by job and by resource class, the most expensive first.

    Attributes:
        jobs: each job on each of its classes.
        parallel: those with more than one container per run.
        classes: each class.
    """

    jobs: Sequence[JobUse]
    parallel: Sequence[JobUse]
    classes: Sequence[ClassUse]

    @property
    def runs_at_limit(self) -> RunsAtLimit:
        """Of all classes together."""
        return RunsAtLimit(
            sum(each.runs for each in self.classes),
            sum(each.measured_runs for each in self.classes),
            sum(each.median_runs for each in self.classes),
            sum(each.cpu_limited for each in self.classes),
            sum(each.ram_limited for each in self.classes),
        )

    @property
    def is_measured(self) -> bool:
        """Whether anything was measured."""
        return any(each.measured_runs or each.median_runs for each in self.classes)


def utilization(costs: Costs, statistics: RunStatistics) -> Utilization:
    """Run statistics joined with costs.

    Args:
        costs: of the period, named as in run statistics.
        statistics: of the same period.
    """
    jobs = _jobs_with_costs(costs, statistics.machines)
    places = costs.places("credits"), costs.places("cost")

    def record(values: Cells) -> JobUse:
        key, others = values[: len(_KEYS)], values[len(_KEYS) :]
        return _job_use(JobClassKey(*key), dict(zip(_VALUES, others, strict=True)), places)

    columns = columns_of(jobs, [*_KEYS, *_VALUES])
    records = Records(record, columns, order(jobs, ("cost", "runs"), _KEYS))
    return Utilization(
        jobs=records,
        parallel=records.where(_is_parallel, "containers", "container_runs"),
        classes=_classes(jobs, statistics.class_use, places),
    )


def _jobs_with_costs(costs: Costs, machines: pd.DataFrame) -> pd.DataFrame:
    """The rows of `machines` with their credits and costs."""
    names = machines[_KEYS]
    amounts = found_in(sum_by(costs.lines, _KEYS, ["credits", "cost"]), names)
    return machines.assign(**{name: amounts[name].to_numpy() for name in ("credits", "cost")})


def _is_parallel(containers: Values, container_runs: Values) -> Values:
    flags: Values = containers > container_runs
    return flags


def _classes(
    jobs: pd.DataFrame, class_use: pd.DataFrame, places: tuple[int, int]
) -> tuple[ClassUse, ...]:
    """The jobs summed by their classes."""
    groups = jobs.groupby(_CLASS, sort=False)
    sums = groups[[*_COUNTS, "credits", "cost"]].sum()
    highest = groups[[*_PEAKS]].max()
    found = sums.join(highest).assign(jobs=groups.size()).reset_index()
    peaks = _peaks(class_use)
    ordered = found.iloc[order(found, ("cost", "runs"), _CLASS)]
    rows = ordered.itertuples(index=False, name=None)
    names = [*map(str, ordered.columns)]
    return tuple(_class_use(dict(zip(names, row, strict=True)), peaks, places) for row in rows)


_Peaks = Mapping[tuple[str, str, str], Mapping[int, int]]
"""Executor, resource class and measure → where a part of the distribution begins → runs."""


def _peaks(class_use: pd.DataFrame) -> _Peaks:
    found: defaultdict[tuple[str, str, str], dict[int, int]] = defaultdict(dict)
    names = [*_CLASS, "measure", "percent", "runs"]
    rows = class_use.reindex(columns=names).itertuples(index=False, name=None)
    for executor, resource_class, measure, percent, runs in rows:
        found[executor, resource_class, measure][int(percent)] = int(runs)
    return found


def _class_use(row: Mapping[str, Any], peaks: _Peaks, places: tuple[int, int]) -> ClassUse:
    name = row["executor"], row["resource_class"]
    cpu, ram = (peaks.get((*name, measure), {}) for measure in ("cpu", "ram"))
    return ClassUse(
        **_use(row, places),
        executor=row["executor"],
        resource_class=row["resource_class"],
        jobs=int(row["jobs"]),
        cpu_peaks=tuple(cpu.get(tenth, 0) for tenth in TENTHS),
        ram_peaks=tuple(ram.get(tenth, 0) for tenth in TENTHS),
    )


def _job_use(key: JobClassKey, row: Mapping[str, Any], places: tuple[int, int]) -> JobUse:
    mean_cpu, mean_ram = (known_number(row, name) for name in _MEANS)
    return JobUse(**_use(row, places), key=key, mean_cpu=mean_cpu, mean_ram=mean_ram)


def _use(row: Mapping[str, Any], places: tuple[int, int]) -> dict[str, Any]:
    """The fields of `Use`."""
    return {
        **{name: int(row[name]) for name in _COUNTS},
        **{name: known_number(row, name) for name in _PEAKS},
        "credits": to_decimal(row["credits"], places[0]),
        "cost": to_decimal(row["cost"], places[1]),
    }


def _share(part: int, whole: int) -> Decimal | None:
    return ratio(Decimal(part), Decimal(whole)) if whole else None
