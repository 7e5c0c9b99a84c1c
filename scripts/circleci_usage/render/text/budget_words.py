"""Budgets in words: their periods, what they are for, their amounts."""

from collections.abc import Iterator
from decimal import Decimal

from circleci_usage.analysis.budgets import Budget, BudgetState
from circleci_usage.core.periods import Period
from circleci_usage.render.formatting import Shown, day, days, money, number, visible_name


def period_in_words(state: BudgetState) -> str:
    """The period that a budget is compared in; see `span_in_words`."""
    return span_in_words(state.budget.per, state.month_to_date.month)


def span_in_words(per: str, period: Period) -> str:
    """`November 2026`, `week of Nov 23`, `Q4 2026`, `2026`; the days of a billing cycle."""
    match per:
        case "week":
            return f"week of {day(period.first)}"
        case "quarter":
            return f"Q{(period.first.month + 2) // 3} {period.first.year}"
        case "year":
            return str(period.first.year)
        case _:
            return days(period)


def scope_in_words(budget: Budget) -> str:
    """`team web, project determined, product: checkout`; empty for everything.

    >>> scope_in_words(Budget("all", Decimal(100), "web"))
    'team web'
    """
    return ", ".join(_scope(budget))


def _scope(budget: Budget) -> Iterator[str]:
    scope = budget.scope
    if budget.team:
        yield f"team {visible_name(budget.team)}"
    if scope.organization:
        yield f"organization {visible_name(scope.organization)}"
    if scope.project:
        yield f"project {visible_name(scope.project)}"
    for key, value in scope.tags:
        yield f"{visible_name(key)}: {visible_name(value)}"
    if scope.credit_type:
        yield f"credit type {visible_name(scope.credit_type)}"
    if scope.excluded_credit_types:
        yield f"without {', '.join(map(visible_name, scope.excluded_credit_types))}"


def name_in_words(budget: Budget) -> str:
    """The budget's name, with what it is for unless that is everything or the team of this name."""
    scope = scope_in_words(budget)
    if not scope or scope == f"team {visible_name(budget.name)}":
        return budget.name
    return f"{budget.name} ({scope})"


def limited(amount: Decimal, budget: Budget, currency: str) -> Shown:
    """An amount in the unit of a budget: `$750.00`, `12,000 credits`."""
    if budget.measure == "cost":
        return money(amount, currency)
    return Shown(f"{number(amount)} credits", amount)
