"""Amounts → series as Datadog keeps them: safe tags that stay apart, each combination once, in a lasting order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from circleci_usage.push.datadog.batches import MetricSeries
from circleci_usage.push.datadog.tags import TagValues, tag_values
from circleci_usage.push.samples import Amounts, Names

_NAMED: Final = 5


class Tags:
    """Every name in some combinations, as the tag that stands for it; `constant` are names that all of them have."""

    def __init__(self, combinations: Iterable[Names], constant: Names = ()) -> None:
        names: defaultdict[str, set[str]] = defaultdict(set)
        for key, name in chain(constant, *combinations):
            names[key].add(name)
        self._constant = constant
        self._values: Mapping[str, TagValues] = {key: tag_values(key, names[key]) for key in names}

    def of(self, names: Names) -> tuple[str, ...]:
        """The tags for these names, and those that everything has."""
        return tuple(
            f"{key}:{self._values[key].of[name]}" for key, name in (*names, *self._constant)
        )

    def sayings(self) -> Iterator[str]:
        """A sentence for each key under which names had to be kept apart."""
        for key, values in self._values.items():
            if values.suffixed:
                shown = [f"{name!r} is {values.of[name]}" for name in values.suffixed[:_NAMED]]
                more = len(values.suffixed) - len(shown)
                rest = f", and so on for {more} more" if more else ""
                yield f"Some names would have had the same {key} tag and were given a suffix: {', '.join(shown)}{rest}."


def series_of(amounts: Amounts, tags: Tags) -> tuple[MetricSeries, ...]:
    """A series for each combination of metric and names, no two alike, ordered by metric and tags."""
    series = (
        MetricSeries(metric, tags.of(names), tuple(sorted(points.items())))
        for (metric, names), points in amounts.items()
    )
    return tuple(sorted(series, key=lambda each: (each.metric, each.tags)))
