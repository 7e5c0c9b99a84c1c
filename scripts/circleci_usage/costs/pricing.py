"""Daily usage → costs: credits times the price of their day and type, as exact money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any, Final

import numpy as np
import pandas as pd

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import ONE_DAY, OPEN_END, OPEN_START, Period
from circleci_usage.core.plurals import counted
from circleci_usage.core.scaled_integers import Counts, fitting, places_of, to_count
from circleci_usage.costs.costs import UNPRICED, Costs
from circleci_usage.costs.included_credits import IncludedCredits, free_credits
from circleci_usage.costs.list_price import LIST_CURRENCY

_DAYS_NAMED: Final = 10


@dataclass(frozen=True)
class PricePeriod:
    """A price per credit from `start` up to but not including `stop`; None is open-ended."""

    start: date | None
    stop: date | None
    price: Decimal
    by_credit_type: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def last(self) -> date | None:
        """The last day, included."""
        return self.stop - ONE_DAY if self.stop else None

    @property
    def days(self) -> Period:
        """Its days; an open end reaches as far as there are days."""
        # The last day of all has no day after it: a period that begins then begins a day earlier.
        start = min(self.start or OPEN_START, OPEN_END - ONE_DAY)
        return Period(start, self.stop or OPEN_END)

    def price_of(self, credit_type: str) -> Decimal:
        """The price of one credit of this type."""
        return self.by_credit_type.get(credit_type, self.price)


@dataclass(frozen=True)
class PriceList:
    """What credits cost, and when.

    Attributes:
        currency: of all prices.
        periods: in the order of their days, without overlap.
        list_price: of a credit, to compare with.
        included: credits that are free each billing cycle.
        free_seats: seats that are free each billing cycle, used before `included`.
        billing_cycle_day: the day of the month on which billing cycles begin; None when it is not
            known, and cycles are taken to be calendar months.
        allow_unpriced: whether usage on days without a price is shown as unpriced instead of
            refused.
        checksum: of the settings file; empty without one.
    """

    currency: str
    periods: tuple[PricePeriod, ...]
    list_price: Decimal | None = None
    included: IncludedCredits | None = None
    free_seats: IncludedCredits | None = None
    billing_cycle_day: int | None = None
    allow_unpriced: bool = False
    checksum: str = ""

    @classmethod
    def flat(cls, price: Decimal, currency: str = LIST_CURRENCY) -> "PriceList":
        """One price for all days."""
        return cls(currency, (PricePeriod(None, None, price),))

    @property
    def free(self) -> tuple[IncludedCredits, ...]:
        """All free credits, in the order in which they are used."""
        return tuple(each for each in (self.free_seats, self.included) if each)

    def without_free(self) -> "PriceList":
        """The same prices without free credits."""
        return replace(self, free_seats=None, included=None)


def price(credits: pd.DataFrame, places: int, prices: PriceList) -> Costs:
    """Price the credits of daily usage, row by row.

    1,000 credits at a price of 0.0006, 400 of them free: `contracted_cost` is 0.6, `cost` is 0.36.

    Args:
        credits: at least `date`, `credit_type` and `credits`; every row has a day. With free
            credits, they have to begin on the first day of a billing cycle.
        places: the credits are whole numbers of 10^-places.
        prices: what credits cost.
    """
    shift = max(places, *(places_of(each.amount) for each in prices.free), 0) - places
    table, price_places = _price_table(prices, credits["credit_type"].cat.categories.tolist())
    list_price = None if prices.list_price is None else to_count(prices.list_price, price_places)
    amounts = credits["credits"].to_numpy()
    # At least one unit, so that the type holds the prices even if there are no credits.
    largest = max(1, int(np.abs(amounts).sum())) * 10**shift * max(1, list_price or 0, *table.flat)
    amounts = fitting(amounts, largest) * 10**shift
    found = _period_of_day(credits["date"], prices.periods)
    per_credit = table.astype(amounts.dtype)[found, credits["credit_type"].cat.codes]
    free = _free(credits.assign(credits=amounts), places + shift, prices)
    contracted = at_list_price = amounts * per_credit
    is_unpriced = found == UNPRICED
    if list_price is not None:
        at_list_price = np.where(is_unpriced, 0, amounts * list_price)
    lines = credits.assign(
        price_period=found,
        price=per_credit,
        credits=amounts,
        free_credits=free,
        unpriced_credits=np.where(is_unpriced, amounts - free, 0),
        list_cost=at_list_price,
        contracted_cost=contracted,
        cost=contracted - free * per_credit,
    )
    return Costs(lines, places + shift, price_places)


def refuse_unpriced(costs: Costs) -> None:
    """Refuse usage without a price, rather than show it as if it cost nothing.

    Raises:
        SettingsError: there is such usage; the message names the days.
    """
    days = costs.unpriced_days()
    if days:
        raise SettingsError(
            f"There is usage on days without a price: {named_days(days)}; add a price period for"
            " them, or show their credits as unpriced with --allow-unpriced."
        )


def named_days(days: Sequence[date]) -> str:
    """The first few days in words, and how many more: `2026-03-01, 2026-03-02 and 5 more days`."""
    more = f" and {counted(len(days) - _DAYS_NAMED, 'more day')}" if len(days) > _DAYS_NAMED else ""
    return ", ".join(map(str, days[:_DAYS_NAMED])) + more


def _free(credits: pd.DataFrame, places: int, prices: PriceList) -> Counts:
    """How many credits of each row are free: of the seats first, then of what is left."""
    free = np.zeros_like(credits["credits"].to_numpy())
    for included in prices.free:
        some = included.of(credits["credit_type"])
        left = credits[some].assign(credits=(credits["credits"].to_numpy() - free)[some])
        free[some] += free_credits(
            left, to_count(included.amount, places), prices.billing_cycle_day
        )
    return free


def _price_table(prices: PriceList, types: Sequence[str]) -> tuple["np.ndarray[Any, Any]", int]:
    """Prices as counts, and their decimal places.

    There is a row per period and a column per credit type; the last row is that of `UNPRICED`.
    """
    rows = [_prices_of(period, types) for period in prices.periods]
    listed = [] if prices.list_price is None else [prices.list_price]
    places = max(map(places_of, chain(listed, *rows)), default=0)
    table = np.zeros((len(rows) + 1, len(types)), dtype="object")
    for index, row in enumerate(rows):
        table[index] = [to_count(each, places) for each in row]
    return table, places


def _prices_of(period: PricePeriod, types: Sequence[str]) -> list[Decimal]:
    return [period.price_of(kind) for kind in types]


def _period_of_day(
    days: pd.Series, periods: Sequence[PricePeriod]
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Each row's index into `periods`, `UNPRICED` where none has its day."""
    found = np.full(len(days), UNPRICED, dtype=np.int64)
    for index, period in enumerate(periods):
        inside = np.ones(len(days), dtype=bool)
        if period.start:
            inside &= (days >= pd.Timestamp(period.start)).to_numpy()
        if period.stop:
            inside &= (days < pd.Timestamp(period.stop)).to_numpy()
        found[inside] = index
    return found
