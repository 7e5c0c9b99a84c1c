"""What is to be sent to Datadog, worked out without a network: everything a person may want to know before.

A plan holds no key and asks nobody. `--dry-run` shows it, `datadog.push` carries it out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import Period, today_utc
from circleci_usage.core.plurals import counted
from circleci_usage.cost_files.datadog_tags import DatadogTags
from circleci_usage.push.datadog.batches import Batch, MetricSeries, batches
from circleci_usage.push.datadog.cost_file import CostFile, cost_file
from circleci_usage.push.datadog.series import series_of
from circleci_usage.push.datadog.sites import Site
from circleci_usage.push.events import Event, events_of
from circleci_usage.push.metrics import DEFAULT_TAGS, OPT_IN_TAGS
from circleci_usage.push.samples import usage_amounts
from circleci_usage.push.state_samples import state_amounts
from circleci_usage.push.timestamps import (
    DAY,
    LATE,
    TOO_OLD,
    Mode,
    day_timestamp,
    period_name,
    snapshot_timestamp,
)
from circleci_usage.report_folder.reader import ReportFolder, read_report_folder

MAX_SERIES: Final = 1_000
"""More need a person's consent: Datadog bills distinct metrics and tags, and includes a hundred or two a host."""


@dataclass(frozen=True)
class PushOptions:
    """How to send a report.

    Attributes:
        site: where to.
        mode: what a point is.
        tags: see `metrics.chosen_tags`.
        max_series: how many series may be sent.
        historical_metrics_enabled: Historical Metrics Ingestion is on, whether or not Datadog can be asked.
        enable_historical: switch it on.
        custom_costs: send the costs as Custom Costs too.
        events: send an event for each budget that is exceeded and each anomaly.
        sent_costs: where to remember what Custom Costs were sent; None does not.
    """

    site: Site
    mode: Mode = Mode.SNAPSHOT
    tags: tuple[str, ...] = DEFAULT_TAGS
    max_series: int = MAX_SERIES
    historical_metrics_enabled: bool = False
    enable_historical: bool = False
    custom_costs: bool = False
    events: bool = True
    sent_costs: Path | None = None


@dataclass(frozen=True)
class PushPlan:
    """What is to be sent.

    Attributes:
        folder: the report.
        period: its days.
        options: how.
        batches: one a request.
        late_points: how many points Datadog drops unless Historical Metrics Ingestion is on.
        costs: the Custom Costs, if wanted.
        events: what somebody should look at.
        objection: why it may not be sent without consent; None when it may.
        warnings: what to know, a sentence each.
    """

    folder: Path
    period: Period
    options: PushOptions
    batches: tuple[Batch, ...]
    late_points: int
    costs: CostFile | None = None
    events: tuple[Event, ...] = ()
    objection: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[MetricSeries, ...]:
        """All of them: as many custom metrics as Datadog bills."""
        return tuple(series for batch in self.batches for series in batch.series)

    @property
    def points(self) -> int:
        """Of all series."""
        return sum(batch.points for batch in self.batches)

    @property
    def plain_bytes(self) -> int:
        """Of all requests with metrics, before compression."""
        return sum(batch.plain_bytes for batch in self.batches)

    @property
    def wire_bytes(self) -> int:
        """Of all requests with metrics, as they are sent."""
        return sum(batch.wire_bytes for batch in self.batches)

    @property
    def requests(self) -> int:
        """How many requests send something; what is asked before is not counted."""
        return len(self.batches) + len(self.events) + (1 if self.costs and self.costs.lines else 0)

    @property
    def by_metric(self) -> Mapping[str, int]:
        """Metric → how many series."""
        return Counter(series.metric for series in self.series)


def plan_push(folder: Path, options: PushOptions, now: datetime) -> PushPlan:
    """Work out what is to be sent.

    Args:
        folder: a report folder.
        options: how to send it.
        now: what snapshots are stamped with.

    Raises:
        SettingsError: there is no report, it does not have what is asked for, or Datadog would not keep it.
        DataError: the report is damaged.
    """
    report = read_report_folder(folder)
    series, renamed = _series(report, options, now)
    stamps = [stamp for each in series for stamp, _ in each.points]
    _refuse_too_old(stamps, now)
    return PushPlan(
        folder=folder,
        period=report.period,
        options=options,
        batches=batches(series),
        late_points=sum(stamp < (now - LATE).timestamp() for stamp in stamps),
        costs=cost_file(report, today_utc(now)) if options.custom_costs else None,
        events=events_of(report) if options.events else (),
        objection=_too_many(series, options.max_series),
        warnings=renamed,
    )


def _series(
    report: ReportFolder, options: PushOptions, now: datetime
) -> tuple[tuple[MetricSeries, ...], tuple[str, ...]]:
    """The series, and what had to be renamed."""
    daily = options.mode is Mode.HISTORICAL
    if daily and options.site.government:
        raise SettingsError(
            f"{options.site.name} has no Historical Metrics Ingestion, so Datadog would drop the points of past days;"
            " send a snapshot."
        )
    stamp = snapshot_timestamp(now)
    used = usage_amounts(
        report, options.tags, day_timestamp if daily else lambda _: stamp, daily=daily
    )
    amounts = {**used, **state_amounts(report, options.tags, stamp)}
    constant = [("period", DAY if daily else _period_name(report, now))]
    if "currency" in options.tags:
        constant.append(("currency", report.currency))
    tags = DatadogTags((names for _, names in amounts), tuple(constant))
    return series_of(amounts, tags), tuple(tags.sayings())


def _period_name(report: ReportFolder, now: datetime) -> str:
    """As it was asked for: `last-7-days` is also last week when it is asked for on a Monday."""
    asked = report.summary.get("period_name")
    if asked and isinstance(asked, str):
        return asked.replace("-", "_")
    return period_name(report.period, today_utc(now))


def _refuse_too_old(stamps: Sequence[int], now: datetime) -> None:
    oldest = now - TOO_OLD
    lost = sum(stamp < oldest.timestamp() for stamp in stamps)
    if lost:
        raise SettingsError(
            f"{lost:,} of {counted(len(stamps), 'point')} lie before {oldest:%Y-%m-%d}, and Datadog keeps 15 months:"
            " report on later days."
        )


def _too_many(series: Sequence[MetricSeries], limit: int) -> str | None:
    """Why so many need consent, and which tag it is that makes them many."""
    if len(series) <= limit:
        return None
    used = {tag.split(":", 1)[0] for each in series for tag in each.tags}
    # What somebody added comes first: without it they have what they had before.
    keys = used.intersection(OPT_IN_TAGS) or used.intersection(DEFAULT_TAGS)
    left = {key: len(set(_without(series, key))) for key in sorted(keys)}
    worst = min(left, key=lambda key: left[key])
    leave_out = "of --tags" if worst in OPT_IN_TAGS else f"with --without-tags {worst}"
    return (
        f"{len(series):,} series are more than the {limit:,} that may be sent (--max-series), and Datadog bills each as"
        f" a custom metric. It is the tag {worst} that makes them many: without it they are {left[worst]:,}. Leave it"
        f" out {leave_out}, or consent with --max-series {len(series)}."
    )


def _without(series: Sequence[MetricSeries], key: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for each in series:
        yield each.metric, tuple(tag for tag in each.tags if not tag.startswith(f"{key}:"))
