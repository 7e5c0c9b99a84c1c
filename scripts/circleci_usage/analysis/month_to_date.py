"""What a month or billing cycle has cost so far and will cost, in all and by team: what budgets are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from circleci_usage.analysis.daily_costs import by_day
from circleci_usage.analysis.forecast import Forecast, forecast_month, month_of
from circleci_usage.analysis.monthly_charges import charged_monthly, still_to_come
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period, uncovered
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.allocation import SHARED, Ownership
from circleci_usage.costs.costs import Costs, within
from circleci_usage.costs.shared_costs import SharedCosts, split_exactly, weights_of

Per = Literal["month", "cycle"]
"""What a budget is for: a calendar month, or a billing cycle."""

NOTHING: Final = Forecast(ZERO, ZERO, ZERO, ZERO)


@dataclass(frozen=True)
class MonthToDate:
    """The cost of a calendar month or a billing cycle.

    Attributes:
        month: the month, or the cycle.
        since: the first day of it that the data have; later than its first when they begin in between.
        through: the last day that counts, which is complete unless it is missing.
        everything: all costs.
        teams: team → its own costs and its share of the shared ones.
        missing: the days through `through` that are not known, so that more may have been spent than is said. Nothing
            is expected then, and what is shared in proportion is not split: on the missing days its weights may change.
        credits: all credits, likewise; None where a report did not say, or days are missing.
    """

    month: Period
    since: date
    through: date
    everything: Forecast
    teams: Mapping[str, Forecast]
    missing: tuple[Period, ...] = ()
    credits: Forecast | None = None

    @property
    def is_over(self) -> bool:
        """Whether the month has ended."""
        return self.through == self.month.last

    @property
    def is_whole(self) -> bool:
        """Whether the data have the month from its first day, without a gap."""
        return self.since == self.month.first and not self.missing


def month_to_date(
    costs: Costs,
    ownership: Ownership,
    known: Period,
    *,
    month: Period | None = None,
    missing: tuple[Period, ...] | None = None,
) -> MonthToDate:
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

    def outlook_of(some: Costs) -> Forecast:
        return (
            Forecast(some.within(within_month).total("cost"))
            if missing
            else _outlook(some, month, known)
        )

    owners = dict.fromkeys(ownership.teams, Forecast(ZERO) if missing else NOTHING) | {
        str(owner): outlook_of(replace(costs, lines=lines))
        for owner, lines in costs.lines.groupby("team", observed=True)
    }
    shared = owners.pop(SHARED, NOTHING)
    teams = ownership.teams
    if ownership.shared and teams and not (missing and ownership.shared.split == "proportional"):
        direct = [owners.get(team, NOTHING) for team in teams]
        owners |= dict(zip(teams, _with_shared(direct, shared, teams, ownership), strict=True))
    in_credits = None if missing else _outlook(costs, month, known, "credits", places_shown=0)
    return MonthToDate(
        month=month,
        since=_since(month, through, missing),
        through=through,
        everything=outlook_of(costs),
        teams=owners,
        credits=in_credits,
        missing=missing,
    )


def _since(month: Period, through: date, missing: Sequence[Period]) -> date:
    begins = next((gap.stop for gap in missing if month.first in gap), month.first)
    return min(begins, through)


def _outlook(
    costs: Costs, month: Period, known: Period, measure: str = "cost", *, places_shown: int = 2
) -> Forecast:
    places, through = costs.places(measure), known.last
    is_monthly = charged_monthly(costs.lines, known)
    monthly = costs.lines[is_monthly]
    come = within(monthly, Period.of_days(month.first, through))
    daily = by_day(costs.lines[~is_monthly], known, measure)
    return forecast_month(
        month,
        through,
        {day: to_decimal(amount, places) for day, amount in daily.items()},
        to_decimal(int(come[measure].sum()), places),
        to_decimal(still_to_come(monthly, measure, month, through), places),
        places_shown,
    )


def _with_shared(
    direct: Sequence[Forecast], shared: Forecast, teams: Sequence[str], ownership: Ownership
) -> list[Forecast]:
    """The teams' outlooks with their shares of the shared costs, which are split as they are when they are booked."""
    rule = ownership.shared
    if rule is None:
        return [*direct]
    spent = _weights(teams, rule, [each.spent for each in direct])
    # The ends of an interval are split as what is expected, so that what is unknown of one team stays with that team.
    ahead = _weights(teams, rule, [each.expected for each in direct])
    columns = zip(
        _sums([each.spent for each in direct], shared.spent, spent),
        _sums([each.expected for each in direct], shared.expected, ahead),
        _sums([each.low for each in direct], shared.low, ahead),
        _sums([each.high for each in direct], shared.high, ahead),
        strict=True,
    )
    return [Forecast(amount or ZERO, *rest) for amount, *rest in columns]


def _weights(
    teams: Sequence[str], rule: SharedCosts, own: Sequence[Decimal | None]
) -> list[Decimal] | None:
    """What the teams' shares are proportional to; None where something of a team's own is not known."""
    known = [each for each in own if each is not None]
    return weights_of(teams, rule, known) if len(known) == len(own) else None


def _sums(
    own: Sequence[Decimal | None], shared: Decimal | None, weights: Sequence[Decimal] | None
) -> list[Decimal | None]:
    """Each team's own amount and its share; None where one of them is not known."""
    if shared is None or weights is None:
        return [None] * len(own)
    shares = split_exactly(shared, weights)
    return [None if each is None else each + share for each, share in zip(own, shares, strict=True)]
