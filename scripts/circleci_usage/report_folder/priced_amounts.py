"""Only what is known: amounts that say nothing are left out, and a cost without a price is not shown as 0."""

from collections.abc import Iterable
from decimal import Decimal

import pandas as pd

from circleci_usage.costs.pricing import PriceList


def known_amounts(columns: Iterable[str], prices: PriceList) -> list[str]:
    """The columns without the amounts that say nothing.

    Without a list price there is no list cost, without included credits the contracted cost is the cost, and without
    leave to have unpriced credits there are none.
    """
    nothing = {
        "list_cost": prices.list_price is None,
        "contracted_cost": not prices.free,
        "unpriced_credits": not prices.allow_unpriced,
        "free_credits": not prices.free,
    }
    return [column for column in columns if not nothing.get(column)]


def known_lines(lines: pd.DataFrame, prices: PriceList) -> pd.DataFrame:
    """Lines with `AMOUNTS` as they are shown: the known amounts; None for the cost of credits that have no price."""
    shown = lines[known_amounts(lines.columns, prices)]
    if not prices.allow_unpriced:
        return shown
    unknown = (lines["unpriced_credits"] == lines["credits"]) & (lines["credits"] != 0)
    costs = [
        column for column in shown if column in {"list_cost", "contracted_cost", "cost", "share"}
    ]
    return shown.assign(**{column: shown[column].mask(unknown, None) for column in costs})


def known_cost(cost: Decimal, credits: Decimal, unpriced_credits: Decimal) -> Decimal | None:
    """The cost, or None when none of the credits has a price."""
    return None if unpriced_credits and unpriced_credits == credits else cost
