"""Datadog bills each series: too many need consent, and the message names the tag to leave out."""

from collections.abc import Sequence

from circleci_usage.push.datadog.series import MetricSeries
from circleci_usage.push.metrics import DEFAULT_TAGS, OPT_IN_TAGS


def series_objection(series: Sequence[MetricSeries], limit: int) -> str | None:
    """Why so many series need consent, and which tag to leave out; None for few enough."""
    if len(series) <= limit:
        return None
    remaining = _series_without_each_tag(series)
    worst = min(remaining, key=lambda key: remaining[key])
    leave_out = "of --tags" if worst in OPT_IN_TAGS else f"with --without-tags {worst}"
    return (
        f"{len(series):,} series exceed the limit of {limit:,} (--max-series), and Datadog bills"
        f" each as a custom metric. The tag {worst} causes most of them: without it there are"
        f" {remaining[worst]:,}. Leave it out {leave_out}, or allow them with --max-series"
        f" {len(series)}."
    )


def _series_without_each_tag(series: Sequence[MetricSeries]) -> dict[str, int]:
    """Key of a tag → how many series there would be without it."""
    used = {tag.split(":", 1)[0] for each in series for tag in each.tags}
    # A tag that was added comes first: without it the series are what they were before.
    keys = used.intersection(OPT_IN_TAGS) or used.intersection(DEFAULT_TAGS)
    counts = {}
    for key in sorted(keys):
        distinct = {_without(each, key) for each in series}
        counts[key] = len(distinct)
    return counts


def _without(series: MetricSeries, key: str) -> tuple[str, tuple[str, ...]]:
    tags = tuple(tag for tag in series.tags if not tag.startswith(f"{key}:"))
    return series.metric, tags
