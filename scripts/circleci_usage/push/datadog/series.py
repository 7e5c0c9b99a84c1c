"""Samples → series as Datadog keeps them: one per metric and combination of tags."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from circleci_usage.cost_files.datadog_tags import Tags
from circleci_usage.push.samples import Sample, TagPairs

GAUGE: Final = 3
"""The type of every metric. A later gauge replaces an earlier one; a count would be added to it."""


@dataclass(frozen=True)
class MetricSeries:
    """The points of one metric with one combination of tags.

    Attributes:
        metric: its name.
        tags: as Datadog keeps them, `project:web`.
        points: Unix time and value, in the order of time.
    """

    metric: str
    tags: tuple[str, ...]
    points: tuple[tuple[int, Decimal], ...]

    def body(self) -> dict[str, Any]:
        """As Datadog's API takes it: here, and only here, exact values become floats."""
        points = [{"timestamp": time, "value": float(value)} for time, value in self.points]
        return {"metric": self.metric, "type": GAUGE, "tags": list(self.tags), "points": points}


def series_of(samples: Iterable[Sample], tags: Tags) -> tuple[MetricSeries, ...]:
    """Group samples by metric and tags, in the order of these.

    cost, project Web, 9:30, 3 → cost, `project:web`, ((9:30, 3),)

    Args:
        samples: no two with the same metric, tags and timestamp.
        tags: knows all of their names; different names get different tags, so no two series are
            alike.
    """
    points: defaultdict[tuple[str, TagPairs], list[tuple[int, Decimal]]] = defaultdict(list)
    for sample in samples:
        points[sample.metric, sample.tags].append((sample.timestamp, sample.value))
    series = [
        MetricSeries(metric, tags.of(pairs), tuple(sorted(of_series)))
        for (metric, pairs), of_series in points.items()
    ]
    return tuple(sorted(series, key=lambda each: (each.metric, each.tags)))
