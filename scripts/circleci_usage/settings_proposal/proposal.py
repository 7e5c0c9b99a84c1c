"""What is proposed, and what a person has decided about it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from circleci_usage.analysis.team_proposals import NO_TEAMS, ProposedTeams, propose_teams
from circleci_usage.core.periods import Period
from circleci_usage.costs.list_price import LIST_PRICE
from circleci_usage.settings_proposal.billing_cycle import NO_SEAT_DAY, SeatDay, seat_day
from circleci_usage.settings_proposal.seen_usage import SeenUsage


@dataclass(frozen=True)
class Proposal:
    """A settings file before it is written.

    Attributes:
        days: those with usage; only today if none are known.
        usage: what it is made from; None without any.
        teams: the proposed teams.
        seat_day: when the billing cycle begins.
        price: per credit.
        accepts_teams: whether the teams apply; else the file has them as comments.
        is_sample: whether the usage is that of the demo's sample company.
    """

    days: Period
    usage: SeenUsage | None = None
    teams: ProposedTeams = NO_TEAMS
    seat_day: SeatDay = NO_SEAT_DAY
    price: Decimal = LIST_PRICE
    accepts_teams: bool = True
    is_sample: bool = False


def propose(usage: SeenUsage | None, today: date, *, is_sample: bool = False) -> Proposal:
    """Propose settings from usage; without any job run there is nothing to propose from."""
    now = Period.of_days(today, today)
    if usage is None or not usage.job_runs:
        return Proposal(now)
    return Proposal(
        usage.days or now,
        usage,
        propose_teams(usage.projects),
        seat_day(usage.seats, usage.days),
        is_sample=is_sample,
    )
