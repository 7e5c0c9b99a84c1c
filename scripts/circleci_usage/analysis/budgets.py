"""Whether budgets hold: what was spent in the month, what is expected at its end, against what may be spent.

A pure comparison of two things that `summary.json` and the settings file say, so that a budget can be checked without
the usage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from circleci_usage.analysis.spending import NOTHING, Spending
from circleci_usage.money.exact import ratio

Per = Literal["month", "cycle"]
State = Literal["within", "expected over", "over"]


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
        spent: in the month so far.
        expected: at its end; None when too little is known.
        state: `over` when more was spent than may be, `expected over` when more will be, else `within`.
    """

    budget: Budget
    spent: Decimal
    expected: Decimal | None
    state: State

    @property
    def used(self) -> Decimal:
        """What was spent as a share of what may be."""
        return ratio(self.spent, self.budget.amount)


def check_budgets(budgets: Sequence[Budget], spending: Spending) -> tuple[BudgetState, ...]:
    """How the budgets stand, in their order. A team that has no costs has spent nothing."""
    return tuple(_state(budget, spending) for budget in budgets)


def _state(budget: Budget, spending: Spending) -> BudgetState:
    outlook = spending.everything if budget.team is None else spending.teams.get(budget.team, NOTHING)
    state: State = "within"
    if outlook.spent > budget.amount:
        state = "over"
    elif outlook.expected is not None and outlook.expected > budget.amount:
        state = "expected over"
    return BudgetState(budget, outlook.spent, outlook.expected, state)
