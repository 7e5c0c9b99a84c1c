"""What each team is charged for a period, and what none is."""

from dataclasses import dataclass

from circleci_usage.analysis.breakdowns import Amount, Breakdown, totals
from circleci_usage.analysis.chargeback import by_team, chargeback
from circleci_usage.analysis.owned_usage import OwnedPeriod
from circleci_usage.analysis.unallocated import UnallocatedCost, unallocated_costs
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import Ownership


@dataclass(frozen=True, eq=False)
class TeamCosts:
    """The costs of a period by team.

    Attributes:
        period: the days.
        currency: of all amounts.
        total: everything.
        teams: what each team is charged, with its share of shared costs; the most expensive first.
        unallocated: what no team owns, by project.
    """

    period: Period
    currency: str
    total: Amount
    teams: Breakdown
    unallocated: tuple[UnallocatedCost, ...]


def team_costs(
    owned: OwnedPeriod, ownership: Ownership, period: Period, currency: str
) -> TeamCosts:
    """Owned usage of a period → its costs by team."""
    charged = chargeback(owned.costs, ownership, period)
    return TeamCosts(
        period=period,
        currency=currency,
        total=totals(owned.costs, owned.runs),
        teams=by_team(charged, owned.runs),
        unallocated=unallocated_costs(owned.over_days, ownership),
    )
