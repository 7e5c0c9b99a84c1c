"""Cost by day: stacked bars, and the same days as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.render.charts import style
from circleci_usage.render.charts.day_bars import day_bars, day_steps
from circleci_usage.render.formatting import days, drawn_money, long_day
from circleci_usage.render.view.breakdown_lines import Line, lines, seats
from circleci_usage.render.view.daily import DailySeries
from circleci_usage.render.view.report_view import ReportView

HEIGHT: Final = 100
"""Of the chart, whose width is the number of days."""

_NAMED_DAYS: Final = 14
_DAYS_WITH_TIPS: Final = 93


@dataclass(frozen=True)
class StackedSeries:
    """The bars of one team or project.

    Attributes:
        label: its name.
        color: a variable of the style sheet.
        path: the `d` of the bars.
        link: to the explorer; empty without one.
    """

    label: str
    color: str
    path: str
    link: str


@dataclass(frozen=True)
class Mark:
    """A name on an axis, `at` so many percent of its length."""

    text: str
    at: float


@dataclass(frozen=True)
class DayChart:
    """The chart of the days.

    Attributes:
        label: what it shows, for those who cannot see it.
        width: of its box: the number of days.
        bar_width: of a bar.
        series: the bars, the lowest first.
        before: the `d` of the previous period's line; empty without one.
        levels: amounts on the upright axis.
        marks: days on the other.
        tips: what each day shows under the pointer; none if the days are too narrow for it.
    """

    label: str
    width: int
    bar_width: float
    series: Sequence[StackedSeries]
    before: str
    levels: Sequence[Mark]
    marks: Sequence[Mark]
    tips: Sequence[str]


@dataclass(frozen=True)
class CostByDay:
    """The section.

    Attributes:
        kind: what a series is: team or project.
        chart: all but seats.
        before: the name of the previous period; empty without one.
        seats: what they cost.
        lines: the days, with seats.
        links: of each to the explorer.
    """

    kind: str
    chart: DayChart
    before: str
    seats: Decimal
    lines: Sequence[Line]
    links: Sequence[str]


def cost_by_day_section(view: ReportView) -> CostByDay | None:
    """The days with any cost but seats."""
    daily = view.daily
    if not daily.series:
        return None
    every = lines(view.report.breakdowns["daily"])
    return CostByDay(
        kind=daily.kind,
        chart=_chart(daily, days(view.report.period), view.currency),
        before=daily.before.label if daily.before else "",
        seats=seats(view.report),
        lines=every,
        links=[view.explore.named({"date": line.own_name}) for line in every],
    )


def _chart(daily: DailySeries, period: str, currency: str) -> DayChart:
    ticks = style.ticks(daily.highest)
    highest = ticks[-1]
    amounts = zip(style.amounts(ticks, currency), ticks, strict=True)
    marks = style.day_marks(daily.days, _NAMED_DAYS)
    return DayChart(
        label=(
            f"Stacked bar chart of the cost by day, {period}, by {daily.kind}."
            " The table below lists the totals."
        ),
        width=len(daily.days),
        bar_width=style.bar_width(len(daily.days)),
        series=_stacked(daily, highest),
        before=day_steps(_heights(daily.before.values, highest)) if daily.before else "",
        levels=[Mark(text, 100 * amount / highest) for text, amount in amounts],
        marks=[Mark(text, 100 * (day + 0.5) / len(daily.days)) for day, text in marks],
        tips=_tips(daily, currency) if len(daily.days) <= _DAYS_WITH_TIPS else [],
    )


def _stacked(daily: DailySeries, highest: float) -> list[StackedSeries]:
    stacked = []
    below = [0.0] * len(daily.days)
    for number, series in enumerate(daily.series, start=1):
        above = [low + value for low, value in zip(below, series.values, strict=True)]
        path = day_bars(_heights(below, highest), _heights(above, highest))
        color = "rest" if series.is_rest else f"series-{number}"
        stacked.append(StackedSeries(series.label, color, path, series.link))
        below = above
    return stacked


def _heights(amounts: Sequence[float], highest: float) -> list[float]:
    """Amounts as places in the chart, which are counted from the top.

    >>> _heights([0, 5, 20], 20)
    [100.0, 75.0, 0.0]
    """
    return [HEIGHT * (1 - amount / highest) for amount in amounts]


def _tips(daily: DailySeries, currency: str) -> list[str]:
    """What each day shows under the pointer: its total, and its parts from the top."""
    tips = []
    for index, (day, total) in enumerate(zip(daily.days, daily.totals, strict=True)):
        parts = [
            f"{drawn_money(series.values[index], currency)}  {series.label}"
            for series in reversed(daily.series)
            if series.values[index]
        ]
        tips.append("\n".join([long_day(day), f"{drawn_money(total, currency)} total", *parts]))
    return tips
