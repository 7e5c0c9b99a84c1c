"""What would be sent to Datadog, worked out without a network and without keys.

`--dry-run` shows a plan; `send.py` sends it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import Period, today_utc
from circleci_usage.cost_files.datadog_tags import Tags
from circleci_usage.push.datadog.batches import Batch, batches
from circleci_usage.push.datadog.cost_file import CostFile, cost_file
from circleci_usage.push.datadog.defaults import MAX_SERIES
from circleci_usage.push.datadog.retention import late_points, refuse_too_old
from circleci_usage.push.datadog.series import MetricSeries, series_of
from circleci_usage.push.datadog.sites import Site
from circleci_usage.push.events import Event, events_of
from circleci_usage.push.metrics import own_tags
from circleci_usage.push.report_samples import ReportSamples, SampleOptions
from circleci_usage.push.series_limit import series_objection
from circleci_usage.push.timestamps import Mode

_WHY_FEW: Final = "Datadog bills each as a custom metric"


@dataclass(frozen=True)
class PushOptions(SampleOptions):
    """How to send a report to Datadog.

    Attributes:
        site: where to.
        max_series: how many series may be sent.
        historical_metrics_enabled: Historical Metrics Ingestion is enabled; do not check.
        enable_historical: enable it where it is not.
        custom_costs: send the costs as Custom Costs too.
        events: send an event for each exceeded budget and each anomaly.
        sent_costs: the file that keeps track of the Custom Costs sent; None keeps none.
    """

    site: Site
    max_series: int = MAX_SERIES
    historical_metrics_enabled: bool = False
    enable_historical: bool = False
    custom_costs: bool = False
    events: bool = True
    sent_costs: Path | None = None


@dataclass(frozen=True)
class PushPlan:
    """What would be sent.

    Attributes:
        folder: the report.
        period: its days.
        options: how.
        batches: the metrics, one batch per request.
        late_points: how many points Datadog drops unless Historical Metrics Ingestion is enabled.
        costs: the Custom Costs, if wanted.
        events: what somebody should look at.
        objection: why it cannot be sent without consent; None when it can.
        warnings: what a person should know, a sentence each.
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
        """All series: as many custom metrics as Datadog bills."""
        return tuple(series for batch in self.batches for series in batch.series)

    @property
    def points(self) -> int:
        """How many points all series have."""
        return sum(batch.points for batch in self.batches)

    @property
    def plain_bytes(self) -> int:
        """Size of all requests with metrics before compression."""
        return sum(batch.plain_bytes for batch in self.batches)

    @property
    def wire_bytes(self) -> int:
        """Size of all requests with metrics as they are sent."""
        return sum(batch.wire_bytes for batch in self.batches)

    @property
    def requests(self) -> int:
        """How many requests send something; those that only read are not counted."""
        uploads = 1 if self.costs and self.costs.lines else 0
        return len(self.batches) + len(self.events) + uploads

    @property
    def by_metric(self) -> Mapping[str, int]:
        """Metric → how many series."""
        return Counter(series.metric for series in self.series)


def plan_samples(samples: ReportSamples, options: PushOptions, now: datetime) -> PushPlan:
    """Work out what would be sent.

    Args:
        samples: the samples of a report, read with the same options.
        options: how to send them.
        now: the current time.

    Raises:
        SettingsError: Datadog would not keep the samples, or does not take the costs.
        DataError: the report is damaged.
    """
    _refuse_history_for_government(options)
    report = samples.report
    tags = Tags(sample.tags for sample in samples.samples)
    series = series_of(samples.samples, tags)
    timestamps = [sample.timestamp for sample in samples.samples]
    refuse_too_old(timestamps, now)
    added = own_tags(options.tags).values()
    return PushPlan(
        folder=report.path,
        period=report.period,
        options=options,
        batches=batches(series),
        late_points=late_points(timestamps, now),
        costs=cost_file(report, today_utc(now)) if options.custom_costs else None,
        events=events_of(report) if options.events else (),
        objection=series_objection(samples.samples, options.max_series, _WHY_FEW, added),
        warnings=tuple(tags.warnings()),
    )


def _refuse_history_for_government(options: PushOptions) -> None:
    if options.mode is Mode.HISTORICAL and options.site.government:
        raise SettingsError(
            f"{options.site.name} has no Historical Metrics Ingestion, so Datadog would drop the"
            " points of past days; send a snapshot."
        )
