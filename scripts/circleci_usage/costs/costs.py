"""Credits and what they cost, row by row: made by pricing, regrouped by everything after it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import to_decimal

CREDITS: Final = ("credits", "free_credits", "unpriced_credits")
MONEY: Final = ("list_cost", "contracted_cost", "cost")

UNPRICED: Final = -1
"""In place of a price period where none has the day."""


@dataclass(frozen=True)
class Costs:
    """Credits and what they cost.

    Attributes:
        lines: rows of daily usage by credit type, with `credits`, `free_credits` (covered by
            included credits), `unpriced_credits` (their cost is not known), `list_cost` (at the
            list price, or the contract price where there is none), `contracted_cost` and `cost`,
            which is what is charged after included credits; also `price_period` (its index, or
            `UNPRICED`) and `price` (of one credit).
        credit_places: credits are whole numbers of 10^-credit_places (see `core.scaled_integers`).
        price_places: prices are whole numbers of 10^-price_places; money has both places.
    """

    lines: pd.DataFrame
    credit_places: int
    price_places: int

    def places(self, measure: str) -> int:
        """The decimal places of one of `CREDITS` or `MONEY`."""
        return self.credit_places + (self.price_places if measure in MONEY else 0)

    def decimals(self, counts: pd.DataFrame) -> pd.DataFrame:
        """Sums of `CREDITS` and `MONEY` as decimals, in the columns that have them."""
        return exact_columns(counts, self.all_places(counts))

    def all_places(self, counts: pd.DataFrame) -> dict[str, int]:
        """The decimal places of all amounts in a frame."""
        amounts = counts.columns.intersection([*CREDITS, *MONEY])
        return {str(name): self.places(name) for name in amounts}

    def total(self, measure: str) -> Decimal:
        """The sum of one of `CREDITS` or `MONEY` over all lines."""
        return to_decimal(int(self.lines[measure].sum()), self.places(measure))

    def within(self, period: Period) -> "Costs":
        """The costs of some days."""
        return replace(self, lines=within(self.lines, period))

    def over_days(self) -> "Costs":
        """The same, summed over all days, without prices."""
        return replace(self, lines=over_days(self.lines, [*CREDITS, *MONEY, "job_runs"]))

    def unpriced_days(self) -> list[date]:
        """The days on which there are credits without a price."""
        are_unpriced = self.lines["price_period"] == UNPRICED
        days: list[Any] = self.lines.loc[are_unpriced, "date"].unique().tolist()
        return sorted(day.date() for day in days)


def exact_columns(counts: pd.DataFrame, places: Mapping[str, int]) -> pd.DataFrame:
    """A frame with decimals in place of counts, in the columns whose places are given."""
    exact = {}
    for name, digits in places.items():
        decimals = [to_decimal(count, digits) for count in counts[name].tolist()]
        exact[name] = pd.Series(decimals, counts.index, "object")
    return counts.assign(**exact)


def within(frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The rows of a frame whose `date` lies in the period."""
    start, stop = pd.Timestamp(period.start), pd.Timestamp(period.stop)
    are_inside = (frame["date"] >= start) & (frame["date"] < stop)
    # Most often all of them are, and copying a million rows is expensive.
    return frame.copy(deep=False) if are_inside.all() else frame[are_inside]


def over_days(frame: pd.DataFrame, measures: list[str]) -> pd.DataFrame:
    """The measures of a frame summed by all of its names, over its days.

    Two rows of one job on two days, with 1 and 2 credits, become one row with 3.
    """
    names = frame.columns[[isinstance(each, pd.CategoricalDtype) for each in frame.dtypes]]
    return sum_by(frame, [*names], measures, sort=False).reset_index()
