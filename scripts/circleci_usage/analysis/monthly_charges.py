"""What is charged once a month, whatever runs: seats, and what else of an organization's comes like them.

A month's charges are expected again on the days that last month's came on, unless they have come already.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

import pandas as pd

from circleci_usage.analysis.daily_costs import ONCE_A_MONTH
from circleci_usage.core.periods import ONE_DAY, Period, add_months, month_start

_MAYBE_MONTHLY: Final = frozenset({"lease", "lease_overage", "ipranges"})
"""Credit types that an organization may be charged once a month, like seats, or day by day."""

_MOST_DAYS: Final = 2
"""On how many days of a month it may come that is charged monthly."""

_MONTHS_ALIKE: Final = 2
"""How many whole months in a row it must have come so."""

_CHARGE: Final = ["organization_id", "credit_type"]


def charged_monthly(lines: pd.DataFrame, known: Period) -> pd.Series:
    """Which lines of costs are charged once a month.

    Args:
        lines: of `Costs`.
        known: the complete days that there are data of.
    """
    found = lines["credit_type"].isin(ONCE_A_MONTH)
    maybe = lines[lines["credit_type"].isin(_MAYBE_MONTHLY) & (lines["cost"] != 0)]
    for (organization, kind), charges in maybe.groupby(_CHARGE, observed=True):
        if _comes_monthly({moment.date() for moment in charges["date"]}, known):
            found |= (lines["organization_id"] == organization) & (lines["credit_type"] == kind)
    return found


def _comes_monthly(days: set[date], known: Period) -> bool:
    """Whether charges came on few days of each of the last whole months, and of this one."""
    month = known.last.replace(day=1)
    whole = [add_months(month, -ago) for ago in range(1, _MONTHS_ALIKE + 1)]
    counts = [sum(day.replace(day=1) == each for day in days) for each in (month, *whole)]
    this, *before = counts
    return this <= _MOST_DAYS and all(1 <= count <= _MOST_DAYS for count in before)


def still_to_come(lines: pd.DataFrame, measure: str, month: Period, through: date) -> int:
    """What of the monthly charges is still to come in a month, as counts of the measure.

    Args:
        lines: those that are charged once a month.
        measure: the column to sum.
        month: a calendar month, or a billing cycle.
        through: its last complete day.
    """
    return sum(
        _to_come(_by_day(charges, measure), month, through)
        for _, charges in lines.groupby(_CHARGE, observed=True)
    )


def _by_day(charges: pd.DataFrame, measure: str) -> dict[date, int]:
    """What was charged, in the order of the days."""
    sums = charges.groupby("date", observed=True)[measure].sum().sort_index()
    return {
        moment.date(): int(amount)
        for moment, amount in zip(sums.index, sums.tolist(), strict=True)
        if amount
    }


def _to_come(charges: Mapping[date, int], month: Period, through: date) -> int:
    before = Period(_months_later(month.first, -1, month.first.day), month.start)
    come = sum(day in month and day <= through for day in charges)
    last = [day for day in charges if day in before]
    # The first of this month's are the first of last month's, on whatever day they came.
    return sum(charges[day] for day in last[come:] if _due(day, charges) > through)


def _due(day: date, charges: Mapping[date, int]) -> date:
    """The day on which a charge comes again a month later; the last one where that month is shorter."""
    wanted = day.day
    if (day + ONE_DAY).day == 1:
        # February's last day may stand for the 31st.
        earlier = add_months(month_start(day), -1)
        wanted = max([wanted, *(each.day for each in charges if month_start(each) == earlier)])
    return _months_later(day, 1, wanted)


def _months_later(day: date, months: int, wanted: int) -> date:
    """The wanted day of another month, or its last one."""
    first = add_months(month_start(day), months)
    last = add_months(first, 1) - ONE_DAY
    return first.replace(day=min(wanted, last.day))
