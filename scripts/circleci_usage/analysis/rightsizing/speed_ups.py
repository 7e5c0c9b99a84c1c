"""Jobs that keep their CPUs busy, so that a larger resource class may make them faster."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.rightsizing.resource_classes import ClassFacts
from circleci_usage.core.decimals import rounded
from circleci_usage.schema.keys import JobClassKey

BUSY_CPU: Final = 90
"""Median CPU in percent from which more CPUs may make a job faster."""

_SHARE_PLACES: Final = 6


@dataclass(frozen=True)
class SpeedUp:
    """A job whose runs keep their CPUs busy.

    Attributes:
        key: the job and its class.
        target: the next larger class.
        median_runs: of how many runs the median is known.
        median_cpu: what half of them reach, percent of the class.
        time_saved: share of a run's time, if the work scales with the CPUs.
        cost_change: share by which the cost then changes; None where a rate is not known.
        cost: what the job costs a month now, contracted.
    """

    key: JobClassKey
    target: str
    median_runs: int
    median_cpu: float
    time_saved: Decimal
    cost_change: Decimal | None
    cost: Decimal


@dataclass(frozen=True)
class BusyRuns:
    """A job on a class: how busy its CPUs are, and what it costs a month."""

    key: JobClassKey
    median_runs: int
    median_cpu: float | None
    credits: Decimal
    cost: Decimal


def speed_up(busy: BusyRuns, facts: ClassFacts) -> SpeedUp | None:
    """What a larger class may do for a job; None unless its CPUs are busy.

    From 2 to 4 CPUs at twice the rate: half of the time is saved at the same cost.
    """
    machine, larger, median_cpu = facts.machine, facts.larger, busy.median_cpu
    if machine is None or larger is None or larger.vcpus <= machine.vcpus or not busy.credits:
        return None
    if busy.median_runs < ENOUGH_RUNS or median_cpu is None or median_cpu < BUSY_CPU:
        return None
    time_left = machine.vcpus / larger.vcpus
    rate, larger_rate = machine.credits_per_minute, larger.credits_per_minute
    cost_change = None
    if rate and larger_rate is not None:
        cost_change = rounded(larger_rate * time_left / rate - 1, _SHARE_PLACES)
    return SpeedUp(
        busy.key,
        larger.name,
        busy.median_runs,
        median_cpu,
        rounded(1 - time_left, _SHARE_PLACES),
        cost_change,
        busy.cost,
    )
