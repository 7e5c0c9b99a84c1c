"""What is known of amounts: what says nothing is left out, and no unknown cost is shown as 0."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.costs.pricing import PriceList

_COSTS: Final = frozenset({"list_cost", "contracted_cost", "cost", "share"})


def known_amounts(columns: Iterable[str], prices: PriceList) -> list[str]:
    """The columns without the amounts that say nothing.

    Without a list price there is no list cost. Without included credits the contracted cost is the
    cost. Unless unpriced credits are allowed, there are none.
    """
    says_nothing = {
        "list_cost": prices.list_price is None,
        "contracted_cost": not prices.free,
        "unpriced_credits": not prices.allow_unpriced,
        "free_credits": not prices.free,
    }
    return [column for column in columns if not says_nothing.get(column)]


def known_lines(lines: pd.DataFrame, prices: PriceList) -> pd.DataFrame:
    """Lines as they are shown: the known amounts, and None for costs without any price."""
    shown = lines[known_amounts(lines.columns, prices)]
    if not prices.allow_unpriced:
        return shown
    is_unknown = (lines["unpriced_credits"] == lines["credits"]) & (lines["credits"] != 0)
    costs = [column for column in shown if column in _COSTS]
    return shown.assign(**{column: shown[column].mask(is_unknown, None) for column in costs})


def known_cost(cost: Decimal, credits: Decimal, unpriced_credits: Decimal) -> Decimal | None:
    """The cost, or None when none of the credits has a price."""
    return None if unpriced_credits and unpriced_credits == credits else cost
