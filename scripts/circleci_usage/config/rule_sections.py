"""The sections of the settings file that are rules: what belongs to a team, a value, a plan."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from circleci_usage.config.budget_sections import TeamBudgetSection
from circleci_usage.config.patterns import Pattern
from circleci_usage.config.sections import Name, SettingsSection
from circleci_usage.costs.allocation import SHARED, UNALLOCATED
from circleci_usage.costs.rules import NOTHING, Patterns, Rule


class PatternsSection(SettingsSection):
    """Patterns of the dimensions that rules look at.

    A pattern is a glob (`pay-*`), or a regular expression between slashes (`/pay-[0-9]+/`).
    """

    organizations: tuple[Pattern, ...] = ()
    """Patterns of organizations."""

    projects: tuple[Pattern, ...] = ()
    """Patterns of projects: `project` or `organization/project`."""

    workflows: tuple[Pattern, ...] = ()
    """Patterns of workflows."""

    jobs: tuple[Pattern, ...] = ()
    """Patterns of job names."""

    branches: tuple[Pattern, ...] = ()
    """Patterns of branches."""

    resource_classes: tuple[Pattern, ...] = ()
    """Patterns of resource classes."""

    executors: tuple[Pattern, ...] = ()
    """Patterns of executors: `docker`, `machine`, `macos`, …"""

    triggers: tuple[Pattern, ...] = ()
    """Patterns of what started the pipeline: `webhook`, `schedule`, `api`, …"""

    users: tuple[Pattern, ...] = ()
    """Patterns of ids of the users who triggered the pipeline."""

    @model_validator(mode="after")
    def _name_something(self) -> Self:
        if not self._lists():
            keys = [name for name in PatternsSection.model_fields if name != "projects"]
            raise ValueError(
                f'nothing is named; add `projects` (["*"] is everything), {", ".join(keys[:-1])}'
                f" or {keys[-1]}"
            )
        return self

    def _lists(self) -> dict[str, tuple[str, ...]]:
        """The lists that name something."""
        lists = {name: getattr(self, name) for name in PatternsSection.model_fields}
        return {name: patterns for name, patterns in lists.items() if patterns}

    def patterns(self) -> Patterns:
        """The patterns as allocation uses them."""
        return Patterns(**self._lists())


class RuleSection(PatternsSection):
    """What belongs to something: what matches a glob in each of the given lists."""

    exclusions: PatternsSection | None = Field(default=None, alias="not")
    """What does not belong to it: whatever matches a glob in any of these lists."""

    def rule_for(self, value: str) -> Rule:
        """The rule that gives a value, as allocation uses it."""
        excluded = self.exclusions.patterns() if self.exclusions else NOTHING
        return Rule(value, self.patterns(), excluded)


class TeamSection(RuleSection):
    """A team and the job runs it owns: those that match a glob in each of the given lists.

    A team may be listed several times; it owns what matches any of its entries.
    """

    name: Name
    """Name of the team."""

    budget: TeamBudgetSection | None = None
    """Budget of the team, including its share of shared costs."""

    @field_validator("name")
    @classmethod
    def _not_ours(cls, name: str) -> str:
        if name in {UNALLOCATED, SHARED}:
            raise ValueError(
                f"a team cannot be called {name!r}: the name is reserved for costs without a team"
            )
        return name
