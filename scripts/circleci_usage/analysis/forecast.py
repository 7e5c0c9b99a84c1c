"""What the month will cost: so far, monthly charges still to come, and the days left.

The days left are projected from those before (see `projection`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np

from circleci_usage.analysis.projection import Values, project
from circleci_usage.core.decimals import ZERO, estimating, exact_arithmetic, rounded
from circleci_usage.core.periods import Period, add_months, month_start

_CENTS: Final = 2


@dataclass(frozen=True)
class Forecast:
    """What a month has cost, and what it is forecast to cost at its end.

    Attributes:
        spent: so far; exact.
        expected: at the end of the month, to the cent; the same as `spent` when the month is over;
            None when too little is known.
        low: the lower bound of its 80% interval; None when too little is known to give one.
        high: the upper bound.
    """

    spent: Decimal
    expected: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    return Period(month_start(day), add_months(month_start(day), 1))


def forecast_month(
    month: Period,
    through: date,
    daily: Mapping[date, Decimal],
    once: Decimal,
    coming: Decimal = ZERO,
    places: int = _CENTS,
) -> Forecast:
    """The forecast of a month or billing cycle.

    20 days of 10 each, 30 once and 5 still to come, in a month of 30 days: 230 are spent, 335 are
    expected.

    Args:
        month: a calendar month or a billing cycle.
        through: its last complete day.
        daily: what each day cost, from the first day that is known; days after `through` do not
            count.
        once: monthly charges of the month so far.
        coming: monthly charges that are still to come.
        places: decimal places of what is expected.
    """
    of_month = [cost for day, cost in daily.items() if day in month and day <= through]
    with exact_arithmetic():
        spent = once + sum(of_month, ZERO)
    days_left = (month.last - through).days
    if not days_left:
        return Forecast(spent, spent, spent, spent)
    ahead = project(_history(daily, through), days_left)
    if ahead is None:
        return Forecast(spent)

    def at_the_end(amount: float) -> Decimal:
        with estimating():
            return max(spent, rounded(spent + coming + Decimal(amount), places))

    expected = at_the_end(ahead.expected)
    if ahead.low is None or ahead.high is None:
        return Forecast(spent, expected)
    return Forecast(spent, expected, at_the_end(ahead.low), at_the_end(ahead.high))


def _history(daily: Mapping[date, Decimal], through: date) -> Values:
    """The cost of each day from the first to the last complete one."""
    if not daily or min(daily) > through:
        return np.zeros(0)
    days = Period.of_days(min(daily), through)
    return np.array([float(daily.get(day, ZERO)) for day in days])
