"""What a month or billing cycle has cost so far and will cost, in all and by team: what budgets are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from circleci_usage.analysis.daily import by_day, of_days, once_a_month
from circleci_usage.analysis.forecast import Outlook, month_of, outlook
from circleci_usage.days import Period, uncovered
from circleci_usage.money.allocation import SHARED, Ownership
from circleci_usage.money.costs import Costs
from circleci_usage.money.exact import ZERO
from circleci_usage.money.shared_costs import split_exactly, weights_of
from circleci_usage.money.units import to_decimal

Per = Literal["month", "cycle"]
"""What a budget is for: a calendar month, or a billing cycle."""

NOTHING: Final = Outlook(ZERO, ZERO, ZERO, ZERO)


@dataclass(frozen=True)
class Spending:
    """The cost of a calendar month or a billing cycle.

    Attributes:
        month: the month, or the cycle.
        since: the first day of it that the data have; later than its first when they begin in between.
        through: the last day that counts, which is complete unless it is missing.
        everything: all costs.
        teams: team → its own costs and its share of the shared ones.
        missing: the days through `through` that are not known, so that more may have been spent than is said. Nothing
            is expected then, and what is shared in proportion is not split: on the missing days its weights may change.
    """

    month: Period
    since: date
    through: date
    everything: Outlook
    teams: Mapping[str, Outlook]
    missing: tuple[Period, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the month has ended."""
        return self.through == self.month.last

    @property
    def is_whole(self) -> bool:
        """Whether the data have the month from its first day, without a gap."""
        return self.since == self.month.first and not self.missing


def spending(
    costs: Costs,
    ownership: Ownership,
    known: Period,
    *,
    month: Period | None = None,
    missing: tuple[Period, ...] | None = None,
) -> Spending:
    """The spending of the month or cycle that the last of the `known` days lies in.

    Args:
        costs: owned costs of all known days, and maybe of more.
        ownership: the teams and how shared costs are split.
        known: the complete days that there are data of, from the first.
        month: a calendar month or a billing cycle; None is the calendar month.
        missing: the days of it that are not known; None is those before the first known one.
    """
    month = month or month_of(known.last)
    through = known.last
    if missing is None:
        missing = uncovered(Period.of_days(month.first, through), [known])
    within_month = Period.of_days(month.first, through)

    def outlook_of(some: Costs) -> Outlook:
        return Outlook(some.within(within_month).total("cost")) if missing else _outlook(some, month, known)

    owners = dict.fromkeys(ownership.teams, Outlook(ZERO) if missing else NOTHING) | {
        str(owner): outlook_of(replace(costs, lines=lines))
        for owner, lines in costs.lines.groupby("team", observed=True)
    }
    shared = owners.pop(SHARED, NOTHING)
    teams = ownership.teams
    if ownership.shared and teams and not (missing and ownership.shared.split == "proportional"):
        direct = [owners.get(team, NOTHING) for team in teams]
        owners |= dict(zip(teams, _with_shared(direct, shared, teams, ownership), strict=True))
    return Spending(month, _since(month, through, missing), through, outlook_of(costs), owners, missing)


def _since(month: Period, through: date, missing: Sequence[Period]) -> date:
    begins = next((gap.stop for gap in missing if month.first in gap), month.first)
    return min(begins, through)


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
