"""The model of the settings file `usage.yml`: prices, teams, budgets.

The sections are checked here and passed to the stages as the stages' own plain objects.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Final

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.analysis.anomalies import MINIMUM
from circleci_usage.analysis.budgets import Budget
from circleci_usage.analysis.cost_units import UnitRule
from circleci_usage.config.people_section import PeopleSection
from circleci_usage.config.section_checks import (
    refuse_twice,
    refuse_unknown_cycle,
    refuse_unknown_teams,
)
from circleci_usage.config.sections import (
    AnomaliesSection,
    BudgetSection,
    DayOfMonth,
    IncludedCreditsSection,
    JobGlobs,
    Name,
    Number,
    PricePeriodSection,
    RateSection,
    SettingsSection,
    SharedCostsSection,
    TeamSection,
    UnitName,
    UnitSection,
    Value,
    WholeNumber,
)
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import ONE_DAY
from circleci_usage.costs.allocation import UNALLOCATED, Ownership, TeamRule
from circleci_usage.costs.included_credits import IncludedCredits
from circleci_usage.costs.list_price import LIST_CURRENCY, LIST_PRICE, SEAT_CREDITS
from circleci_usage.costs.pricing import PriceList
from circleci_usage.costs.resource_rates import Rates, public_rates
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import names_in
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.usage.aggregates import MAIN_BRANCHES
from circleci_usage.usage.job_groups import JobGroups

_DECIDE_COSTS: Final = {
    "currency",
    "list_price_per_credit",
    "pricing",
    "billing_cycle_day",
    "included_credits",
    "free_seats",
    "seat_credits",
    "teams",
    "shared_costs",
}

_TAKEN_TAGS: Final = frozenset(
    {"period", "direct", "shared", "total", "currency", *names_in(Place.RESERVED)}
)


class SettingsFile(SettingsSection):
    """Settings of circleci-usage: prices, teams, budgets."""

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

    shared_costs: SharedCostsSection | None = None
    """Costs that are split among the teams."""

    tags: dict[Name, dict[Name, Value]] = Field(default_factory=dict)
    """Cost allocation tags: name of the tag → team → value."""

    budgets: tuple[BudgetSection, ...] = ()
    """Budgets for the total cost."""

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

    people: PeopleSection | None = None
    """How the users who trigger pipelines are shown; by default, only how many there are."""

    _checksum: str = PrivateAttr("")

    def model_post_init(self, context: Mapping[str, str] | None) -> None:
        """Keep the file's checksum, which is passed as context because it is not a key."""
        self._checksum = (context or {}).get("checksum", "")

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
        periods = tuple(sorted(periods, key=lambda period: period.first))
        for earlier, later in pairwise(periods):
            if earlier.last is None and later.last is None:
                raise ValueError(
                    f"the periods from {earlier.first} and from {later.first} both have no `to`;"
                    " end the earlier one"
                )
            if earlier.last is None or later.first <= earlier.last:
                raise ValueError(
                    f"the periods from {earlier.first} and from {later.first} overlap on"
                    f" {later.first}"
                )
            if later.first > earlier.last + ONE_DAY:
                gap = f"{earlier.last + ONE_DAY} to {later.first - ONE_DAY}"
                raise ValueError(
                    f"there is no price for {gap}; the periods must follow one another without a"
                    " gap"
                )
        return periods

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
    def _tags_of_teams(cls, tags: Mapping[str, Mapping[str, str]], info: ValidationInfo) -> object:
        for name, values in tags.items():
            if name in _TAKEN_TAGS:
                raise ValueError(
                    f"a tag cannot be called {name!r}: the tables already have a column of that"
                    " name"
                )
            refuse_unknown_teams(values.keys() - {UNALLOCATED}, info)
        return tags

    @field_validator("budgets")
    @classmethod
    def _budgets_by_name(
        cls, budgets: tuple[BudgetSection, ...], info: ValidationInfo
    ) -> tuple[BudgetSection, ...]:
        refuse_twice([budget.name for budget in budgets], "duplicate budget name {!r}")
        refuse_unknown_cycle((budget.per for budget in budgets), info)
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

    @field_validator("people")
    @classmethod
    def _people_of_teams(cls, people: PeopleSection, info: ValidationInfo) -> PeopleSection:
        refuse_unknown_teams(people.named_teams, info)
        return people

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file's bytes, hexadecimal; empty when there was no file."""
        return self._checksum

    def cost_checksum(self, price_per_credit: Decimal | None = None) -> str:
        """The SHA-256 of all settings that decide costs and their owners, without budgets.

        `price_per_credit` (a flag) replaces all prices of the file, as in `price_list`.
        """
        decisive = self.model_dump(mode="json", include=_DECIDE_COSTS)
        if price_per_credit is not None:
            decisive["pricing"] = str(price_per_credit.normalize())
        for team in decisive["teams"]:
            del team["budget"]
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    def price_list(
        self, price_per_credit: Decimal | None = None, *, allow_unpriced: bool = False
    ) -> PriceList:
        """The prices of credits; `price_per_credit` (a flag) replaces all but the list price.

        Raises:
            SettingsError: there is no price per credit in the file's currency.
        """
        if price_per_credit is None and self.pricing:
            periods = tuple(period.price_period() for period in self.pricing)
        else:
            periods = PriceList.flat(self._only_price(price_per_credit)).periods
        included = IncludedCredits(self.included_credits.amount) if self.included_credits else None
        return PriceList(
            currency=self.currency,
            periods=periods,
            list_price=self.list_price_per_credit,
            included=included,
            free_seats=self._free_seats(),
            billing_cycle_day=self.billing_cycle_day,
            allow_unpriced=allow_unpriced,
            checksum=self.checksum,
        )

    def _free_seats(self) -> IncludedCredits | None:
        credits = self.free_seats * self.seat_credits
        return IncludedCredits(credits, frozenset({"user"})) if credits else None

    def _only_price(self, price_per_credit: Decimal | None) -> Decimal:
        if price_per_credit is not None:
            return price_per_credit
        if self.list_price_per_credit is not None:
            return self.list_price_per_credit
        if self.currency == LIST_CURRENCY:
            return LIST_PRICE
        raise SettingsError(
            f"The settings file is in {self.currency} but has no price per credit; add `pricing`."
        )

    def ownership(self) -> Ownership:
        """The teams, their shared costs and their tags."""
        rules = tuple(
            TeamRule(team.name, team.projects, team.jobs, team.branches) for team in self.teams
        )
        return Ownership(rules, self.shared_costs.rule() if self.shared_costs else None, self.tags)

    def grouped_jobs(self) -> JobGroups:
        """The groups of jobs."""
        return JobGroups(self.job_groups)

    def all_budgets(self) -> tuple[Budget, ...]:
        """The budgets for the total cost, then those of the teams."""
        everybody = (Budget(budget.name, budget.amount, per=budget.per) for budget in self.budgets)
        of_teams = (
            Budget(team.name, team.budget.amount, team.name, team.budget.per)
            for team in self.teams
            if team.budget
        )
        return (*everybody, *of_teams)

    def analysis(self) -> AnalysisSettings:
        """The settings of the analyses."""
        least = self.anomalies.minimum if self.anomalies else MINIMUM
        units = (UnitRule(name, unit.jobs, unit.workflows) for name, unit in self.units.items())
        return AnalysisSettings(
            self.all_budgets(),
            self.all_rates(),
            least,
            default_branches=self.default_branches,
            people=(self.people or PeopleSection()).settings(self.seat_credits),
            units=tuple(units),
        )

    def all_rates(self) -> Rates:
        """The rates of resource classes: the public table with the file's overrides."""
        return public_rates().overridden(rate.override() for rate in self.rates)
