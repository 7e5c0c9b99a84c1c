"""User seats that are charged and that nobody uses.

An active user is one who started a job run. How many seats a plan includes is not in the export,
so all active users count against the seats that are charged: that is what is surely unused. Where
people without an account push, as bots do, a plan may charge seats for them, too, and the export
has no ids of them: then it is only worth a look. Nothing is said when the number of users is not
known, and when the days that are known are fewer than those of a month.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.rightsizing.monthly_costs import DAYS_A_MONTH
from circleci_usage.analysis.savings.actions import Action
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.analysis.savings.monthly_places import MonthlyPlaces, Spent
from circleci_usage.core.decimals import estimating, total
from circleci_usage.schema.keys import JobClassKey, OrganizationKey

ENOUGH_DAYS: Final = 28
"""The days of the shortest month: in fewer, users who take a break look like none."""

_SEATS: Final = "user"


def unused_seats(known: SavingsInput) -> Iterator[Action]:
    """Seats of the latest charge beyond the users who were active in the whole period.

    All organizations count together, because they may share one plan; the action names the one with
    the most seats.
    """
    active = known.people.counts.active if known.people else None
    if active is None or known.places.months * ENOUGH_DAYS > DAYS_A_MONTH:
        return
    charged = [*_latest_charge(known.places).of_type(_SEATS)]
    credits = total(each.credits for each in charged)
    seats = int(credits // known.seat_credits) if known.seat_credits else 0
    if seats <= active:
        return
    with estimating():
        share = (seats - active) * known.seat_credits / credits
    yield Action(
        kind="unused seats",
        where=_organization(charged),
        certainty="worth a look" if _may_have_other_users(known) else "likely",
        effort="low",
        lever="runs",
        parts=tuple(each.saved(share) for each in charged),
        evidence={"seats": seats, "active_users": active},
    )


def _may_have_other_users(known: SavingsInput) -> bool:
    """Whether people without an account pushed, of whom nobody can say how many they are."""
    return known.people is not None and bool(known.people.started["unregistered"].job_runs)


def _latest_charge(places: MonthlyPlaces) -> MonthlyPlaces:
    """The seats of each organization's last day with any: they are charged once a month."""
    lines = places.costs.lines
    seats = lines[(lines["credit_type"] == _SEATS) & (lines["credits"] > 0)]
    latest = seats.groupby("organization_id", observed=True)["date"].transform("max")
    costs = replace(places.costs, lines=seats[seats["date"] == latest])
    return MonthlyPlaces(costs, Decimal(1))


def _organization(charged: Iterable[Spent]) -> JobClassKey:
    """The organization with the most seats."""
    credits: defaultdict[OrganizationKey, Decimal] = defaultdict(Decimal)
    for each in charged:
        key = each.place.key
        credits[OrganizationKey(key.organization_id, key.organization)] += each.credits
    most = min(credits, key=lambda key: (-credits[key], key))
    return JobClassKey(*most, *[""] * (len(JobClassKey._fields) - len(most)))
