"""The status of budgets: spending in the month or billing cycle, and its forecast.

It only needs what `summary.json` and the settings file say, so a budget can be checked without
usage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import NOTHING, MonthToDate, Per
from circleci_usage.core.decimals import ratio

State = Literal["within", "expected over", "over", "unknown"]


@dataclass(frozen=True)
class Budget:
    """A limit on cost in a calendar month or a billing cycle, in total or for one team."""

    name: str
    amount: Decimal
    team: str | None = None
    per: Per = "month"


@dataclass(frozen=True)
class BudgetState:
    """A budget and its status.

    Attributes:
        budget: the limit on cost.
        month_to_date: all spending in the budget's month or cycle.
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


def check_budgets(
    budgets: Sequence[Budget], month_to_date: Mapping[Per, MonthToDate]
) -> tuple[BudgetState, ...]:
    """The status of each budget, in their order. A team without costs has spent nothing."""
    return tuple(_state(budget, month_to_date[budget.per]) for budget in budgets)


def _state(budget: Budget, month_to_date: MonthToDate) -> BudgetState:
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
