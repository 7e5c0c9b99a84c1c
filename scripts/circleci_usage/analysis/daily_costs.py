"""Costs by day, with every day there, and apart from what is charged once a month."""

from datetime import date
from typing import Final

import pandas as pd

from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period
from circleci_usage.costs.costs import Costs

ONCE_A_MONTH: Final = frozenset({"user"})
"""Credit types that no day causes: seats would make the first day of a month look like a spike."""


def of_days(costs: Costs) -> pd.DataFrame:
    """The lines whose cost was caused on their day."""
    return costs.lines[~costs.lines["credit_type"].isin(ONCE_A_MONTH)]


def once_a_month(costs: Costs) -> pd.DataFrame:
    """The lines that are charged once a month."""
    return costs.lines[costs.lines["credit_type"].isin(ONCE_A_MONTH)]


def by_day(lines: pd.DataFrame, days: Period, measure: str = "cost") -> dict[date, int]:
    """Cost, or another measure, of each of the days, as counts; 0 where there are no lines."""
    found = sums_by_day(lines, measure)
    return {day: found.get(day, 0) for day in days}


def sums_by_day(lines: pd.DataFrame, measure: str) -> dict[date, int]:
    """The sum of a measure on each day that has lines, in the order of the days."""
    sums = sum_by(lines, ["date"], [measure])[measure]
    amounts = zip(sums.index, sums.tolist(), strict=True)
    return {moment.date(): int(amount) for moment, amount in amounts}
