"""The numbers that an action can be based on, and how to read them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Unit = Literal["count", "percent", "seconds", "times", "credits"]


class Fact(NamedTuple):
    """What a number of an action's evidence means."""

    label: str
    unit: Unit


FACTS: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        "runs": Fact("runs", "count"),
        "measured_runs": Fact("measured runs", "count"),
        "p95_cpu": Fact("p95 of CPU peaks", "percent"),
        "p95_ram": Fact("p95 of RAM peaks", "percent"),
        "median_cpu": Fact("median CPU", "percent"),
        "speed_up": Fact("stated speed-up", "times"),
        "break_even": Fact("break-even speed-up", "times"),
    }
)
"""By the names that `Action.evidence` and summary.json have."""
