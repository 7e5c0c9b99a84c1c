"""What the month will cost.

Method: the cost of the month so far, and for each day left the mean of its weekday over the last `HISTORY` complete
days: CI costs follow the week (FinOps practice; compare the weekday-seasonal naive forecast in Hyndman and
Athanasopoulos, Forecasting: Principles and Practice, section 5.2). The band holds the sum in about eight of ten months
if days scatter around their weekday's mean as they did, independently: the variance of a sum of n days of a weekday
whose mean is known from k days is s² (n + n²/k). Seats count as spent, and are not expected again.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from circleci_usage.days import ONE_DAY, Period, add_months, month_start
from circleci_usage.money.exact import ZERO, estimating, rounded

HISTORY: Final = 28
"""Days that the means are taken from: four of each weekday."""

ENOUGH: Final = 14
"""With fewer complete days, two of each weekday, nothing is expected."""

_EIGHTY_PERCENT: Final = Decimal("1.2816")
"""Standard deviations of a normal distribution on either side of its mean that hold 80% of it."""

_CENTS: Final = 2


@dataclass(frozen=True)
class Outlook:
    """What a month has cost, and what it will cost at its end.

    Attributes:
        spent: so far; exact.
        expected: at the end of the month, to the cent; the same as `spent` when the month is over; None when too
            little is known.
        low: with its lower bound of an 80% band,
        high: and its upper one.
    """

    spent: Decimal
    expected: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    return Period(month_start(day), add_months(month_start(day), 1))


def outlook(month: Period, through: date, daily: Mapping[date, Decimal], once: Decimal) -> Outlook:
    """The outlook on the month that `through`, its last complete day, lies in.

    Args:
        month: a calendar month.
        through: the last day that is known whole.
        daily: what each day cost, from the first day that is known; later days than `through` do not count.
        once: what the month has cost besides, whatever the day.
    """
    with estimating():
        spent = once + sum((cost for day, cost in daily.items() if day in month and day <= through), ZERO)
        left = [day for day in month if day > through]
        if not left:
            return Outlook(spent, spent, spent, spent)
        history = _history(daily, through)
        if sum(map(len, history.values())) < ENOUGH:
            return Outlook(spent)
        expected = spent + sum((_mean(history[day.weekday()]) for day in left), ZERO)
        margin = _EIGHTY_PERCENT * _variance(history, left).sqrt()
        low = max(spent, expected - margin)
        return Outlook(spent, *(rounded(amount, _CENTS) for amount in (expected, low, expected + margin)))


def _history(daily: Mapping[date, Decimal], through: date) -> Mapping[int, list[Decimal]]:
    """The costs of the last days by weekday, Monday 0."""
    history: defaultdict[int, list[Decimal]] = defaultdict(list)
    since = through - timedelta(days=HISTORY) + ONE_DAY
    for day, cost in daily.items():
        if since <= day <= through:
            history[day.weekday()].append(cost)
    return history


def _mean(costs: list[Decimal]) -> Decimal:
    return sum(costs, ZERO) / len(costs)


def _variance(history: Mapping[int, list[Decimal]], left: list[date]) -> Decimal:
    residuals = [(cost - _mean(costs)) ** 2 for costs in history.values() for cost in costs]
    # One degree of freedom goes to each weekday's mean.
    of_a_day = sum(residuals, ZERO) / max(1, len(residuals) - len(history))
    days_left = {weekday: sum(day.weekday() == weekday for day in left) for weekday in history}
    return of_a_day * sum(
        (Decimal(count) + Decimal(count**2) / len(history[weekday]) for weekday, count in days_left.items()), ZERO
    )
