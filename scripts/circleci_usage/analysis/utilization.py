"""CPU and RAM use of jobs and resource classes, and in how many containers they run.

A run is at its CPU limit if its median CPU use is at least `AT_LIMIT`, and at its RAM limit if its
peak RAM use is: peaks of CPU use reach 100% in nearly every run, and say little. CircleCI measures
every 15 seconds, so shorter runs have no measurements; where none is known, use is not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isnan
from typing import Any, Final

import pandas as pd

from circleci_usage.core.columnar import Cells, Records, Values, columns_of, found_in, order
from circleci_usage.core.decimals import ratio
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobClassKey
from circleci_usage.usage.run_statistics import RunStatistics

TENTHS: Final = tuple(range(0, 100, 10))
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
        return _share(self.ram_limited, self.measured_runs)

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
