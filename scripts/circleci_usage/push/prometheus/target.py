"""Prometheus as a push target (see `push/target.py`): a file, replaced as a whole.

Prometheus fetches numbers itself, so that nothing can be sent to it. What it fetches are the files
in a folder of node_exporter (its textfile collector), and this target writes one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from circleci_usage.core.atomic_files import atomic_write
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Progress
from circleci_usage.core.untrusted_text import inert
from circleci_usage.push.metrics import own_tags
from circleci_usage.push.prometheus.defaults import MAX_SERIES
from circleci_usage.push.prometheus.text import metric_name, text_format
from circleci_usage.push.report_samples import ReportSamples, SampleOptions
from circleci_usage.push.series_limit import series_objection
from circleci_usage.push.timestamps import Mode

_WHY_FEW: Final = "Prometheus keeps each in memory"


@dataclass(frozen=True, kw_only=True)
class PrometheusOptions(SampleOptions):
    """What is written for Prometheus.

    Attributes:
        output: the file.
        max_series: how many series it may have.
    """

    output: Path
    max_series: int = MAX_SERIES


@dataclass(frozen=True)
class PrometheusPlan:
    """What would be written.

    Attributes:
        folder: the report.
        period: its days.
        output: the file.
        content: of the file.
        by_metric: metric, by its name in Prometheus → how many series.
        objection: why it cannot be written without consent; None when it can.
        warnings: what a person should know, a sentence each.
    """

    folder: Path
    period: Period
    output: Path
    content: bytes
    by_metric: Mapping[str, int]
    objection: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def series(self) -> int:
        """How many series it has."""
        return sum(self.by_metric.values())


@dataclass(frozen=True)
class PrometheusResult:
    """What has been written.

    Attributes:
        output: the file.
        series: how many it has.
    """

    output: Path
    series: int

    @property
    def summary(self) -> str:
        """`circleci_usage.prom has 12 series`, in a sentence."""
        return f"{inert(self.output)} has {self.series:,} series."


class PrometheusTarget:
    """A file for Prometheus.

    Args:
        options: which file, and what is in it.
        progress: is told what an interruption leaves behind.
    """

    def __init__(self, options: PrometheusOptions, *, progress: Progress) -> None:
        self._options = options
        self._progress = progress

    def plan(self, samples: ReportSamples) -> PrometheusPlan:
        """Work out what would be written.

        Raises:
            SettingsError: the samples are of several times; a file has no times.
            DataError: the report is damaged.
        """
        if self._options.mode is not Mode.SNAPSHOT:
            raise SettingsError(
                "Prometheus reads the current value of each metric only; write a snapshot."
            )
        limit, added = self._options.max_series, own_tags(self._options.tags).values()
        return PrometheusPlan(
            folder=samples.report.path,
            period=samples.report.period,
            output=self._options.output,
            content=_content(samples),
            by_metric=Counter(metric_name(sample.metric) for sample in samples.samples),
            objection=series_objection(samples.samples, limit, _WHY_FEW, added),
        )

    def describe(self, plan: PrometheusPlan) -> Iterator[str]:
        """The plan in lines for a person."""
        yield f"To {inert(plan.output)}: report for {plan.period} in {plan.folder}."
        yield f"{plan.series:,} series in {counted(len(plan.content), 'byte')}."
        for metric, count in sorted(plan.by_metric.items()):
            yield f"  {metric}: {count:,}"
        if plan.objection:
            yield f"It would not be written: {plan.objection}"
        yield "Nothing was written."

    def send(self, plan: PrometheusPlan) -> PrometheusResult:
        """Replace the file: whole, or not at all.

        Raises:
            SettingsError: there are too many series, or the file cannot be written.
            UnfinishedError: the disk is full.
        """
        if plan.objection:
            raise SettingsError(plan.objection)
        self._progress.if_interrupted(
            f"{inert(plan.output)} has the earlier report or this one; rerun the same command."
        )
        with atomic_write(plan.output) as stream:
            stream.write(plan.content)
        return PrometheusResult(plan.output, plan.series)


def _content(samples: ReportSamples) -> bytes:
    try:
        return text_format(samples.report.period, samples.samples).encode()
    except UnicodeEncodeError:  # half a character: JSON can have that in a name, a file cannot
        raise samples.report.damaged_summary() from None
