"""The status of budgets: spending in the week, month, cycle, quarter or year, and its forecast.

It only needs what `summary.json` and the settings file say, so a budget can be checked without
usage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from circleci_usage.analysis.budget_periods import Per
from circleci_usage.analysis.budget_scope import EVERYTHING, BudgetPart, BudgetScope, Measure
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.analysis.team_spending import NOTHING
from circleci_usage.core.decimals import exact_arithmetic, ratio

State = Literal["within", "expected over", "over", "unknown"]

THRESHOLDS: Final = (Decimal(50), Decimal(80), Decimal(100))
"""Percentages of a budget that are worth knowing when they are reached."""

_WHOLE: Final = 100


@dataclass(frozen=True)
class Budget:
    """A limit on cost or credits in a period, in total or for a part of the costs.

    Attributes:
        name: the budget's.
        amount: the limit, in the unit of `measure`.
        team: whose costs count, with the share of shared costs; None for those of all teams.
        per: which period it is for.
        scope: the costs that count.
        measure: whether money or credits are limited.
        thresholds: percentages of the amount, in ascending order.
    """

    name: str
    amount: Decimal
    team: str | None = None
    per: Per = "month"
    scope: BudgetScope = EVERYTHING
    measure: Measure = "cost"
    thresholds: tuple[Decimal, ...] = THRESHOLDS

    @property
    def part(self) -> BudgetPart:
        """What the budget is compared with, for all teams."""
        return BudgetPart(self.per, self.measure, self.scope)


@dataclass(frozen=True)
class Spending:
    """What budgets are compared with.

    Attributes:
        periods: the cost of everything, by the period.
        parts: that of other parts, or their credits.
    """

    periods: Mapping[Per, MonthToDate] = field(default_factory=dict)
    parts: Mapping[BudgetPart, MonthToDate] = field(default_factory=dict)

    def of(self, part: BudgetPart) -> MonthToDate | None:
        """The spending of a part; None where it is not known."""
        return self.periods.get(part.per) if part.is_whole else self.parts.get(part)


@dataclass(frozen=True)
class BudgetState:
    """A budget and its status.

    Attributes:
        budget: the limit.
        month_to_date: all spending of the budget's part in its period.
        forecast: spending that counts towards the budget, as far as it is known, and its forecast.
        state: `over` when more was spent than allowed, whatever else is missing; else `unknown`
            when days are missing; else `expected over` when it is forecast to exceed, or `within`.
    """

    budget: Budget
    month_to_date: MonthToDate
    forecast: Forecast
    state: State

    @property
    def spent(self) -> Decimal:
        """What was spent, as far as it is known."""
        return self.forecast.spent

    @property
    def expected(self) -> Decimal | None:
        """The forecast; None when too little is known."""
        return self.forecast.expected

    @property
    def used(self) -> Decimal | None:
        """The share of the budget that is spent; None when days are missing."""
        return None if self.month_to_date.missing else ratio(self.spent, self.budget.amount)

    @property
    def thresholds_reached(self) -> tuple[Decimal, ...]:
        """The thresholds that spending has reached, whatever else is missing."""
        with exact_arithmetic():
            return tuple(each for each in self.budget.thresholds if self._has_reached(each))

    def _has_reached(self, threshold: Decimal) -> bool:
        return self.spent > 0 and self.spent * _WHOLE >= threshold * self.budget.amount

    @property
    def forecast_over(self) -> bool | None:
        """Whether more will have been spent than allowed; None when too little is known."""
        if self.state == "over":
            return True
        return None if self.expected is None else self.expected > self.budget.amount


def check_budgets(budgets: Sequence[Budget], spending: Spending) -> tuple[BudgetState, ...]:
    """The status of each budget, in their order. A team without costs has spent nothing.

    Raises:
        KeyError: the spending of a budget's part is not there.
    """
    return tuple(_state(budget, spending) for budget in budgets)


def _state(budget: Budget, spending: Spending) -> BudgetState:
    month_to_date = spending.of(budget.part)
    if month_to_date is None:
        raise KeyError(budget.name)
    forecast = month_to_date.everything
    if budget.team is not None:
        forecast = month_to_date.teams.get(budget.team, NOTHING)
    state: State = "within"
    if forecast.spent > budget.amount:
        state = "over"
    elif month_to_date.missing:
        state = "unknown"
    elif forecast.expected is not None and forecast.expected > budget.amount:
        state = "expected over"
    return BudgetState(budget, month_to_date, forecast, state)
