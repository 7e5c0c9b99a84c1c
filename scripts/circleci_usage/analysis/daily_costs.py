"""Costs by day, as the analyses of time need them: every day there, and without what is charged once a month."""

from datetime import date
from typing import Final

import pandas as pd

from circleci_usage.core.periods import Period
from circleci_usage.costs.costs import Costs

ONCE_A_MONTH: Final = frozenset({"user"})
"""Credit types that no day causes: seats are charged for the month, and would make its first day look like a jump."""


def of_days(costs: Costs) -> pd.DataFrame:
    """The lines whose cost belongs to their day."""
    return costs.lines[~costs.lines["credit_type"].isin(ONCE_A_MONTH)]


def once_a_month(costs: Costs) -> pd.DataFrame:
    """The other lines."""
    return costs.lines[costs.lines["credit_type"].isin(ONCE_A_MONTH)]


def by_day(lines: pd.DataFrame, days: Period, measure: str = "cost") -> dict[date, int]:
    """Cost, or another measure, of each of the days, as counts; 0 where there are no lines."""
    sums = lines.groupby("date", observed=True)[measure].sum()
    found = {
        moment.date(): int(amount) for moment, amount in zip(sums.index, sums.tolist(), strict=True)
    }
    return {day: found.get(day, 0) for day in days}
