"""What in the settings file can hardly be meant: told before somebody trusts the numbers that it makes."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.core.decimals import plain, ratio, rounded
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import Ownership, idle_globs
from circleci_usage.costs.pricing import LIST_CURRENCY, LIST_PRICE, PriceList, PricePeriod
from circleci_usage.schema.export_columns import charge_description

_FAR: Final = 10
"""A contract does not make credits ten times as dear, or as cheap; a wrong unit does."""

_NAMED: Final = 5

_WORTH_A_DOLLAR: Final = frozenset({LIST_CURRENCY, "EUR", "GBP", "CHF", "CAD", "AUD"})
"""Currencies whose unit is worth a dollar or so: their prices are to be near the list price too."""

_UNITS: Final = {1_000: "1,000 credits", 25_000: "25,000 credits"}
"""What prices are quoted for elsewhere."""

_NEAR: Final = 3


def settings_warnings(
    usage: pd.DataFrame, ownership: Ownership, prices: PriceList, period: Period
) -> Iterator[str]:
    """A sentence each.

    Args:
        usage: the dimensions of all usage that is known, not only of the period: a project may rest for a week.
        ownership: the teams and what they own.
        prices: what credits cost.
        period: the days reported on.
    """
    if not usage.empty:
        yield from _idle_globs(usage, ownership)
    yield from _far_prices(prices, period)


def _idle_globs(usage: pd.DataFrame, ownership: Ownership) -> Iterator[str]:
    idle = idle_globs(usage, ownership)
    for owner, glob in idle[:_NAMED]:
        whose = "of shared_costs" if owner == "shared_costs" else f"of the team {owner}"
        yield f"The glob {glob} {whose} matches nothing in the data; check its spelling (case counts)."
    if len(idle) > _NAMED:
        yield f"{len(idle) - _NAMED} more globs of teams match nothing in the data."


def _far_prices(prices: PriceList, period: Period) -> Iterator[str]:
    usual = _usual_price(prices)
    if usual is None:
        return
    if (
        prices.list_price is not None
        and _is_far(prices.list_price, LIST_PRICE)
        and _is_comparable(prices)
    ):
        yield f"The list price in the settings file, {_far(prices.list_price, LIST_PRICE, prices.currency)}"
    for each in prices.periods:
        if _holds_within(each, period):
            for what, price in _named_prices(each):
                if _is_far(price, usual):
                    yield f"The price {what}, {_far(price, usual, prices.currency)}"


def _usual_price(prices: PriceList) -> Decimal | None:
    if _is_comparable(prices):
        return LIST_PRICE
    return prices.list_price or None


def _is_comparable(prices: PriceList) -> bool:
    return prices.currency in _WORTH_A_DOLLAR


def _holds_within(price: PricePeriod, period: Period) -> bool:
    begins_late = price.start is not None and price.start >= period.stop
    ends_early = price.stop is not None and price.stop <= period.start
    return not begins_late and not ends_early


def _named_prices(price: PricePeriod) -> Iterator[tuple[str, Decimal]]:
    since = f" from {price.start} on" if price.start else ""
    yield f"of a credit{since}", price.price
    for credit_type, other in price.by_credit_type.items():
        if other:  # what somebody says costs nothing, costs nothing
            yield f"of {charge_description(credit_type)}{since}", other


def _is_far(price: Decimal, usual: Decimal, times: int = _FAR) -> bool:
    return price > usual * times or price * times < usual


def _far(price: Decimal, usual: Decimal, currency: str) -> str:
    """`15 USD, is 25,000 times the list price of 0.0006 USD; is it the price of 25,000 credits? …`."""
    how = f"{rounded(ratio(price, usual), 0):,} times" if price > usual else "less than a tenth of"
    unit = next(
        (unit for credits, unit in _UNITS.items() if not _is_far(price, usual * credits, _NEAR)), ""
    )
    hint = f"; it may be the price of {unit}" if unit else ""
    return (
        f"{plain(price)} {currency}, is {how} the list price of {plain(usual)} {currency}{hint}."
        " Prices are those of one credit."
    )
