"""What budgets are compared with: the spending of their parts, in the periods of the last day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from circleci_usage.analysis.budget_periods import Per, budget_period
from circleci_usage.analysis.budget_scope import BudgetPart, Measure, costs_in
from circleci_usage.analysis.budgets import Budget, Spending
from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.month_to_date import MonthToDate, month_to_date, part_to_date
from circleci_usage.analysis.owned_usage import OwnedUsage
from circleci_usage.analysis.spending_days import SpendingDays
from circleci_usage.core.periods import (
    ONE_DAY,
    Period,
    consecutive_periods,
    uncovered,
)
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.pricing import PriceList


@dataclass(frozen=True)
class SpendingInput:
    """What spending is found in.

    Attributes:
        owned: costs of the report's period and of the days before it.
        days: which of them are complete.
        ownership: the teams and what they share.
        prices: what credits cost.
    """

    owned: OwnedUsage
    days: ReportDays
    ownership: Ownership
    prices: PriceList


def budget_spending(known: SpendingInput, budgets: Sequence[Budget]) -> Spending:
    """The spending that budgets are compared with, up to the last day that should be complete.

    It has the calendar month and, if its first day is known, the billing cycle anyway.
    """
    return Spending(_periods(known, budgets), _parts(known, budgets))


def spending_in(known: SpendingInput, days: Period, period: Period) -> MonthToDate:
    """What a month or another period has cost through the last of some days.

    Args:
        known: what there is.
        days: complete ones without a gap.
        period: with the last of them.
    """
    missing = _missing(known, days, period, "cost")
    return month_to_date(known.owned.costs, known.ownership, days, month=period, missing=missing)


def days_without_gap(
    known: SpendingInput, through: date | None, measure: Measure = "cost"
) -> Period | None:
    """The complete days up to one of them, without a gap or, for cost, a day without a price.

    They begin with the first day with usage at the earliest; None when there is no such day.
    """
    runs = known.owned.runs
    if through is None or runs.empty:
        return None
    starts = [runs["date"].min().date()]
    starts += [day + ONE_DAY for day in _unpriced_days(known, measure)]
    starts += [period.first for period in known.days.complete if through in period]
    first = max(starts)
    return Period.of_days(first, through) if first <= through else None


def _periods(known: SpendingInput, budgets: Sequence[Budget]) -> Mapping[Per, MonthToDate]:
    """The cost of everything by the month, the billing cycle, and what budgets are for."""
    pers: dict[Per, None] = dict.fromkeys(["month"])
    if known.prices.billing_cycle_day:
        pers["cycle"] = None
    pers |= dict.fromkeys(budget.per for budget in budgets if budget.part.is_whole)
    days = _known_days(known, "cost")
    return {per: spending_in(known, days, _period(known, per)) for per in pers}


def _parts(known: SpendingInput, budgets: Sequence[Budget]) -> Mapping[BudgetPart, MonthToDate]:
    parts = dict.fromkeys(budget.part for budget in budgets if not budget.part.is_whole)
    if not parts:
        return {}
    # Scopes look at the names of the export, as the rules of teams do.
    every = known.owned.unnamed
    in_scopes = costs_in(every, [*dict.fromkeys(part.scope for part in parts)])
    return {
        part: part_to_date(
            in_scopes[part.scope],
            known.ownership,
            _spending_days(known, part),
            part.measure,
            basis=every,
        )
        for part in parts
    }


def _spending_days(known: SpendingInput, part: BudgetPart) -> SpendingDays:
    days, period = _known_days(known, part.measure), _period(known, part.per)
    missing = _missing(known, days, period, part.measure)
    return SpendingDays(period, days.last, days, missing)


def _known_days(known: SpendingInput, measure: Measure) -> Period:
    """The days without a gap up to the last one that should be complete; at least that one."""
    through = known.days.should_be_through
    return days_without_gap(known, through, measure) or Period.of_days(through, through)


def _period(known: SpendingInput, per: Per) -> Period:
    return budget_period(per, known.days.should_be_through, known.prices.billing_cycle_day)


def _missing(
    known: SpendingInput, days: Period, period: Period, measure: Measure
) -> tuple[Period, ...]:
    """The days of a period whose usage or, for cost, whose price is not known.

    With included credits, the days since the cycle began that the period begins in count too:
    without knowing how many were used, the charge is not known.
    """
    start = period.start
    if measure == "cost" and known.prices.free:
        start = known.prices.cycle_start(period.start)
    wanted = Period.of_days(start, days.last)
    unknown = [day for gap in uncovered(wanted, known.days.complete) for day in gap]
    unknown += [day for day in _unpriced_days(known, measure) if day in wanted]
    # Days before the last one without a price are not among the costs.
    unknown += [day for day in wanted if day < known.owned.days.start]
    return tuple(consecutive_periods(unknown))


def _unpriced_days(known: SpendingInput, measure: Measure) -> Sequence[date]:
    return known.owned.costs.unpriced_days() if measure == "cost" else ()
