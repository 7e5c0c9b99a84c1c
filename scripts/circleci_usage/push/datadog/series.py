"""Amounts → series as Datadog keeps them: safe tags that stay apart, each combination once, in a lasting order."""

from circleci_usage.cost_files.datadog_tags import DatadogTags
from circleci_usage.push.datadog.batches import MetricSeries
from circleci_usage.push.samples import Amounts


def series_of(amounts: Amounts, tags: DatadogTags) -> tuple[MetricSeries, ...]:
    """A series for each combination of metric and names, no two alike, ordered by metric and tags."""
    series = (
        MetricSeries(metric, tags.of(names), tuple(sorted(points.items())))
        for (metric, names), points in amounts.items()
    )
    return tuple(sorted(series, key=lambda each: (each.metric, each.tags)))
