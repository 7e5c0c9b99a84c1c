"""The line of KPIs at the top of the page, each with its change and its trend."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Final

from circleci_usage.analysis.cost_units import ACTIVE_USER
from circleci_usage.analysis.kpis import (
    COST,
    REALIZED_SAVINGS,
    SUCCESS_RATE,
    Kpi,
    TrendValue,
)
from circleci_usage.render.charts.trend_line import TrendLine, trend_line
from circleci_usage.render.formatting import days, money
from circleci_usage.render.page.sections.period_comparison import change_tone
from circleci_usage.render.page.tables import Tone
from circleci_usage.render.text import sentences
from circleci_usage.render.text.materiality import LEAST_SHARE
from circleci_usage.render.view.breakdown_lines import cost_shown
from circleci_usage.render.view.kpi_values import kpi_change, kpi_value
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.unit_names import unit_name, why_unknown
from circleci_usage.report import Report

_LABELS: Final = {
    COST: "Cost",
    SUCCESS_RATE: "Workflow success rate",
    REALIZED_SAVINGS: "Realized savings",
}
"""Of what is no cost per unit."""


@dataclass(frozen=True)
class KpiCell:
    """A KPI as it is shown.

    Attributes:
        label: what it is.
        value: its value, or a dash.
        reason: why there is no value; empty where there is one.
        change: the change vs. the previous period, or a dash; empty if no KPI has one.
        change_reason: why this one has no change.
        tone: whether the change is good or bad news.
        line: its trend; None where too little is known.
        trend: the trend in words.
    """

    label: str
    value: str
    reason: str
    change: str
    change_reason: str
    tone: Tone
    line: TrendLine | None
    trend: str


@dataclass(frozen=True)
class KpiLine:
    """The KPIs side by side, and what their trends are of; empty without trends."""

    cells: Sequence[KpiCell]
    drawn: str


def kpi_line(view: ReportView) -> KpiLine | None:
    """The KPIs of a report; None without usage."""
    kpis = view.report.findings.kpis
    if not view.report.is_used or not kpis:
        return None
    first, *others = (_cell(kpi, view) for kpi in kpis)
    cost = replace(
        first,
        value=cost_shown(view.report.totals, view.currency),
        reason="",
        change=sentences.change_in_short(view.report),
        tone=change_tone(view.report),
    )
    return KpiLine([cost, *others], _drawn(kpis[0].trend))


def _cell(kpi: Kpi, view: ReportView) -> KpiCell:
    show = partial(kpi_value, kpi, currency=view.currency)
    change, reason = _change(kpi, view)
    return KpiCell(
        label=_label(kpi),
        value="–" if kpi.value is None else show(kpi.value),
        reason=_why_unknown(kpi, view.report) if kpi.value is None else "",
        change=change,
        change_reason=reason,
        tone=_tone(kpi, view.report),
        line=_line(kpi),
        trend=_trend(kpi, show),
    )


def _change(kpi: Kpi, view: ReportView) -> tuple[str, str]:
    """The change, and why it is not known; of savings, what was predicted."""
    findings = view.report.findings
    if kpi.name == REALIZED_SAVINGS:
        return f"a month, {money(findings.realized_savings.predicted, view.currency)} predicted", ""
    change = kpi_change(kpi)
    if findings.period_comparison is None or change:
        return change, ""
    return "–", "not known for both periods"


def _drawn(trend: Sequence[TrendValue]) -> str:
    """`Trend by month, September 2025 to October 2026`."""
    if not trend:
        return ""
    first, last = trend[0].days, trend[-1].days
    kind = "day" if len(first) == 1 else "month"
    return f"Trend by {kind}, {days(first)} to {days(last)}"


def _label(kpi: Kpi) -> str:
    if kpi.unit:
        return f"Cost per {unit_name(kpi.unit)}"
    return _LABELS[kpi.name]


def _why_unknown(kpi: Kpi, report: Report) -> str:
    if not kpi.unit:
        return "no workflow runs besides canceled ones"
    every = {each.now.unit: each.now for each in report.findings.unit_costs.period}
    return why_unknown(every[kpi.unit])


def _tone(kpi: Kpi, report: Report) -> Tone:
    """Whether a change is good or bad news: a higher success rate is, a higher cost is not.

    It is neither when it is small, or when users cost more only because the period is longer.
    """
    if kpi.change is None or abs(kpi.change) < LEAST_SHARE:
        return ""
    if kpi.unit == ACTIVE_USER and not change_tone(report):
        return ""
    is_good = (kpi.change > 0) == (kpi.name == SUCCESS_RATE)
    return "less" if is_good else "more"


def _line(kpi: Kpi) -> TrendLine | None:
    values = [None if each.value is None else float(each.value) for each in kpi.trend]
    is_drawn = any(value is not None for value in values)
    return trend_line(values) if is_drawn else None


def _trend(kpi: Kpi, show: Callable[[Decimal], str]) -> str:
    """`Trend from September 2025 to October 2026: $0.61 to $0.57`."""
    known = [each for each in kpi.trend if each.value is not None]
    if not known:
        return ""
    first, last = known[0], known[-1]
    named = f"Trend from {days(first.days)} to {days(last.days)}"
    ends = [show(each.value) for each in (first, last) if each.value is not None]
    return f"{named}: {' to '.join(ends)}"
