"""Daily usage → costs: credits times the price of their day and type, as exact money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.errors import SettingsError

LIST_PRICE: Final = Decimal("0.0006")
"""What a credit costs at list: 15 dollars for 25,000 credits."""

LIST_CURRENCY: Final = "USD"

_DAYS_NAMED: Final = 10


@dataclass(frozen=True)
class PricePeriod:
    """A price per credit from `start` up to but not including `stop`; None is without end."""

    start: date | None
    stop: date | None
    price: Decimal
    by_credit_type: Mapping[str, Decimal] = field(default_factory=dict)

    def price_of(self, credit_type: str) -> Decimal:
        """The price of one credit of this type."""
        return self.by_credit_type.get(credit_type, self.price)


@dataclass(frozen=True)
class PriceList:
    """What credits cost, when: periods in the order of their days, without overlap."""

    currency: str
    periods: tuple[PricePeriod, ...]

    @classmethod
    def flat(cls, price: Decimal, currency: str = LIST_CURRENCY) -> "PriceList":
        """One price for all days."""
        return cls(currency, (PricePeriod(None, None, price),))


def price(credits: pd.DataFrame, prices: PriceList) -> pd.DataFrame:
    """Add `price` and `cost` (Decimal) to the credits of daily usage, row by row.

    Args:
        credits: `DailyUsage.credits`: at least `date`, `credit_type`, `credits`; every row dated.
        prices: periods that cover every day.

    Raises:
        SettingsError: there is usage on days without a price.
    """
    found = _period_of_day(credits["date"], prices.periods)
    unpriced = found == -1
    if unpriced.any():
        raise SettingsError(_without_price(credits.loc[unpriced, "date"]))
    types = credits["credit_type"].cat.categories
    table = np.array([[each.price_of(kind) for kind in types] for each in prices.periods], dtype="object")
    per_credit = table.reshape(len(prices.periods), len(types))[found, credits["credit_type"].cat.codes]
    return credits.assign(price=per_credit, cost=credits["credits"].to_numpy() * per_credit)


def _period_of_day(days: pd.Series, periods: Sequence[PricePeriod]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Each row's index into `periods`, -1 where none covers its day."""
    found = np.full(len(days), -1, dtype=np.int64)
    for index, period in enumerate(periods):
        inside = np.ones(len(days), dtype=bool)
        if period.start:
            inside &= (days >= pd.Timestamp(period.start)).to_numpy()
        if period.stop:
            inside &= (days < pd.Timestamp(period.stop)).to_numpy()
        found[inside] = index
    return found


def _without_price(days: pd.Series) -> str:
    names = [f"{day:%Y-%m-%d}" for day in sorted(days.unique())]
    more = f" and {len(names) - _DAYS_NAMED} more days" if len(names) > _DAYS_NAMED else ""
    return (
        f"There is usage on days without a price: {', '.join(names[:_DAYS_NAMED])}{more}; add a price period for them."
    )
