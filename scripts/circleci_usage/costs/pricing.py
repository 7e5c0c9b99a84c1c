"""Daily usage → costs: credits times the price of their day and type, as exact money."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any, Final

import numpy as np
import pandas as pd

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import ONE_DAY, OPEN_END, OPEN_START, Period, billing_period
from circleci_usage.core.plurals import agreeing, counted
from circleci_usage.core.scaled_integers import Counts, fitting, places_of, to_count
from circleci_usage.costs.costs import UNPRICED, Costs
from circleci_usage.costs.included_credits import IncludedCredits, free_credits
from circleci_usage.costs.list_price import LIST_CURRENCY
from circleci_usage.costs.purchases import Purchase
from circleci_usage.costs.rules import Rule, rule_of_rows

PLAN: Final = "plan"
"""The column of lines of costs that names their plan; only where the settings have plans."""

DEFAULT_PLAN: Final = "default"
"""The plan of what no plan of the settings has: its prices are those at the top of the file."""

_OF_PLANS: Final = ("organization", "project")
"""The dimensions that the rules of plans look at."""

_DAYS_NAMED: Final = 10

_Indexes = np.ndarray[tuple[int], np.dtype[np.int64]]


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
        plans: what has prices of its own; the first that matches wins, and what none matches has
            the prices here. Their own `plans` are empty.
        purchases: prepaid credits, in the order of their days. They do not change what usage costs.
    """

    currency: str
    periods: tuple[PricePeriod, ...]
    list_price: Decimal | None = None
    included: IncludedCredits | None = None
    free_seats: IncludedCredits | None = None
    billing_cycle_day: int | None = None
    allow_unpriced: bool = False
    checksum: str = ""
    plans: tuple["Plan", ...] = ()
    purchases: tuple[Purchase, ...] = ()

    @classmethod
    def flat(cls, price: Decimal, currency: str = LIST_CURRENCY) -> "PriceList":
        """One price for all days."""
        return cls(currency, (PricePeriod(None, None, price),))

    @property
    def parts(self) -> tuple["PriceList", ...]:
        """These prices, which apply where no plan does, then those of each plan."""
        return (self, *(plan.prices for plan in self.plans))

    @property
    def plan_names(self) -> tuple[str, ...]:
        """The names of `parts`."""
        return (DEFAULT_PLAN, *(plan.name for plan in self.plans))

    @property
    def all_periods(self) -> tuple[PricePeriod, ...]:
        """The price periods of all parts, one part after the other, as costs refer to them."""
        return tuple(chain.from_iterable(part.periods for part in self.parts))

    @property
    def period_plans(self) -> tuple[str, ...]:
        """The plan of each of `all_periods`."""
        parts = zip(self.plan_names, self.parts, strict=True)
        return tuple(chain.from_iterable([name] * len(part.periods) for name, part in parts))

    @property
    def own_free(self) -> tuple[IncludedCredits, ...]:
        """The free credits of what no plan has, in the order in which they are used."""
        return tuple(each for each in (self.free_seats, self.included) if each)

    @property
    def free(self) -> tuple[IncludedCredits, ...]:
        """The free credits of all parts."""
        return tuple(chain.from_iterable(part.own_free for part in self.parts))

    def cycle_start(self, day: date) -> date:
        """The first day of the billing cycle that has a day; of several plans, the earliest one."""
        return min(billing_period(day, part.billing_cycle_day).start for part in self.parts)

    def without_free(self) -> "PriceList":
        """The same prices without free credits."""
        plans = tuple(replace(plan, prices=plan.prices.without_free()) for plan in self.plans)
        return replace(self, free_seats=None, included=None, plans=plans)


@dataclass(frozen=True)
class Plan:
    """A plan or contract with prices of its own, such as one for open source.

    Attributes:
        name: of the plan.
        rule: the organizations or projects that it is for.
        prices: what their credits cost, and which of them are free.
    """

    name: str
    rule: Rule
    prices: PriceList


def price(credits: pd.DataFrame, places: int, prices: PriceList) -> Costs:
    """Price the credits of daily usage, row by row.

    1,000 credits at a price of 0.0006, 400 of them free: `contracted_cost` is 0.6, `cost` is 0.36.

    Args:
        credits: at least `date`, `credit_type` and `credits`; every row has a day. With free
            credits, they have to begin on the first day of a billing cycle. With plans, also
            `organization` and `project` by the names that the export has; the lines of the costs
            then have the categorical `PLAN`.
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
    part_of_row = _part_of_row(credits, prices)
    found = _period_of_row(credits["date"], part_of_row, prices)
    per_credit = table.astype(amounts.dtype)[found, credits["credit_type"].cat.codes]
    free = _free(credits.assign(credits=amounts), part_of_row, places + shift, prices)
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
    return Costs(_with_plans(lines, part_of_row, prices), places + shift, price_places)


def with_plans(frame: pd.DataFrame, prices: PriceList) -> pd.DataFrame:
    """Add the plan of each row as the categorical `PLAN`, where the settings have plans.

    Args:
        frame: with `organization` and `project` by the names that the export has.
        prices: what credits cost.
    """
    return _with_plans(frame, _part_of_row(frame, prices), prices)


def refuse_unpriced(costs: Costs) -> None:
    """Refuse usage without a price, rather than show it as if it cost nothing.

    Raises:
        SettingsError: there is such usage; the message names the days, and the plans.
    """
    days = costs.unpriced_days()
    if days:
        raise SettingsError(
            f"There is usage{unpriced_plans(costs)} on days without a price: {named_days(days)};"
            " add a price period for them, or show their credits as unpriced with"
            " --allow-unpriced."
        )


def unpriced_plans(costs: Costs) -> str:
    """Whose usage has no price: ` of the plan oss`; empty without plans."""
    if PLAN not in costs.lines:
        return ""
    are_unpriced = costs.lines["price_period"] == UNPRICED
    names = sorted(costs.lines.loc[are_unpriced, PLAN].unique())
    return f" of the {agreeing(len(names), 'plan', 'plans')} {', '.join(names)}"


def named_days(days: Sequence[date]) -> str:
    """The first few days in words, and how many more: `2026-03-01, 2026-03-02 and 5 more days`."""
    more = f" and {counted(len(days) - _DAYS_NAMED, 'more day')}" if len(days) > _DAYS_NAMED else ""
    return ", ".join(map(str, days[:_DAYS_NAMED])) + more


def _with_plans(
    frame: pd.DataFrame, part_of_row: _Indexes | None, prices: PriceList
) -> pd.DataFrame:
    if part_of_row is None:
        return frame
    names = pd.Index(prices.plan_names, dtype="object")
    return frame.assign(**{PLAN: pd.Categorical.from_codes(part_of_row, names)})


def _part_of_row(frame: pd.DataFrame, prices: PriceList) -> _Indexes | None:
    """Each row's index into `PriceList.parts`; None where there is only one part."""
    if not prices.plans:
        return None
    names = frame[[*_OF_PLANS]].astype("category")
    # What no rule matches is -1, which becomes the first part.
    return rule_of_rows(names, [plan.rule for plan in prices.plans]) + 1


def _parts_with_rows(
    part_of_row: _Indexes | None, prices: PriceList
) -> Iterator[tuple[PriceList, "_Indexes | slice"]]:
    """Each part and its rows."""
    if part_of_row is None:
        yield prices, slice(None)
        return
    for index, part in enumerate(prices.parts):
        yield part, np.flatnonzero(part_of_row == index)


def _free(
    credits: pd.DataFrame, part_of_row: _Indexes | None, places: int, prices: PriceList
) -> Counts:
    """How many credits of each row are free, each part by itself."""
    free = np.zeros_like(credits["credits"].to_numpy())
    for part, rows in _parts_with_rows(part_of_row, prices):
        if part.own_free:
            free[rows] = _free_of_part(credits.iloc[rows], places, part)
    return free


def _free_of_part(credits: pd.DataFrame, places: int, prices: PriceList) -> Counts:
    """Those of the seats first, then of what is left."""
    free = np.zeros_like(credits["credits"].to_numpy())
    for included in prices.own_free:
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
    rows = [_prices_of(period, types) for period in prices.all_periods]
    listed = [] if prices.list_price is None else [prices.list_price]
    places = max(map(places_of, chain(listed, *rows)), default=0)
    table = np.zeros((len(rows) + 1, len(types)), dtype="object")
    for index, row in enumerate(rows):
        table[index] = [to_count(each, places) for each in row]
    return table, places


def _prices_of(period: PricePeriod, types: Sequence[str]) -> list[Decimal]:
    return [period.price_of(kind) for kind in types]


def _period_of_row(days: pd.Series, part_of_row: _Indexes | None, prices: PriceList) -> _Indexes:
    """Each row's index into `PriceList.all_periods`, `UNPRICED` where its part has no such day."""
    found = np.full(len(days), UNPRICED, dtype=np.int64)
    first = 0
    for part, rows in _parts_with_rows(part_of_row, prices):
        own = _period_of_day(days.iloc[rows], part.periods)
        found[rows] = np.where(own == UNPRICED, UNPRICED, own + first)
        first += len(part.periods)
    return found


def _period_of_day(days: pd.Series, periods: Sequence[PricePeriod]) -> _Indexes:
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
