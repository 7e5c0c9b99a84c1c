"""The day on which billing cycles begin, as far as usage shows it: seats are charged on it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from circleci_usage.core.periods import ONE_DAY, Period, add_months, billing_period, month_start

_ENOUGH: Final = 2
"""In how many months seats must have been charged on the same day."""

_DAYS: Final = range(1, 32)


@dataclass(frozen=True)
class SeatDay:
    """The day of the month on which seats are charged.

    Attributes:
        day: 1 to 31; None when the usage does not show it.
        charges: on how many days it was that day.
        reason: why there is none.
    """

    day: int | None
    charges: int = 0
    reason: str = ""


NO_SEAT_DAY: Final = SeatDay(None)
"""Without usage there is nothing to say about it."""


def seat_day(charges: Collection[date], days: Period | None) -> SeatDay:
    """The only day of the month on which seats were charged in every month.

    Charges on other days do not matter unless they recur, too: somebody may join at any time.

        >>> july, august = date(2026, 7, 15), date(2026, 8, 15)
        >>> seat_day([july, date(2026, 7, 20), august], Period(date(2026, 7, 1), date(2026, 9, 1)))
        SeatDay(day=15, charges=2, reason='')

    Args:
        charges: the days on which seats were charged.
        days: from the first to the last day with usage.
    """
    if days is None or not charges:
        return SeatDay(None, reason="the usage has no user seats")
    due = {day: _starts(days, day) for day in _DAYS}
    recurring = [
        day for day, starts in due.items() if len(starts) >= _ENOUGH and starts.issubset(charges)
    ]
    if not recurring:
        return SeatDay(None, reason="user seats were not charged on the same day in two months")
    if len(recurring) > 1:
        some = " and ".join(map(str, recurring[:_ENOUGH]))
        return SeatDay(None, reason=f"several days of the month fit, such as {some}")
    return SeatDay(recurring[0], len(due[recurring[0]]))


def _starts(days: Period, cycle_day: int) -> frozenset[date]:
    """The first days of the billing cycles in a period; in a shorter month, its last day."""
    months = {month_start(days.first)}
    while (following := add_months(max(months), 1)) <= days.last:
        months.add(following)
    ends = (add_months(month, 1) for month in months)
    starts = (billing_period(end - ONE_DAY, cycle_day).start for end in ends)
    return frozenset(start for start in starts if start in days)
