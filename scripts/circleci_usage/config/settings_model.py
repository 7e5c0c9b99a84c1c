"""The settings file `usage.yml`: prices, teams, budgets.

Its sections are passed to the stages as the stages' own plain objects.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from pydantic import PrivateAttr

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.analysis.anomalies import MINIMUM
from circleci_usage.analysis.budgets import Budget
from circleci_usage.analysis.cost_units import UnitRule
from circleci_usage.config.people_section import PeopleSection
from circleci_usage.config.plan_sections import PlanSection
from circleci_usage.config.savings_section import SavingsSection
from circleci_usage.config.sections import IncludedCreditsSection
from circleci_usage.config.settings_keys import SettingsKeys
from circleci_usage.config.tag_sections import tag_keys
from circleci_usage.core.errors import SettingsError
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.included_credits import IncludedCredits
from circleci_usage.costs.list_price import LIST_CURRENCY, LIST_PRICE
from circleci_usage.costs.pricing import Plan, PriceList
from circleci_usage.costs.resource_rates import Rates, public_rates
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
    "splits",
    "shared_costs",
    "plans",
    "tags",
}


class SettingsFile(SettingsKeys):
    """Settings of circleci-usage: prices, teams, budgets."""

    _checksum: str = PrivateAttr("")

    def model_post_init(self, context: Mapping[str, str] | None) -> None:
        """Keep the file's checksum, which is passed as context because it is not a key."""
        self._checksum = (context or {}).get("checksum", "")

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
            for plan in decisive["plans"]:
                del plan["pricing"]
        for team in decisive["teams"]:
            del team["budget"]
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    def price_list(
        self, price_per_credit: Decimal | None = None, *, allow_unpriced: bool = False
    ) -> PriceList:
        """The prices of credits; `price_per_credit` (a flag) replaces all but the list price.

        It replaces those of plans, too, which keep their included credits and free seats.

        Raises:
            SettingsError: there is no price per credit in the file's currency.
        """
        if price_per_credit is None and self.pricing:
            periods = tuple(period.price_period() for period in self.pricing)
        else:
            periods = PriceList.flat(self._only_price(price_per_credit)).periods
        prices = PriceList(
            currency=self.currency,
            periods=periods,
            list_price=self.list_price_per_credit,
            included=_included(self.included_credits),
            free_seats=self._free_seats(self.free_seats),
            billing_cycle_day=self.billing_cycle_day,
            allow_unpriced=allow_unpriced,
            checksum=self.checksum,
        )
        plans = [self._plan(plan, prices, price_per_credit) for plan in self.plans]
        purchases = [purchase.purchase() for purchase in self.purchases]
        purchases.sort(key=lambda purchase: purchase.day)
        return replace(prices, plans=tuple(plans), purchases=tuple(purchases))

    def _plan(self, plan: PlanSection, common: PriceList, price_per_credit: Decimal | None) -> Plan:
        """A plan; `common` are the prices of what no plan has."""
        periods = tuple(period.price_period() for period in plan.pricing)
        prices = replace(
            common,
            periods=periods if price_per_credit is None else common.periods,
            included=_included(plan.included_credits),
            free_seats=self._free_seats(plan.free_seats),
            billing_cycle_day=plan.billing_cycle_day or common.billing_cycle_day,
        )
        return Plan(plan.name, plan.rule(), prices)

    def _free_seats(self, seats: int) -> IncludedCredits | None:
        credits = seats * self.seat_credits
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
        """The teams, what is split among them, their shared costs and their tags."""
        return Ownership(
            rules=tuple(team.rule_for(team.name) for team in self.teams),
            shared=self.shared_costs.rule() if self.shared_costs else None,
            tag_keys=tag_keys(self.tags),
            splits=tuple(split.split() for split in self.splits),
        )

    def grouped_jobs(self) -> JobGroups:
        """The groups of jobs."""
        return JobGroups(self.job_groups)

    def all_budgets(self) -> tuple[Budget, ...]:
        """The budgets for the total cost, then those of the teams."""
        everybody = (budget.budget() for budget in self.budgets)
        of_teams = (
            team.budget.budget_of(team.name, team.name) for team in self.teams if team.budget
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
            commitments=tuple(each.commitment() for each in self.commitments),
            savings=(self.savings or SavingsSection()).settings(),
        )

    def all_rates(self) -> Rates:
        """The rates of resource classes: the public table with the file's overrides."""
        return public_rates().overridden(rate.override() for rate in self.rates)


def _included(section: IncludedCreditsSection | None) -> IncludedCredits | None:
    return IncludedCredits(section.amount) if section else None
