"""What in the settings file is probably a mistake, a sentence each."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.budget_scope import BudgetScope
from circleci_usage.analysis.budgets import Budget
from circleci_usage.core.decimals import plain, ratio, rounded
from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import few
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.list_price import LIST_CURRENCY, LIST_PRICE
from circleci_usage.costs.pricing import DEFAULT_PLAN, PriceList, PricePeriod
from circleci_usage.costs.rule_checks import idle_patterns, shadowed_rules
from circleci_usage.costs.rules import DistinctNames
from circleci_usage.schema.export_columns import BRANCH_GROUP, CREDIT_TYPES, charge_description
from circleci_usage.usage.aggregates import MAIN_BRANCHES
from circleci_usage.usage.daily_usage import DailyUsage

_FAR: Final = 10
"""No contract makes credits ten times as expensive, or as cheap; a price in the wrong unit does."""

_NAMED: Final = 5

_WORTH_A_DOLLAR: Final = frozenset({LIST_CURRENCY, "EUR", "GBP", "CHF", "CAD", "AUD"})
"""Currencies worth about a dollar: prices in them should be near the list price, too."""

_UNITS: Final = {1_000: "1,000 credits", 25_000: "25,000 credits"}
"""What CircleCI and contracts quote prices for."""

_NEAR: Final = 3


def settings_warnings(
    usage: pd.DataFrame, ownership: Ownership, prices: PriceList, period: Period
) -> Iterator[str]:
    """Warnings about rules without effect and about prices far from the list price.

    Args:
        usage: the dimensions of all known usage, not only of the period: a project may rest for a
            week.
        ownership: the teams and what they own.
        prices: what credits cost.
        period: the days reported on.
    """
    if not usage.empty:
        yield from rule_warnings(usage, ownership)
    yield from _far_prices(prices, period)
    yield from _other_purchase_prices(prices, period)


def rule_warnings(usage: pd.DataFrame, ownership: Ownership) -> Iterator[str]:
    """Warnings about rules without effect; `usage` is not empty."""
    yield from _idle_patterns(usage, ownership)
    yield from _shadowed_rules(usage, ownership)


def default_branch_warnings(usage: pd.DataFrame, globs: Sequence[str]) -> Iterator[str]:
    """Warnings about globs of `default_branches` that match no branch.

    Usual names are not among them: a list may have them for projects to come.

    Args:
        usage: the dimensions of all known usage.
        globs: the setting.
    """
    groups = usage[BRANCH_GROUP].cat.categories
    known = {glob for group in groups for glob in str(group).split("\n")}
    idle = [glob for glob in globs if known and glob not in known.union(MAIN_BRANCHES)]
    for glob in idle[:_NAMED]:
        yield (
            f"The glob {glob} of default_branches matches no branch in the data; check its spelling"
            " (case counts)."
        )
    if len(idle) > _NAMED:
        yield f"{len(idle) - _NAMED} more globs of default_branches match no branch in the data."


def budget_warnings(usage: pd.DataFrame, budgets: Sequence[Budget]) -> Iterator[str]:
    """Warnings about budgets whose organization or project matches nothing.

    Args:
        usage: the dimensions of all known usage.
        budgets: the limits.
    """
    if usage.empty:
        return
    distinct = DistinctNames.of(usage[["organization", "project"]])
    for budget in budgets:
        scope = BudgetScope(budget.scope.organization, budget.scope.project)
        if not distinct.matching(scope.rule).any():
            yield (
                f"The budget {budget.name} is for an organization or a project that matches"
                " nothing in the data; check its spelling (case counts)."
            )


def credit_type_warnings(
    usage: DailyUsage, prices: PriceList, ownership: Ownership
) -> Iterator[str]:
    """Warnings about unknown credit types in the settings file."""
    named = {kind for each in prices.all_periods for kind in each.by_credit_type}
    if ownership.shared:
        named |= ownership.shared.credit_types
    known = {*CREDIT_TYPES, *usage.credits["credit_type"].cat.categories}
    choices = ", ".join(sorted(known))
    for kind in sorted(named - known):
        yield (
            f"The settings file names the credit type {kind}, which is neither known nor in the"
            f" usage files; choose from {choices}."
        )


def _idle_patterns(usage: pd.DataFrame, ownership: Ownership) -> Iterator[str]:
    idle = idle_patterns(usage, ownership)
    for whose, key, pattern in idle[:_NAMED]:
        yield (
            f"The pattern {pattern} of {whose} ({key}) matches nothing in the data; check its"
            " spelling (case counts)."
        )
    if len(idle) > _NAMED:
        yield f"{len(idle) - _NAMED} more patterns of teams match nothing in the data."


def _shadowed_rules(usage: pd.DataFrame, ownership: Ownership) -> Iterator[str]:
    shadowed = shadowed_rules(usage, ownership)
    for position, team, owners in shadowed[:_NAMED]:
        yield (
            f"teams[{position}] in the settings file ({team}) owns nothing: earlier entries, of"
            f" {few(owners, _NAMED)}, match the same job runs; put it before them."
        )
    if len(shadowed) > _NAMED:
        yield f"{len(shadowed) - _NAMED} more entries of teams own nothing."


def _far_prices(prices: PriceList, period: Period) -> Iterator[str]:
    usual = _usual_price(prices)
    if usual is None:
        return
    listed = prices.list_price
    if listed is not None and _is_comparable(prices) and _is_far(listed, LIST_PRICE):
        comparison = _far(listed, LIST_PRICE, prices.currency)
        yield f"The list price in the settings file, {comparison}"
    for plan, each in zip(prices.period_plans, prices.all_periods, strict=True):
        if not each.days.overlaps(period):
            continue
        whose = "" if plan == DEFAULT_PLAN else f" in the plan {plan}"
        for what, price in _named_prices(each):
            # In a plan, a price of 0 is meant as such: open source may be free.
            if _is_far(price, usual) and (price or not whose):
                yield f"The price {what}{whose}, {_far(price, usual, prices.currency)}"


def _other_purchase_prices(prices: PriceList, period: Period) -> Iterator[str]:
    """Purchases whose price is not the one that costs are made with."""
    parts = dict(zip(prices.plan_names, prices.parts, strict=True))
    for purchase in prices.purchases:
        periods = parts[purchase.plan].periods
        found = [each.price for each in periods if purchase.day in each.days]
        if purchase.day in period and found and purchase.price != purchase.credits * found[0]:
            plan = "" if purchase.plan == DEFAULT_PLAN else f" of the plan {purchase.plan}"
            yield (
                f"The purchase{plan} of {purchase.day} does not have the price that `pricing` has,"
                f" {plain(found[0])} {prices.currency} per credit; costs use that of `pricing`."
            )


def _usual_price(prices: PriceList) -> Decimal | None:
    """What prices are compared with; None where there is nothing to compare with."""
    if _is_comparable(prices):
        return LIST_PRICE
    return prices.list_price or None


def _is_comparable(prices: PriceList) -> bool:
    return prices.currency in _WORTH_A_DOLLAR


def _named_prices(price: PricePeriod) -> Iterator[tuple[str, Decimal]]:
    since = f" from {price.start} on" if price.start else ""
    yield f"of a credit{since}", price.price
    for credit_type, other in price.by_credit_type.items():
        if other:  # a price of 0 is meant as such
            yield f"of {charge_description(credit_type)}{since}", other


def _is_far(price: Decimal, usual: Decimal, times: int = _FAR) -> bool:
    return price > usual * times or price * times < usual


def _far(price: Decimal, usual: Decimal, currency: str) -> str:
    """`15 USD, is 25,000 times the list price …; it may be the price of 25,000 credits. …`."""
    how = "less than a tenth of"
    if price > usual:
        how = f"{rounded(ratio(price, usual), 0):,} times"
    unit = _unit_near(price, usual)
    hint = f"; it may be the price of {unit}" if unit else ""
    return (
        f"{plain(price)} {currency}, is {how} the list price of {plain(usual)} {currency}{hint}."
        " Prices are those of one credit."
    )


def _unit_near(price: Decimal, usual: Decimal) -> str | None:
    """The unit that it is a likely price of: `25,000 credits` for 15 USD."""
    for credits, unit in _UNITS.items():
        if not _is_far(price, usual * credits, _NEAR):
            return unit
    return None
