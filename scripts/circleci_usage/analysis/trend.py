"""How costs develop: by week and by month over all that is known, and which weekdays cost what.

Weeks begin on Monday (ISO 8601) and, like weekdays, leave out seats, which are charged once a
month. The days of the period are a breakdown already (`analysis.totals`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.daily_costs import by_day, of_days, once_a_month
from circleci_usage.analysis.evidence import ENOUGH_FOR_MEAN
from circleci_usage.analysis.forecast import month_of
from circleci_usage.core.decimals import ZERO, estimating, exact_arithmetic, rounded
from circleci_usage.core.periods import ONE_DAY, Period, months
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs, within

_DAYS_A_WEEK: Final = 7
_CENTS: Final = 2


@dataclass(frozen=True)
class TrendPeriod:
    """A week or a month; `is_whole` says whether all of its days are known."""

    days: Period
    cost: Decimal
    is_whole: bool

    @property
    def daily(self) -> Decimal | None:
        """What a day of it cost on average, to the cent: comparable also when it is not whole; None of a single day."""
        if len(self.days) < ENOUGH_FOR_MEAN:
            return None
        with estimating():
            return rounded(self.cost / len(self.days), _CENTS)


@dataclass(frozen=True)
class Trend:
    """Costs over time.

    Attributes:
        weeks: of the known days, without seats; the first and the last perhaps not whole.
        months: of the known days, with seats; likewise.
        weekdays: from Monday to Sunday the mean cost of the period's days, without seats, to the cent; None where the
            period has too few such days for a mean.
        without_seats: whether there are seats that weeks and weekdays leave out.
    """

    weeks: tuple[TrendPeriod, ...]
    months: tuple[TrendPeriod, ...]
    weekdays: tuple[Decimal | None, ...]
    without_seats: bool = False


def trend(costs: Costs, known: Period, period: Period) -> Trend:
    """The trend of the known days, and the weekdays of those in the period.

    Args:
        costs: of the known days, and maybe of more.
        known: the complete days that there are data of.
        period: what the weekdays are taken from.
    """
    places = costs.places("cost")
    in_all = {day: to_decimal(cost, places) for day, cost in by_day(costs.lines, known).items()}
    usual = {day: to_decimal(cost, places) for day, cost in by_day(of_days(costs), known).items()}

    def trend_period(days: Period, daily: Mapping[date, Decimal], length: int) -> TrendPeriod:
        with exact_arithmetic():
            return TrendPeriod(days, sum((daily[day] for day in days), ZERO), len(days) == length)

    def mean(weekday: int) -> Decimal | None:
        alike = [cost for day, cost in usual.items() if day in period and day.weekday() == weekday]
        with estimating():
            return (
                rounded(sum(alike, ZERO) / len(alike), _CENTS)
                if len(alike) >= ENOUGH_FOR_MEAN
                else None
            )

    return Trend(
        weeks=tuple(trend_period(week, usual, _DAYS_A_WEEK) for week in _weeks(known)),
        months=tuple(
            trend_period(month, in_all, len(month_of(month.first))) for month in months(known)
        ),
        weekdays=tuple(map(mean, range(_DAYS_A_WEEK))),
        without_seats=not within(once_a_month(costs), known).empty,
    )


def _weeks(known: Period) -> Iterator[Period]:
    start = known.start
    while start < known.stop:
        stop = min(start + (_DAYS_A_WEEK - start.weekday()) * ONE_DAY, known.stop)
        yield Period(start, stop)
        start = stop
