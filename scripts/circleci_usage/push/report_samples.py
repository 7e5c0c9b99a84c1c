"""All samples of a report, with the tags that every sample has: what a push target is given."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from circleci_usage.core.periods import today_utc
from circleci_usage.push.metrics import DEFAULT_TAGS
from circleci_usage.push.samples import Sample, TagPairs, usage_samples
from circleci_usage.push.state_samples import state_samples
from circleci_usage.push.timestamps import (
    DAY,
    Mode,
    day_timestamp,
    period_name,
    snapshot_timestamp,
)
from circleci_usage.report_folder.reader import ReportFolder, read_report_folder


@dataclass(frozen=True, kw_only=True)
class SampleOptions:
    """How to read samples.

    Attributes:
        mode: what one sample covers.
        tags: see `metrics.chosen_tags`.
    """

    mode: Mode = Mode.SNAPSHOT
    tags: tuple[str, ...] = DEFAULT_TAGS


@dataclass(frozen=True)
class ReportSamples:
    """The samples of a report.

    Attributes:
        report: the report. A target that takes more than samples, such as events or cost lines,
            finds them there.
        samples: no two with the same metric, tags and timestamp.
    """

    report: ReportFolder
    samples: tuple[Sample, ...]


def read_samples(folder: Path, options: SampleOptions, now: datetime) -> ReportSamples:
    """Read the samples of a report folder.

    Args:
        folder: the report folder.
        options: how.
        now: the time of snapshots.

    Raises:
        SettingsError: there is no report, or it does not break usage down by these tags.
        DataError: the report is damaged.
    """
    return samples_of(read_report_folder(folder), options, now)


def samples_of(report: ReportFolder, options: SampleOptions, now: datetime) -> ReportSamples:
    """The samples of a report that is read already. As `read_samples`."""
    current = snapshot_timestamp(now)
    daily = options.mode is Mode.HISTORICAL

    def timestamp_of(day: date) -> int:
        return day_timestamp(day) if daily else current

    usage = usage_samples(report, options.tags, timestamp_of, daily=daily)
    states = state_samples(report, options.tags, current)
    constant = _constant_tags(report, options, now)
    return ReportSamples(report, _with_tags((*usage, *states), constant))


def _with_tags(samples: Iterable[Sample], constant: TagPairs) -> tuple[Sample, ...]:
    """The same samples with more tags; those with the same tags share one tuple of them."""
    extended: dict[TagPairs, TagPairs] = {}
    tagged: list[Sample] = []
    for sample in samples:
        tags = extended.setdefault(sample.tags, (*sample.tags, *constant))
        tagged.append(sample._replace(tags=tags))
    return tuple(tagged)


def _constant_tags(report: ReportFolder, options: SampleOptions, now: datetime) -> TagPairs:
    """The tags of every sample: its period and, unless left out, the currency of money."""
    daily = options.mode is Mode.HISTORICAL
    period = ("period", DAY if daily else _period_tag(report, now))
    return (period, ("currency", report.currency)) if "currency" in options.tags else (period,)


def _period_tag(report: ReportFolder, now: datetime) -> str:
    """The name under which the period was requested, else the one that fits its days.

    On a Monday, `last-7-days` and `last-week` are the same days.
    """
    name = report.summary.get("period_name")
    if name and isinstance(name, str):
        return name.replace("-", "_")
    return period_name(report.period, today_utc(now))
