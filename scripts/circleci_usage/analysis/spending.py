"""What the month of the report has cost so far and will cost, in all and by team: what budgets are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.daily import by_day, of_days, once_a_month
from circleci_usage.analysis.forecast import Outlook, month_of, outlook
from circleci_usage.days import Period
from circleci_usage.money.allocation import SHARED, Ownership
from circleci_usage.money.costs import Costs
from circleci_usage.money.exact import ZERO
from circleci_usage.money.shared_costs import split_exactly, weights_of
from circleci_usage.money.units import to_decimal

NOTHING: Final = Outlook(ZERO, ZERO, ZERO, ZERO)


@dataclass(frozen=True)
class Spending:
    """A calendar month's cost.

    Attributes:
        month: the month.
        since: the first day of it that the data have; later than its first when they begin in between.
        through: its last complete day.
        everything: all costs.
        teams: team → its own costs and its share of the shared ones.
    """

    month: Period
    since: date
    through: date
    everything: Outlook
    teams: Mapping[str, Outlook]

    @property
    def is_over(self) -> bool:
        """Whether the month has ended."""
        return self.through == self.month.last

    @property
    def is_whole(self) -> bool:
        """Whether the data have the month from its first day."""
        return self.since == self.month.first


def spending(costs: Costs, ownership: Ownership, known: Period) -> Spending:
    """The spending of the month that the last of the `known` days lies in.

    Args:
        costs: owned costs of all known days, and maybe of more.
        ownership: the teams and how shared costs are split.
        known: the complete days that there are data of, from the first.
    """
    month = month_of(known.last)
    since = max(month.first, known.first)
    owners = {
        str(owner): _outlook(replace(costs, lines=lines), month, known)
        for owner, lines in costs.lines.groupby("team", observed=True)
    }
    shared = owners.pop(SHARED, NOTHING)
    teams = ownership.teams
    if ownership.shared and teams:
        direct = [owners.get(team, NOTHING) for team in teams]
        owners |= dict(zip(teams, _with_shared(direct, shared, teams, ownership), strict=True))
    return Spending(month, since, known.last, _outlook(costs, month, known), owners)


def _outlook(costs: Costs, month: Period, known: Period) -> Outlook:
    places = costs.places("cost")
    so_far = once_a_month(costs.within(Period.of_days(month.first, known.last)))
    daily = {day: to_decimal(cost, places) for day, cost in by_day(of_days(costs), known).items()}
    return outlook(month, known.last, daily, to_decimal(int(so_far["cost"].sum()), places))


def _with_shared(
    direct: Sequence[Outlook], shared: Outlook, teams: Sequence[str], ownership: Ownership
) -> list[Outlook]:
    """The teams' outlooks with their shares of the shared costs, which are split as they are when they are booked."""

    def total(own: list[Decimal | None], amount: Decimal | None) -> list[Decimal | None]:
        known = [each for each in own if each is not None]
        if ownership.shared is None or amount is None or len(known) < len(own):
            return [None] * len(own)
        shares = split_exactly(amount, weights_of(teams, ownership.shared, known))
        return [each + share for each, share in zip(known, shares, strict=True)]

    spent = total([each.spent for each in direct], shared.spent)
    expected = total([each.expected for each in direct], shared.expected)
    low = total([each.low for each in direct], shared.low)
    high = total([each.high for each in direct], shared.high)
    return [Outlook(amount or ZERO, *rest) for amount, *rest in zip(spent, expected, low, high, strict=True)]
