"""Trend: costs by week and by month over all known days, and by weekday.

Weeks begin on Monday (ISO 8601) and, like weekdays, exclude seats, which are charged once a month.
The days of the period are a breakdown already (`analysis.breakdowns`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.daily_costs import by_day, of_days, once_a_month
from circleci_usage.analysis.evidence import ENOUGH_FOR_MEAN
from circleci_usage.analysis.forecast import month_of
from circleci_usage.core.decimals import ZERO, estimating, exact_arithmetic, rounded
from circleci_usage.core.periods import Period, months, weeks
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs, within

_DAYS_A_WEEK: Final = 7
_CENTS: Final = 2


@dataclass(frozen=True)
class TrendPeriod:
    """A week or a month.

    Attributes:
        days: those of it that are known.
        cost: of these days.
        is_whole: whether they are all of its days.
    """

    days: Period
    cost: Decimal
    is_whole: bool

    @property
    def daily(self) -> Decimal | None:
        """The daily average, to the cent; None for a single day.

        It can be compared even if the week or month is not whole.
        """
        if len(self.days) < ENOUGH_FOR_MEAN:
            return None
        with estimating():
            return rounded(self.cost / len(self.days), _CENTS)


@dataclass(frozen=True)
class Trend:
    """Costs over time.

    Attributes:
        weeks: of the known days, excluding seats; the first and the last may be partial.
        months: of the known days, including seats; likewise.
        weekdays: from Monday to Sunday, the mean cost of the period's days, excluding seats, to the
            cent; None where the period has too few such days for a mean.
        without_seats: whether there are seats that weeks and weekdays exclude.
    """

    weeks: tuple[TrendPeriod, ...]
    months: tuple[TrendPeriod, ...]
    weekdays: tuple[Decimal | None, ...]
    without_seats: bool = False


def trend(costs: Costs, known: Period, period: Period) -> Trend:
    """The trend of the known days, and the weekdays of those in the period.

    Args:
        costs: of the known days, and maybe of more.
        known: the complete days of the data.
        period: the days that the weekdays are taken from.
    """
    places = costs.places("cost")
    with_seats = _decimals(by_day(costs.lines, known), places)
    without_seats = _decimals(by_day(of_days(costs), known), places)
    in_period = {day: cost for day, cost in without_seats.items() if day in period}
    of_weeks = [_trend_period(week, without_seats, _DAYS_A_WEEK) for week in weeks(known)]
    of_months = [
        _trend_period(month, with_seats, len(month_of(month.first))) for month in months(known)
    ]
    return Trend(
        weeks=tuple(of_weeks),
        months=tuple(of_months),
        weekdays=tuple(_mean_of_weekday(in_period, weekday) for weekday in range(_DAYS_A_WEEK)),
        without_seats=not within(once_a_month(costs), known).empty,
    )


def _decimals(counts: Mapping[date, int], places: int) -> dict[date, Decimal]:
    return {day: to_decimal(count, places) for day, count in counts.items()}


def _trend_period(days: Period, daily: Mapping[date, Decimal], length: int) -> TrendPeriod:
    """The cost of some days; whole when they are as many as a whole week or month has."""
    with exact_arithmetic():
        cost = sum((daily[day] for day in days), ZERO)
    return TrendPeriod(days, cost, is_whole=len(days) == length)


def _mean_of_weekday(daily: Mapping[date, Decimal], weekday: int) -> Decimal | None:
    """The mean cost of a weekday, to the cent; None where there are too few such days."""
    alike = [cost for day, cost in daily.items() if day.weekday() == weekday]
    if len(alike) < ENOUGH_FOR_MEAN:
        return None
    with estimating():
        return rounded(sum(alike, ZERO) / len(alike), _CENTS)
