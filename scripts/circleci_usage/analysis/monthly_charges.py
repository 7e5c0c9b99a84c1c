"""What is charged once a month, whatever runs: seats, and other charges that come like them.

Last month's charges are expected again on the same days of this month, unless they have come
already.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

import pandas as pd

from circleci_usage.analysis.daily_costs import ONCE_A_MONTH, sums_by_day
from circleci_usage.core.periods import ONE_DAY, Period, add_months, month_start

_MAYBE_MONTHLY: Final = frozenset({"lease", "lease_overage", "ipranges"})
"""Credit types that an organization may be charged once a month, like seats, or day by day."""

_MOST_DAYS: Final = 2
"""On how many days of a month a monthly charge may come."""

_MONTHS_ALIKE: Final = 2
"""In how many whole months in a row it must have come on few days."""

_MONTH_LENGTHS: Final = range(28, 32)
"""Days of a calendar month or billing cycle; a week has fewer, a quarter more."""

_CHARGE: Final = ["organization_id", "credit_type"]


def charged_monthly(lines: pd.DataFrame, known: Period) -> pd.Series:
    """Which lines of costs are charged once a month.

    Args:
        lines: of `Costs`.
        known: the complete days of the data.
    """
    found = lines["credit_type"].isin(ONCE_A_MONTH)
    maybe = lines[lines["credit_type"].isin(_MAYBE_MONTHLY) & (lines["cost"] != 0)]
    for (organization, kind), charges in maybe.groupby(_CHARGE, observed=True):
        if _comes_monthly({moment.date() for moment in charges["date"]}, known):
            found |= (lines["organization_id"] == organization) & (lines["credit_type"] == kind)
    return found


def _comes_monthly(days: set[date], known: Period) -> bool:
    """Whether charges came on few days of each of the last whole months, and of this one."""
    days_of_month = Counter(map(month_start, days))
    this_month = month_start(known.last)
    if days_of_month[this_month] > _MOST_DAYS:
        return False
    months_before = [add_months(this_month, -ago) for ago in range(1, _MONTHS_ALIKE + 1)]
    return all(1 <= days_of_month[month] <= _MOST_DAYS for month in months_before)


def still_to_come(lines: pd.DataFrame, measure: str, period: Period, through: date) -> int:
    """The monthly charges that are still to come in a period, as counts of the measure.

    Args:
        lines: those that are charged once a month.
        measure: the column to sum.
        period: a week, calendar month, billing cycle, quarter or year.
        through: its last complete day.
    """
    to_come = 0
    for _, charges in lines.groupby(_CHARGE, observed=True):
        charged = {day: amount for day, amount in sums_by_day(charges, measure).items() if amount}
        to_come += _to_come(charged, period, through)
    return to_come


def _to_come(charges: Mapping[date, int], period: Period, through: date) -> int:
    """How much of one monthly charge, given by day, is still to come.

    Charged 10 on February 3, 20 on February 15 and 10 on March 3: on March 10, 20 are still to
    come in March, and 30 more in April.
    """
    known = {day: amount for day, amount in charges.items() if day <= through}
    to_come = 0
    for month in _charged_in(period, through):
        due = _due_in(month, known, through)
        to_come += sum(amount for day, amount in due.items() if month == period or day in period)
        known |= due
    return to_come


def _charged_in(period: Period, through: date) -> Iterator[Period]:
    """The months, or the billing cycle, in which charges of a period are still to come."""
    if len(period) in _MONTH_LENGTHS:
        yield period
        return
    first = month_start(through)
    while first < period.stop:
        yield Period(first, add_months(first, 1))
        first = add_months(first, 1)


def _due_in(month: Period, charges: Mapping[date, int], through: date) -> dict[date, int]:
    """The charges that are still to come in a month, by the day on which they are due."""
    before = Period(months_later(month.first, -1, month.first.day), month.start)
    come = sum(day in month for day in charges)
    last = [day for day in charges if day in before]
    due: dict[date, int] = {}
    # This month's first charges stand for last month's first ones, on whatever day they came.
    for day in last[come:]:
        again = _due(day, charges)
        if again > through:
            due[again] = due.get(again, 0) + charges[day]
    return due


def _due(day: date, charges: Mapping[date, int]) -> date:
    """The day on which a charge is due a month later; the last one where that month is shorter."""
    wanted = day.day
    if (day + ONE_DAY).day == 1:
        # February's last day may stand for the 31st.
        earlier = add_months(month_start(day), -1)
        wanted = max([wanted, *(each.day for each in charges if month_start(each) == earlier)])
    return months_later(day, 1, wanted)


def months_later(day: date, months: int, wanted: int) -> date:
    """The wanted day of another month, or its last one.

    >>> months_later(date(2026, 1, 31), 1, 31)
    datetime.date(2026, 2, 28)
    """
    first = add_months(month_start(day), months)
    last = add_months(first, 1) - ONE_DAY
    return first.replace(day=min(wanted, last.day))
