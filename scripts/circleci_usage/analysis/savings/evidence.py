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
        "break_even_speed_up": Fact("break-even speed-up", "times"),
        "failed_runs": Fact("failed runs", "count"),
        "canceled_runs": Fact("runs canceled after their start", "count"),
        "reruns": Fact("reruns", "count"),
        "recovered": Fact("pipelines that failed and then passed", "count"),
        "pipelines": Fact("pipelines", "count"),
        "jobs": Fact("jobs", "count"),
        "p95_queued": Fact("p95 queue time", "seconds"),
        "gigabytes": Fact("GB a month", "count"),
        "share": Fact("share of its credit type", "percent"),
        "seats": Fact("user seats charged", "count"),
        "active_users": Fact("active users", "count"),
        "cached_runs": Fact("runs with layer caching", "count"),
        "p50_cached": Fact("median duration with layer caching", "seconds"),
        "uncached_runs": Fact("successful runs without layer caching", "count"),
        "p50_uncached": Fact("median duration without layer caching", "seconds"),
        "break_even_seconds": Fact("break-even time saved per run", "seconds"),
        "containers": Fact("containers per run", "count"),
        "busy": Fact("billed share of container time", "percent"),
    }
)
"""By the names that `Action.evidence` and summary.json have."""
