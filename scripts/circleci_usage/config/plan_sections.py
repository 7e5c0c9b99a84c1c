"""The sections of the settings file about contracts: plans, purchased credits, commitments."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from circleci_usage.config.section_checks import following, refuse_twice
from circleci_usage.config.sections import (
    Day,
    DayOfMonth,
    IncludedCreditsSection,
    Name,
    Number,
    PricePeriodSection,
    SettingsSection,
    Size,
    WholeNumber,
)
from circleci_usage.core.periods import Period
from circleci_usage.core.suggestions import did_you_mean
from circleci_usage.costs.pricing import DEFAULT_PLAN
from circleci_usage.costs.purchases import Commitment, Measure, Purchase
from circleci_usage.costs.rules import NOTHING, Patterns, Rule

WholeCredits = Annotated[
    int,
    Field(gt=0, le=10**15),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}),
]


class PlanPatternsSection(SettingsSection):
    """Globs of organizations and projects."""

    organizations: tuple[Name, ...] = ()
    """Globs of organizations."""

    projects: tuple[Name, ...] = ()
    """Globs of projects: `project` or `organization/project`."""

    @model_validator(mode="after")
    def _name_something(self) -> Self:
        if not (self.organizations or self.projects):
            raise ValueError("nothing is named; add `organizations` or `projects`")
        return self

    def patterns(self) -> Patterns:
        """The globs as pricing uses them."""
        return Patterns(organizations=self.organizations, projects=self.projects)


class PlanSection(PlanPatternsSection):
    """A plan or contract, and the organizations or projects that it is for.

    With both lists, it is for what matches a glob in each of them.
    """

    name: Name
    """Name of the plan."""

    exclusions: PlanPatternsSection | None = Field(default=None, alias="not")
    """What the plan is not for: whatever matches a glob in any of these lists."""

    pricing: tuple[PricePeriodSection, ...] = Field(min_length=1)
    """Price periods of the plan, without gaps. A price of 0 is allowed."""

    included_credits: IncludedCreditsSection | None = None
    """Credits included in the plan, such as the free credits of open-source projects."""

    free_seats: WholeNumber = 0
    """Number of user seats of the plan that are free in each billing cycle."""

    billing_cycle_day: DayOfMonth | None = None
    """Day of the month on which the plan's billing cycle begins; by default, as for the others."""

    @field_validator("name")
    @classmethod
    def _not_ours(cls, name: str) -> str:
        if name == DEFAULT_PLAN:
            raise ValueError(
                f"a plan cannot be called {name!r}: the name is reserved for what no plan matches"
            )
        return name

    @field_validator("pricing")
    @classmethod
    def _follow_one_another(
        cls, periods: tuple[PricePeriodSection, ...], info: ValidationInfo
    ) -> tuple[PricePeriodSection, ...]:
        try:
            return following(periods)
        except ValueError as mistake:
            raise ValueError(f"plan {info.data.get('name', '')!r}: {mistake}") from None

    def rule(self) -> Rule:
        """What the plan is for, as pricing uses it."""
        excluded = self.exclusions.patterns() if self.exclusions else NOTHING
        return Rule(self.name, self.patterns(), excluded)


class PurchaseSection(SettingsSection):
    """Purchased credits."""

    day: Day = Field(alias="date")
    """Day of the purchase; usage of this day draws from it already."""

    credits: WholeCredits
    """Number of credits, a whole number."""

    price: Number
    """Price of all of them together, in the file's currency."""

    plan: Name = DEFAULT_PLAN
    """Plan whose usage draws from them; by default, what no plan matches."""

    def purchase(self) -> Purchase:
        """The purchase as the stages use it."""
        return Purchase(self.day, Decimal(self.credits), self.price, self.plan)


class CommitmentSection(SettingsSection):
    """A minimum commitment: `credits` to use, or an `amount` to spend."""

    first: Day = Field(alias="from")
    """First day of the commitment."""

    last: Day = Field(alias="to")
    """Last day of the commitment, inclusive."""

    credits: Size | None = None
    """Committed credits."""

    amount: Size | None = None
    """Committed amount, in the file's currency."""

    plan: Name = DEFAULT_PLAN
    """Plan whose usage counts; by default, what no plan matches."""

    overage_price_per_credit: Number | None = None
    """For `credits`: price of a credit beyond them; by default, the price of the last day."""

    @field_validator("last")
    @classmethod
    def _in_order(cls, last: date, info: ValidationInfo) -> date:
        first = info.data.get("first")
        if first and last < first:
            raise ValueError(f"the commitment ends on {last}, before its start on {first}")
        return last

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.credits is None) == (self.amount is None):
            raise ValueError("a commitment is in credits or in money; set `credits` or `amount`")
        if self.credits is None and self.overage_price_per_credit is not None:
            raise ValueError("`overage_price_per_credit` requires `credits`")
        return self

    def commitment(self) -> Commitment:
        """The commitment as the analysis uses it."""
        period = Period.of_days(self.first, self.last)
        measure: Measure = "cost" if self.credits is None else "credits"
        amount = self.credits or self.amount or Decimal(0)
        return Commitment(period, measure, amount, self.plan, self.overage_price_per_credit)


def checked_plans(plans: tuple[PlanSection, ...], info: ValidationInfo) -> tuple[PlanSection, ...]:
    """Plans with names of their own, whose billing cycles are known where they matter.

    Raises:
        ValueError: two have the same name, or a cycle is not known.
    """
    refuse_twice([plan.name for plan in plans], "duplicate plan name {!r}")
    common = info.data.get("billing_cycle_day", ...)
    for plan in plans:
        is_by_cycle = plan.included_credits is not None and plan.included_credits.per == "cycle"
        if is_by_cycle and plan.billing_cycle_day is None and common is None:
            raise ValueError(
                f"plan {plan.name!r}: `per: cycle` requires `billing_cycle_day`, the day of the"
                " month on which the billing cycle begins"
            )
    return plans


def refuse_unknown_plans(
    sections: Iterable[PurchaseSection | CommitmentSection], info: ValidationInfo
) -> None:
    """Refuse plans that are not among the file's `plans`.

    Raises:
        ValueError: there is such a plan.
    """
    if "plans" not in info.data:  # the plans themselves are invalid, which is reported already
        return
    known = [DEFAULT_PLAN, *(plan.name for plan in info.data["plans"])]
    for section in sections:
        if section.plan not in known:
            raise ValueError(
                f"unknown plan {section.plan!r}; known plans: {', '.join(known)}"
                f"{did_you_mean(section.plan, known)}"
            )
