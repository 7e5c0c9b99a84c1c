"""Included credits: what a plan gives free each billing cycle, used up from the oldest day on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from circleci_usage.core.apportion import apportion
from circleci_usage.core.periods import billing_period
from circleci_usage.core.scaled_integers import Counts

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class IncludedCredits:
    """Credits that are free in each billing cycle, for all organizations of the plan together.

    Attributes:
        amount: how many.
        credit_types: the only types that are free; None is any.
    """

    amount: Decimal
    credit_types: frozenset[str] | None = None

    def of(self, credit_types: pd.Series) -> Flags:
        """Which rows may be free, by their credit types."""
        if self.credit_types is None:
            return np.ones(len(credit_types), dtype=bool)
        return credit_types.isin(self.credit_types).to_numpy()


def free_credits(usage: pd.DataFrame, amount: int, cycle_day: int | None = None) -> Counts:
    """How many credits of each row are free.

    5 included credits, and 4 used on each of two days: 4 and 1 are free.

    On the day on which the included credits run out, each credit type gets its share of the rest,
    and so does each row of the type. That is done in whole units, so it is exact, and how much of a
    type is free on a day does not depend on how finely the rows break down the usage.

    Args:
        usage: `date`, `credit_type`, `credits` (counts), from the first day of a billing cycle on.
        amount: included each cycle, in the same units as the credits.
        cycle_day: the day of the month that billing cycles begin on; None for calendar months.
    """
    credits = usage["credits"].to_numpy()
    free = np.zeros_like(credits)
    left: dict[date, int] = {}
    for day, rows in sorted(usage.groupby("date").indices.items()):
        cycle = billing_period(pd.Timestamp(str(day)).date(), cycle_day).start
        rest, used = left.setdefault(cycle, amount), int(credits[rows].sum())
        if rest <= 0 or used <= 0:
            continue
        free[rows] = credits[rows] if used <= rest else _share_out(usage.iloc[rows], rest)
        left[cycle] = rest - used
    return free


def _share_out(usage: pd.DataFrame, rest: int) -> list[int]:
    """The rest of the included credits on the rows of one day, by credit type, then by row."""
    types = usage.groupby("credit_type", observed=True)["credits"].sum()
    shares = dict(zip(types.index, apportion(rest, [int(used) for used in types]), strict=True))
    free = np.zeros(len(usage), dtype="object")
    for kind, share in shares.items():
        rows = np.flatnonzero(usage["credit_type"] == kind)
        if types[kind]:
            free[rows] = apportion(share, [int(used) for used in usage["credits"].iloc[rows]])
    return free.tolist()
