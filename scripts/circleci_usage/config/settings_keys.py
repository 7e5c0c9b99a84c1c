"""The keys of the settings file `usage.yml`, and the checks across its sections."""

from collections.abc import Mapping

from pydantic import Field, ValidationInfo, field_validator

from circleci_usage.config.budget_sections import BudgetSection, refuse_same_names, tags_of
from circleci_usage.config.notify_sections import NotificationSection, checked_notifications
from circleci_usage.config.people_section import PeopleSection
from circleci_usage.config.plan_sections import (
    CommitmentSection,
    PlanSection,
    PurchaseSection,
    checked_plans,
    refuse_unknown_plans,
)
from circleci_usage.config.rule_sections import TeamSection
from circleci_usage.config.savings_section import SavingsSection
from circleci_usage.config.section_checks import (
    following,
    refuse_twice,
    refuse_unknown_cycle,
    refuse_unknown_tags,
    refuse_unknown_teams,
)
from circleci_usage.config.sections import (
    AnomaliesSection,
    DayOfMonth,
    IncludedCreditsSection,
    JobGlobs,
    Name,
    Number,
    PricePeriodSection,
    RateSection,
    SettingsSection,
    SharedCostsSection,
    UnitName,
    UnitSection,
    WholeNumber,
)
from circleci_usage.config.split_sections import SplitSection
from circleci_usage.config.tag_sections import (
    TagRules,
    TagSection,
    refuse_unusable_tags,
    teams_named,
)
from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.costs.list_price import LIST_CURRENCY, SEAT_CREDITS
from circleci_usage.costs.resource_rates import public_rates
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.usage.aggregates import MAIN_BRANCHES

_OfPlan = PurchaseSection | CommitmentSection


class SettingsKeys(SettingsSection):
    """The keys at the top of the settings file."""

    currency: Name = LIST_CURRENCY
    """Currency of all amounts in this file: three capital letters, as in ISO 4217."""

    list_price_per_credit: Number | None = None
    """List price per credit, shown next to the contracted cost."""

    pricing: tuple[PricePeriodSection, ...] = ()
    """Price periods, without gaps. By default, the list price applies."""

    billing_cycle_day: DayOfMonth | None = None
    """Day of the month on which the plan's billing cycle begins; in a shorter month, its last day.

    It applies to included credits, free seats, FOCUS billing periods and budgets with `per: cycle`.
    By default, billing cycles are calendar months (UTC).
    """

    included_credits: IncludedCreditsSection | None = None
    """Credits included in the plan."""

    free_seats: WholeNumber = 0
    """Number of user seats that are free in each billing cycle.

    Set it only if USER_CREDITS in your exports include the free seats.
    """

    seat_credits: Number = SEAT_CREDITS
    """Credits per user seat."""

    teams: tuple[TeamSection, ...] = ()
    """Teams and what they own; the first match wins, the rest is `unallocated`."""

    splits: tuple[SplitSection, ...] = ()
    """Costs that are split among some teams by percentages, whatever `teams` says.

    The first match wins.
    """

    shared_costs: SharedCostsSection | None = None
    """Costs that are split among the teams."""

    tags: dict[Name, TagSection] = Field(default_factory=dict)
    """Tags: name of the tag → team → value, or rules, of which the first that matches wins."""

    budgets: tuple[BudgetSection, ...] = Field(default=(), validate_default=True)
    """Budgets for the total cost, or for parts of it."""

    job_groups: dict[Name, JobGlobs] = Field(default_factory=dict)
    """Name of a group → globs of its jobs, which are shown as one job of that name.

    The first group that matches a job wins. Job globs under `teams` match the jobs' own names.
    """

    default_branches: JobGlobs = MAIN_BRANCHES
    """Default branches: names or globs. The first one that a project has runs on is its default."""

    units: dict[UnitName, UnitSection] = Field(default_factory=dict)
    """Units that costs are divided by, such as deploys: name of a unit → successful job runs.

    If there are any, the cost of the first one is among the KPIs.
    """

    rates: tuple[RateSection, ...] = ()
    """Rates and sizes of resource classes that differ from the public table."""

    anomalies: AnomaliesSection | None = None
    """Threshold of cost anomalies; by default, an excess of at least 10."""

    plans: tuple[PlanSection, ...] = ()
    """Plans or contracts with prices of their own; the first match wins, the rest has `pricing`."""

    purchases: tuple[PurchaseSection, ...] = ()
    """Prepaid credits, which usage draws from."""

    commitments: tuple[CommitmentSection, ...] = ()
    """Minimum commitments: credits to use, or money to spend, at least in a period."""

    people: PeopleSection | None = None
    """How the users who trigger pipelines are shown; by default, only how many there are."""

    savings: SavingsSection | None = None
    """Which savings are listed, and which are dismissed."""

    notify: tuple[NotificationSection, ...] = ()
    """Who is notified of what, for `circleci-usage notify`."""

    @field_validator("currency")
    @classmethod
    def _iso_4217(cls, currency: str) -> str:
        if not (len(currency) == len(LIST_CURRENCY) and currency.isascii() and currency.isupper()):
            raise ValueError(
                f"{currency!r} is not a currency; write three capital letters, for example USD"
            )
        return currency

    @field_validator("pricing")
    @classmethod
    def _follow_one_another(
        cls, periods: tuple[PricePeriodSection, ...]
    ) -> tuple[PricePeriodSection, ...]:
        return following(periods)

    @field_validator("included_credits")
    @classmethod
    def _included_in_a_known_cycle(
        cls, included: IncludedCreditsSection | None, info: ValidationInfo
    ) -> IncludedCreditsSection | None:
        refuse_unknown_cycle([included.per] if included else [], info)
        return included

    @field_validator("teams")
    @classmethod
    def _one_budget_a_team(
        cls, teams: tuple[TeamSection, ...], info: ValidationInfo
    ) -> tuple[TeamSection, ...]:
        named = [team.name for team in teams if team.budget]
        refuse_twice(named, "the team {!r} has two budgets")
        refuse_unknown_cycle((team.budget.per for team in teams if team.budget), info)
        return teams

    @field_validator("splits")
    @classmethod
    def _split_among_teams(
        cls, splits: tuple[SplitSection, ...], info: ValidationInfo
    ) -> tuple[SplitSection, ...]:
        for split in splits:
            refuse_unknown_teams(split.among, info)
        return splits

    @field_validator("shared_costs")
    @classmethod
    def _shared_among_teams(
        cls, shared: SharedCostsSection, info: ValidationInfo
    ) -> SharedCostsSection:
        if not info.data.get("teams", True):
            raise ValueError("there are no teams to split shared costs among; add `teams`")
        refuse_unknown_teams(shared.weights, info)
        return shared

    @field_validator("tags")
    @classmethod
    def _tags_of_teams(
        cls, tags: Mapping[str, TagRules], info: ValidationInfo
    ) -> Mapping[str, TagRules]:
        refuse_unusable_tags(tags)
        for section in tags.values():
            refuse_unknown_teams(teams_named(section) - {UNALLOCATED}, info)
        return tags

    # Those of teams may look at tags, so they are checked even if there are no others.
    @field_validator("budgets")
    @classmethod
    def _budgets_by_name(
        cls, budgets: tuple[BudgetSection, ...], info: ValidationInfo
    ) -> tuple[BudgetSection, ...]:
        refuse_twice([budget.name for budget in budgets], "duplicate budget name {!r}")
        refuse_unknown_cycle((budget.per for budget in budgets), info)
        refuse_unknown_teams({each.team for each in budgets if each.team} - {UNALLOCATED}, info)
        of_teams = {team.name: team.budget for team in info.data.get("teams", ()) if team.budget}
        refuse_same_names(budgets, of_teams)
        refuse_unknown_tags(tags_of((*budgets, *of_teams.values())), info)
        return budgets

    @field_validator("job_groups")
    @classmethod
    def _groups_of_jobs(cls, groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if NO_NAME in groups:
            raise ValueError(
                f"a group cannot be called {NO_NAME!r}: the name is reserved for runs without a job"
            )
        every = [glob for globs in groups.values() for glob in globs]
        refuse_twice(every, "duplicate glob {!r}; the first group that matches a job wins")
        return groups

    @field_validator("rates")
    @classmethod
    def _of_known_size(cls, rates: tuple[RateSection, ...]) -> tuple[RateSection, ...]:
        public_rates().overridden(rate.override() for rate in rates)
        return rates

    @field_validator("plans")
    @classmethod
    def _plans_of_their_own(
        cls, plans: tuple[PlanSection, ...], info: ValidationInfo
    ) -> tuple[PlanSection, ...]:
        return checked_plans(plans, info)

    @field_validator("purchases", "commitments")
    @classmethod
    def _of_known_plans(cls, sections: tuple[_OfPlan, ...], info: ValidationInfo) -> object:
        refuse_unknown_plans(sections, info)
        return sections

    @field_validator("people")
    @classmethod
    def _people_of_teams(cls, people: PeopleSection, info: ValidationInfo) -> PeopleSection:
        refuse_unknown_teams(people.named_teams, info)
        return people

    @field_validator("notify")
    @classmethod
    def _notify_each_once(
        cls, notifications: tuple[NotificationSection, ...], info: ValidationInfo
    ) -> tuple[NotificationSection, ...]:
        return checked_notifications(notifications, info)
