"""The section of the settings file about savings: what is listed, and what is dismissed."""

from typing import Annotated

from pydantic import Field

from circleci_usage.analysis.savings import Dismissal, SavingsSettings
from circleci_usage.analysis.savings.actions import Kind
from circleci_usage.analysis.savings.savings_settings import MINIMUM
from circleci_usage.config.patterns import Pattern
from circleci_usage.config.sections import Day, Name, Number, SettingsSection

Reason = Annotated[Name, Field(max_length=200)]


class DismissalSection(SettingsSection):
    """Actions that somebody has decided against; all that match everything that is given."""

    reason: Reason
    """Why; shown beside the dismissed actions."""

    until: Day | None = None
    """Last day of the dismissal; without it, it is for good."""

    kinds: tuple[Kind, ...] = ()
    """Kinds of actions; by default, all."""

    projects: tuple[Pattern, ...] = ()
    """Projects: `project` or `organization/project`, names or patterns; by default, all."""

    workflows: tuple[Pattern, ...] = ()
    """Workflows, names or patterns; by default, all."""

    jobs: tuple[Pattern, ...] = ()
    """Jobs, names or patterns; by default, all."""

    def dismissal(self) -> Dismissal:
        """The same, as the analysis knows it."""
        return Dismissal(**dict(self))


class SavingsSection(SettingsSection):
    """Which savings are listed."""

    minimum: Number = MINIMUM
    """Smallest saving that is listed, a month; smaller ones are summed up."""

    dismissals: tuple[DismissalSection, ...] = ()
    """Actions that are not proposed."""

    def settings(self) -> SavingsSettings:
        """The same, as the analysis knows it."""
        return SavingsSettings(self.minimum, tuple(each.dismissal() for each in self.dismissals))
