"""What the settings file says about savings."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.savings.actions import Action, Kind
from circleci_usage.core.patterns import matching

MINIMUM: Final = Decimal(1)
"""Money a month, in the report's currency: what saves less is summed up, not listed."""


@dataclass(frozen=True)
class Dismissal:
    """Actions that somebody has decided against.

    Attributes:
        reason: why.
        until: the last day that this holds; None for good.
        kinds: of the actions; empty for all.
        projects: patterns of project names, or of organization/project; empty for all.
        workflows: patterns; empty for all.
        jobs: patterns; empty for all.
    """

    reason: str
    until: date | None = None
    kinds: tuple[Kind, ...] = ()
    projects: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()

    def matches(self, action: Action, today: date) -> bool:
        """Whether it dismisses an action today."""
        where = action.where
        return (
            (self.until is None or today <= self.until)
            and (not self.kinds or action.kind in self.kinds)
            and _match(self.projects, (where.project, f"{where.organization}/{where.project}"))
            and _match(self.workflows, (where.workflow,))
            and _match(self.jobs, (where.job,))
        )


def _match(patterns: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return not patterns or any(matching(patterns, names))


@dataclass(frozen=True)
class SavingsSettings:
    """What to list.

    Attributes:
        minimum: money a month: what saves less is summed up, not listed.
        dismissals: what not to propose.
    """

    minimum: Decimal = MINIMUM
    dismissals: tuple[Dismissal, ...] = ()


LIST_ALL: Final = SavingsSettings()
"""The minimum by default, and nothing dismissed."""
