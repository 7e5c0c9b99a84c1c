"""Runs over time: small charts of the most expensive workflows and jobs, and their latest runs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.analysis.runs_over_time import RunSeries, TimedRuns
from circleci_usage.core.periods import Period
from circleci_usage.render.charts.run_bars import (
    Stroke,
    amount_bars,
    outcome_bars,
    percentile_bars,
    rate_line,
)
from circleci_usage.render.formatting import (
    day,
    days,
    duration,
    money,
    number,
    number_of,
    percent,
)
from circleci_usage.render.page.sections.recent_runs import RunStrip, run_strips
from circleci_usage.render.page.tables import Cell, job_cell, workflow_cell
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.keys import JobKey, WorkflowKey

_WORKFLOW_HEADINGS: Final = ("Workflow", "Cost", "Runs", "Success rate", "Duration")
_JOB_HEADINGS: Final = ("Job", *_WORKFLOW_HEADINGS[1:], "Queue time")
_MOST: Final = "up to"
_NONE: Final = "–"

_Timed = Callable[[TimedRuns], str]
"""What a mark says of its day, week or month."""


@dataclass(frozen=True)
class SmallChart:
    """A chart in a cell.

    Attributes:
        total: the number of the whole period.
        detail: stands beside it.
        label: what it shows, for those who cannot see it.
        strokes: what is drawn.
        tips: what each mark shows under the pointer.
    """

    total: str
    detail: str
    label: str
    strokes: Sequence[Stroke]
    tips: Sequence[str]

    @property
    def width(self) -> int:
        """Of its box: the number of marks."""
        return len(self.tips)


@dataclass(frozen=True)
class SeriesTable:
    """Rows of small charts: those of one row share their days."""

    title: str
    headings: Sequence[str]
    rows: Sequence[tuple[Cell, Sequence[SmallChart]]]


@dataclass(frozen=True)
class RunsSection:
    """The section.

    Attributes:
        hint: what a mark is.
        tables: workflows and jobs.
        strips: the latest runs of workflows.
    """

    hint: str
    tables: Sequence[SeriesTable]
    strips: Sequence[RunStrip]


def runs_over_time_section(view: ReportView) -> RunsSection | None:
    """How often and how long the most expensive workflows and jobs ran, and what they cost."""
    found = view.report.findings.runs_over_time
    if not found.top_workflows and not found.top_jobs:
        return None
    workflows = [
        (workflow_cell(WorkflowKey(*each.stats.key), view), [*_charts(each, view)])
        for each in found.top_workflows
    ]
    jobs = [
        (job_cell(JobKey(*each.stats.key), view), [*_charts(each, view)]) for each in found.top_jobs
    ]
    tables = [
        SeriesTable("Workflows", _WORKFLOW_HEADINGS, workflows),
        SeriesTable("Jobs", _JOB_HEADINGS, jobs),
    ]
    return RunsSection(
        hint=f"Most expensive first, {days(view.report.period)}, a mark for each {found.grain}.",
        tables=[table for table in tables if table.rows],
        strips=run_strips(view),
    )


def _charts(series: RunSeries, view: ReportView) -> Iterator[SmallChart]:
    yield _cost(series, view.currency)
    yield _runs(series)
    yield _success_rate(series)
    yield _durations(series)
    if isinstance(series.stats.key, JobKey):
        yield _queue_times(series)


def _cost(series: RunSeries, currency: str) -> SmallChart:
    costs = [each.cost if each else None for each in series.times]
    total = money(series.stats.cost, currency)
    highest = money(max(filter(None, costs), default=series.stats.cost), currency)
    return SmallChart(
        total,
        f"{_MOST} {highest}",
        f"Cost: {total} in all, {_MOST} {highest}.",
        amount_bars([None if cost is None else float(cost) for cost in costs]),
        _tips(series, lambda timed: money(timed.cost, currency)),
    )


def _runs(series: RunSeries) -> SmallChart:
    known = [each for each in series.times if each]
    counts = {
        "passed": sum(each.succeeded for each in known),
        "failed": sum(each.failed for each in known),
        "canceled": sum(each.canceled for each in known),
        "on hold": sum(each.on_hold or 0 for each in known),
    }
    runs = number(series.stats.runs)
    highest = number(max((each.runs for each in known), default=0))
    return SmallChart(
        runs,
        f"{_MOST} {highest}",
        f"Runs: {runs} in all, {_MOST} {highest}; {_outcomes(counts)}.",
        outcome_bars(series.times),
        _tips(series, _runs_in_words),
    )


def _runs_in_words(timed: TimedRuns) -> str:
    counts = {
        "passed": timed.succeeded,
        "failed": timed.failed,
        "canceled": timed.canceled,
        "on hold": timed.on_hold or 0,
    }
    told = f": {_outcomes(counts)}" if timed.runs else ""
    return f"{number_of(timed.runs, 'run')}{told}"


def _outcomes(counts: dict[str, int]) -> str:
    """`10 passed, 1 failed`."""
    return ", ".join(f"{number(count)} {name}" for name, count in counts.items() if count)


def _success_rate(series: RunSeries) -> SmallChart:
    rates = [each.success_rate if each else None for each in series.times]
    whole = series.stats.success_rate
    total = _NONE if whole is None else percent(whole)
    lowest = min((rate for rate in rates if rate is not None), default=None)
    least = "" if lowest is None else f", at least {percent(lowest)}"
    return SmallChart(
        total,
        "",
        f"Success rate: {total} in all{least}.",
        rate_line([None if rate is None else float(rate) for rate in rates]),
        _tips(series, _rate_in_words),
    )


def _rate_in_words(timed: TimedRuns) -> str:
    rate = timed.success_rate
    return "no finished runs" if rate is None else f"{percent(rate)} passed"


def _durations(series: RunSeries) -> SmallChart:
    typical = [each.p50_seconds if each else None for each in series.times]
    high = [each.p95_seconds if each else None for each in series.times]
    stats = series.stats
    return SmallChart(
        _seconds(stats.p50_seconds),
        f"p95 {_seconds(stats.p95_seconds)}",
        f"Duration: {_percentiles(stats.p50_seconds, stats.p95_seconds)} in all.",
        percentile_bars(typical, high),
        _tips(series, lambda timed: _percentiles(timed.p50_seconds, timed.p95_seconds)),
    )


def _queue_times(series: RunSeries) -> SmallChart:
    typical = [each.p50_queued if each else None for each in series.times]
    high = [each.p95_queued if each else None for each in series.times]
    waited = sum(each.queued_seconds or 0 for each in series.times if each)
    stats = series.stats
    in_all = _percentiles(stats.p50_queued, stats.p95_queued)
    return SmallChart(
        _seconds(stats.p50_queued),
        f"p95 {_seconds(stats.p95_queued)}",
        f"Queue time: {in_all} in all; all runs together {duration(waited)}.",
        percentile_bars(typical, high),
        _tips(series, lambda timed: _percentiles(timed.p50_queued, timed.p95_queued)),
    )


def _percentiles(typical: float | None, high: float | None) -> str:
    """`p50 2m 05s, p95 5m 10s`; a p95 only where there are enough runs."""
    if typical is None:
        return "no times known"
    named = f"p50 {duration(typical)}"
    return named if high is None else f"{named}, p95 {duration(high)}"


def _seconds(seconds: float | None) -> str:
    return _NONE if seconds is None else duration(seconds)


def _tips(series: RunSeries, words: _Timed) -> list[str]:
    return [f"{_span(each.days)}: {words(each)}" if each else "no data" for each in series.times]


def _span(span: Period) -> str:
    return day(span.first) if len(span) == 1 else days(span)
