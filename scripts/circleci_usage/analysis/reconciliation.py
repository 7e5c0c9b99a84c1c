"""Do the numbers agree: the credits of the parts, the credit types and the teams; and which price made which cost."""

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from circleci_usage.core.decimals import total
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import MONEY, UNPRICED, Costs
from circleci_usage.costs.pricing import PriceList


@dataclass(frozen=True)
class Reconciliation:
    """The same credits, summed in three ways.

    Attributes:
        of_rows: TOTAL_CREDITS of all job runs.
        of_credit_types: the credit types, with what TOTAL_CREDITS has beyond them as the type `other`.
        of_teams: what the teams are shown.
        unreconciled_rows: in how many job runs TOTAL_CREDITS is not the sum of the eight credit types.
    """

    of_rows: Decimal
    of_credit_types: Decimal
    of_teams: Decimal
    unreconciled_rows: int

    @property
    def agrees(self) -> bool:
        """Whether the three are the same, to the last digit."""
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

    Columns: `first` and `last` (days of the price period; None without end), `credit_type`, `price` (None where there
    is none), `credits`, `free_credits`, `list_cost`, `contracted_cost`, `cost`, in the order of the periods.
    """
    keys = ["price_period", "credit_type"]
    sums = costs.lines.groupby(keys, observed=True)[["credits", "free_credits", *MONEY]].sum()
    lines = costs.decimals(sums).reset_index()
    periods = [
        None if index == UNPRICED else prices.periods[index] for index in lines["price_period"]
    ]
    found = {
        "first": [period and period.start for period in periods],
        "last": [period and period.last for period in periods],
        "credit_type": lines["credit_type"],
        "price": [
            period and period.price_of(kind)
            for period, kind in zip(periods, lines["credit_type"], strict=True)
        ],
    }
    return pd.DataFrame(found, dtype="object").join(lines[sums.columns])
