"""Whether the credits of parts, credit types and teams reconcile, and the prices charged."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.core.decimals import total
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import MONEY, UNPRICED, Costs
from circleci_usage.costs.pricing import PLAN, PriceList

_NO_PRICE: Final[Mapping[str, object]] = {"first": None, "last": None, "price": None}


@dataclass(frozen=True)
class Reconciliation:
    """The same credits, summed in three ways.

    Attributes:
        of_rows: TOTAL_CREDITS of all job runs.
        of_credit_types: the credit types; what TOTAL_CREDITS has beyond them is the type `other`.
        of_teams: what the teams are charged.
        unreconciled_rows: the job runs in which TOTAL_CREDITS is not the sum of the credit types.
    """

    of_rows: Decimal
    of_credit_types: Decimal
    of_teams: Decimal
    unreconciled_rows: int

    @property
    def agrees(self) -> bool:
        """Whether the three are equal, to the last digit."""
        return self.of_rows == self.of_credit_types == self.of_teams


def reconcile(
    costs: Costs, runs: pd.DataFrame, run_places: int, charged: pd.DataFrame
) -> Reconciliation:
    """Sum the credits of the job runs, of their costs and of the teams.

    Args:
        costs: owned costs.
        runs: all job runs, with `total_credits` and `unreconciled_rows`.
        run_places: their credits are whole numbers of 10^-run_places.
        charged: the lines of `chargeback`.
    """
    return Reconciliation(
        of_rows=to_decimal(int(runs["total_credits"].sum()), run_places),
        of_credit_types=costs.total("credits"),
        of_teams=total(charged["credits"]),
        unreconciled_rows=int(runs["unreconciled_rows"].sum()),
    )


def prices_used(costs: Costs, prices: PriceList) -> pd.DataFrame:
    """What was charged at which price: a line per price period and credit type with credits.

    Columns: `plan` (only where there are plans), `first` and `last` (days of the price period; None
    where it is open-ended), `credit_type`, `price` (None where there is none), `credits`,
    `free_credits`, `list_cost`, `contracted_cost`, `cost`, in the order of the periods.
    """
    measures = ["credits", "free_credits", *MONEY]
    # A price period belongs to one plan, but what has no price may be of any.
    plan = [PLAN] if prices.plans else []
    sums = sum_by(costs.lines, ["price_period", *plan, "credit_type"], measures)
    lines = costs.decimals(sums).reset_index()
    periods = prices.all_periods
    rows: list[dict[str, object]] = []
    for index, kind in zip(lines["price_period"], lines["credit_type"], strict=True):
        row = {**_NO_PRICE, "credit_type": kind}
        if index != UNPRICED:
            period = periods[index]
            row |= {"first": period.start, "last": period.last, "price": period.price_of(kind)}
        rows.append(row)
    found = pd.DataFrame(rows, columns=["first", "last", "credit_type", "price"], dtype="object")
    return lines[plan].astype("object").join(found).join(lines[measures])
