"""The sections of the settings file about budgets: what is limited, for whom, in which period."""

from collections.abc import Container, Iterable, Iterator
from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from circleci_usage.analysis.budget_periods import Per
from circleci_usage.analysis.budget_scope import BudgetScope
from circleci_usage.analysis.budgets import THRESHOLDS, Budget
from circleci_usage.config.patterns import Pattern
from circleci_usage.config.sections import CreditType, Name, Number, SettingsSection, Value

_MOST: Final = 1000

Threshold = Annotated[Decimal, Field(gt=0, le=_MOST, max_digits=7, decimal_places=3)]


class TeamBudgetSection(SettingsSection):
    """A team's budget: for all of its costs, or for those that match everything that is given."""

    per: Per
    """Budget period: a week (Monday to Sunday), a calendar month, quarter or year (all UTC), or the
    billing cycle set by `billing_cycle_day`."""

    amount: Number | None = None
    """Budget amount, in the file's currency."""

    credits: Number | None = None
    """Budget in credits, in place of an amount; included credits count too."""

    organization: Pattern | None = None
    """Only costs of this organization; a name or a pattern."""

    project: Pattern | None = None
    """Only costs of this project: `project` or `organization/project`, a name or a pattern."""

    tag: dict[Name, Value] = Field(default_factory=dict)
    """Only costs with these values of tags: key of `tags` → value."""

    credit_type: CreditType | None = None
    """Only credits of this type."""

    exclude_credit_types: tuple[CreditType, ...] = ()
    """Credits of these types do not count, such as `user` for seats."""

    thresholds: tuple[Threshold, ...] = THRESHOLDS
    """Percentages of the budget that are reported once they are reached."""

    @field_validator("thresholds")
    @classmethod
    def _in_order(cls, thresholds: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
        if len(set(thresholds)) < len(thresholds):
            raise ValueError("a threshold is listed twice")
        return tuple(sorted(thresholds))

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if self.amount is None and self.credits is None:
            raise ValueError("nothing is limited; add `amount` or `credits`")
        if self.amount is not None and self.credits is not None:
            raise ValueError("both `amount` and `credits` are set; write two budgets")
        if self.credit_type in self.exclude_credit_types:
            raise ValueError(f"`exclude_credit_types` excludes the credit type {self.credit_type}")
        return self

    def budget_of(self, name: str, team: str | None) -> Budget:
        """The budget as the analysis uses it."""
        is_money = self.amount is not None
        limit = self.amount if is_money else self.credits
        scope = BudgetScope(
            organization=self.organization,
            project=self.project,
            tags=tuple(sorted(self.tag.items())),
            credit_type=self.credit_type,
            excluded_credit_types=tuple(sorted(set(self.exclude_credit_types))),
        )
        return Budget(
            name,
            limit if limit is not None else Decimal(0),
            team,
            self.per,
            scope,
            "cost" if is_money else "credits",
            self.thresholds,
        )


class BudgetSection(TeamBudgetSection):
    """A budget for the total cost, or for those costs that match everything that is given."""

    name: Name
    """Name of the budget."""

    team: Name | None = None
    """Only costs of this team, including its share of shared costs; or `unallocated`."""

    def budget(self) -> Budget:
        """The budget as the analysis uses it."""
        return self.budget_of(self.name, self.team)


def tags_of(budgets: Iterable[TeamBudgetSection]) -> Iterator[str]:
    """The keys of tags that budgets look at."""
    for budget in budgets:
        yield from budget.tag


def refuse_same_names(budgets: Iterable[BudgetSection], teams: Container[str]) -> None:
    """Refuse a team's further budget with the name of its own one, which is the team's name.

    Args:
        budgets: those of `budgets`.
        teams: the teams with a budget of their own.

    Raises:
        ValueError: there is such a budget.
    """
    for budget in budgets:
        if budget.team == budget.name and budget.team in teams:
            raise ValueError(
                f"the team {budget.team!r} has a budget of that name already; name this one"
                " otherwise"
            )
