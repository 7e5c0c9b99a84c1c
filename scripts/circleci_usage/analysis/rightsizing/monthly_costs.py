"""What each job costs a month on each of its resource classes, projected from some days."""

from decimal import Decimal
from math import nan
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.columnar import Values, found_in
from circleci_usage.core.decimals import estimating, rounded
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import fitting, to_count, to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobClassKey

CENTS: Final = 2
"""The decimal places of money a month; credits a month have none."""

DAYS_A_MONTH: Final = Decimal("30.4375")

MEASURED: Final = ("runs", "measured_runs", "p95_cpu", "p95_ram", "median_runs", "p50_median_cpu")
"""What run statistics have of each job on a class."""


def monthly_table(costs: Costs, machines: pd.DataFrame, months: Decimal) -> pd.DataFrame:
    """The rows of `RunStatistics.machines` with `credits` and `cost` a month.

    62 credits of a January are 60.875 a month, rounded to 61: a month has 30.4375 days.

    Args:
        costs: of the days that the month is projected from.
        machines: a row per `JobClassKey`, with some of `MEASURED`.
        months: how many times these days a month is.

    Returns:
        Also `cents`: the costs as whole numbers.
    """
    keys = [*JobClassKey._fields]
    lines = costs.lines[costs.lines["credit_type"] == "compute"]
    found = found_in(sum_by(lines, keys, ["credits", "contracted_cost"]), machines[keys])
    credits, _ = _a_month(found["credits"].to_numpy(), costs.places("credits"), months, 0)
    cost, cents = _a_month(
        found["contracted_cost"].to_numpy(), costs.places("contracted_cost"), months, CENTS
    )
    missing = {name: nan for name in MEASURED if name not in machines}
    if "median_runs" in missing:
        missing["median_runs"] = 0
    return machines.assign(**missing, credits=credits, cost=cost, cents=cents)


def _a_month(
    counts: Values, places: int, months: Decimal, shown_places: int
) -> tuple[Values, Values]:
    """Amounts a month, rounded, and the same as whole numbers.

    Each distinct amount is projected once.
    """
    distinct, rows = np.unique(counts, return_inverse=True)
    amounts = [
        rounded(to_decimal(int(count), places) * months, shown_places)
        for count in distinct.tolist()
    ]
    wholes = [to_count(amount, shown_places) for amount in amounts]
    decimals = _objects(amounts)
    integers = fitting(_objects(wholes), sum(map(abs, wholes)))
    return decimals[rows], integers[rows]


def _objects(values: list[Decimal] | list[int]) -> Values:
    """An array of Python objects, also when there are none."""
    found = np.empty(len(values), dtype="object")
    found[:] = values
    return found


def saved_at_rate(amount: Decimal, rate: Decimal, new_rate: Decimal, places: int) -> Decimal:
    """What a new rate saves of an amount, if runs take as long as before.

    28 of 100, at 72 credits a minute instead of 100.
    """
    with estimating():
        return rounded(amount * (1 - new_rate / rate), places)
