"""Whether budgets hold: what was spent in the month or cycle, what is expected at its end, against what may be spent.

A pure comparison of two things that `summary.json` and the settings file say, so that a budget can be checked without
the usage.
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
    """What may be spent in a calendar month or a billing cycle, by everybody or by one team."""

    name: str
    amount: Decimal
    team: str | None = None
    per: Per = "month"


@dataclass(frozen=True)
class BudgetState:
    """A budget and how it stands.

    Attributes:
        budget: what may be spent.
        month_to_date: of everybody in the budget's month or cycle.
        forecast: what was spent of the budget, as far as that is known, and what is expected at the end.
        state: `over` when more was spent than may be, whatever else is not known; else `unknown` when days are missing;
            else `expected over` when more will be spent, or `within`.
    """

    budget: Budget
    month_to_date: MonthToDate
    forecast: Forecast
    state: State

    @property
    def spent(self) -> Decimal:
        """What was spent, as far as that is known."""
        return self.forecast.spent

    @property
    def expected(self) -> Decimal | None:
        """What will be spent; None when too little is known."""
        return self.forecast.expected

    @property
    def used(self) -> Decimal | None:
        """What was spent as a share of what may be; None when that is not known."""
        return None if self.month_to_date.missing else ratio(self.spent, self.budget.amount)


def check_budgets(
    budgets: Sequence[Budget], month_to_date: Mapping[Per, MonthToDate]
) -> tuple[BudgetState, ...]:
    """How the budgets stand, in their order. A team that has no costs has spent nothing."""
    return tuple(_state(budget, month_to_date[budget.per]) for budget in budgets)


def _state(budget: Budget, month_to_date: MonthToDate) -> BudgetState:
    forecast = (
        month_to_date.everything
        if budget.team is None
        else month_to_date.teams.get(budget.team, NOTHING)
    )
    state: State = "within"
    if forecast.spent > budget.amount:
        state = "over"
    elif month_to_date.missing:
        state = "unknown"
    elif forecast.expected is not None and forecast.expected > budget.amount:
        state = "expected over"
    return BudgetState(budget, month_to_date, forecast, state)
