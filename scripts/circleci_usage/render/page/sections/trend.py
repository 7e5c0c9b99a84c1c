"""Trend: the cost of months, weeks and weekdays as bars."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from circleci_usage.analysis.trend import Trend, TrendPeriod
from circleci_usage.core.periods import Period
from circleci_usage.render.formatting import days, money, short_days
from circleci_usage.render.view.report_view import ReportView

_PERIODS: Final = 13
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_Cost = tuple[str, Decimal, str]
"""What a bar is of, what it cost, and its link to the explorer."""


@dataclass(frozen=True)
class Bar:
    """A bar and its amount.

    Attributes:
        name: what it is of.
        share: its length as a part of the longest.
        amount: what it shows.
        link: to its days in the explorer; empty without one.
    """

    name: str
    share: float
    amount: str
    link: str


@dataclass(frozen=True)
class BarList:
    """Bars below each other; `heading` names what they are of, `amount` what is drawn."""

    title: str
    heading: str
    amount: str
    bars: Sequence[Bar]


def trend_section(view: ReportView) -> Sequence[BarList] | None:
    """Months, weeks and weekdays, side by side."""
    trend, currency = view.report.findings.trend, view.currency
    if not trend:
        return None
    scope = " (excluding seats)" if trend.without_seats else ""
    of_months = " (including seats)" if trend.without_seats else ""
    explore = view.explore
    weekly = partial(explore.period, without_seats=trend.without_seats)
    months = _periods(trend.months, days, explore.period)
    weeks = _periods(trend.weeks, short_days, weekly)
    lists = [
        BarList(f"By month{of_months}", "Month", "Cost", _bars(months, currency)),
        BarList(f"By week{scope}", "Week", "Cost", _bars(weeks, currency)),
    ]
    weekdays = _weekdays(trend)
    if weekdays:
        bars = _bars(weekdays, currency)
        lists.append(BarList(f"By weekday{scope}", "Weekday", "Daily average", bars))
    return lists


def _periods(
    periods: Sequence[TrendPeriod], name: Callable[[Period], str], link: Callable[[Period], str]
) -> list[_Cost]:
    named = []
    for each in periods[-_PERIODS:]:
        part = "" if each.is_whole else " (partial)"
        named.append((f"{name(each.days)}{part}", each.cost, link(each.days)))
    return named


def _weekdays(trend: Trend) -> list[_Cost]:
    named = zip(_WEEKDAYS, trend.weekdays, strict=True)
    return [(name, cost, "") for name, cost in named if cost is not None]


def _bars(costs: Sequence[_Cost], currency: str) -> list[Bar]:
    highest = max((cost for _, cost, _ in costs), default=Decimal(0)) or Decimal(1)
    bars = []
    for name, cost, link in costs:
        share = float(max(cost, Decimal(0)) / highest)
        bars.append(Bar(name, share, money(cost, currency), link))
    return bars
