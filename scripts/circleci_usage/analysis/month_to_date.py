"""Month to date: the cost of a month or billing cycle so far and its forecast, also by team."""

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
        since: its first day with data; later than its first day when the data begin in between.
        through: the last day that counts, which is complete unless it is missing.
        everything: all costs.
        teams: team → its own costs and its share of the shared ones.
        missing: the days up to `through` without data, on which more may have been spent. Nothing
            is forecast then, and costs shared in proportion are not split: the missing days may
            change the proportions.
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
        """Whether there are data from the month's first day on, without a gap."""
        return self.since == self.month.first and not self.missing


def month_to_date(
    costs: Costs,
    ownership: Ownership,
    known: Period,
    *,
    month: Period | None = None,
    missing: tuple[Period, ...] | None = None,
) -> MonthToDate:
    """The month or cycle of the last known day, so far.

    Args:
        costs: owned costs of all known days, and maybe of more.
        ownership: the teams and how shared costs are split.
        known: the complete days of the data, from the first.
        month: a calendar month or a billing cycle; None is the calendar month.
        missing: its days without data; None is those before the first known one.
    """
    month = month or month_of(known.last)
    through = known.last
    so_far = Period.of_days(month.first, through)
    if missing is None:
        missing = uncovered(so_far, [known])

    def forecast_of(some: Costs) -> Forecast:
        if missing:
            return Forecast(some.within(so_far).total("cost"))
        return _forecast(some, month, known)

    owners = dict.fromkeys(ownership.teams, Forecast(ZERO) if missing else NOTHING)
    for owner, lines in costs.lines.groupby("team", observed=True):
        owners[str(owner)] = forecast_of(replace(costs, lines=lines))
    shared = owners.pop(SHARED, NOTHING)
    if _can_be_split(ownership, missing):
        direct = [owners.get(team, NOTHING) for team in ownership.teams]
        split = _with_shared(direct, shared, ownership.teams, ownership)
        owners |= dict(zip(ownership.teams, split, strict=True))
    return MonthToDate(
        month=month,
        since=_since(month, through, missing),
        through=through,
        everything=forecast_of(costs),
        teams=owners,
        credits=None if missing else _forecast(costs, month, known, "credits", places_shown=0),
        missing=missing,
    )


def _can_be_split(ownership: Ownership, missing: Sequence[Period]) -> bool:
    """Whether shared costs can be split among the teams; missing days may change proportions."""
    rule = ownership.shared
    if rule is None or not ownership.teams:
        return False
    return not (missing and rule.split == "proportional")


def _since(month: Period, through: date, missing: Sequence[Period]) -> date:
    """The first day of a month that is not missing, or the last one that counts."""
    begins = next((gap.stop for gap in missing if month.first in gap), month.first)
    return min(begins, through)


def _forecast(
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
    """The teams' forecasts with their shares of the shared costs.

    They are split as they will be when they are booked.
    """
    rule = ownership.shared
    if rule is None:
        return [*direct]
    expected_costs = [each.expected for each in direct]
    weights_so_far = _weights(teams, rule, [each.spent for each in direct])
    # The bounds are split like the expected costs, so that one team's unknowns stay with that team.
    weights_at_end = _weights(teams, rule, expected_costs)
    spent = _sums([each.spent for each in direct], shared.spent, weights_so_far)
    expected = _sums(expected_costs, shared.expected, weights_at_end)
    low = _sums([each.low for each in direct], shared.low, weights_at_end)
    high = _sums([each.high for each in direct], shared.high, weights_at_end)
    return [
        Forecast(amount or ZERO, *rest)
        for amount, *rest in zip(spent, expected, low, high, strict=True)
    ]


def _weights(
    teams: Sequence[str], rule: SharedCosts, own: Sequence[Decimal | None]
) -> list[Decimal] | None:
    """What the teams' shares are proportional to; None where a team's own costs are not known."""
    known = [each for each in own if each is not None]
    return weights_of(teams, rule, known) if len(known) == len(own) else None


def _sums(
    own: Sequence[Decimal | None], shared: Decimal | None, weights: Sequence[Decimal] | None
) -> list[Decimal | None]:
    """Each team's own amount and its share; None where one of them is not known."""
    if shared is None or weights is None:
        return [None] * len(own)
    sums: list[Decimal | None] = []
    for amount, share in zip(own, split_exactly(shared, weights), strict=True):
        sums.append(None if amount is None else amount + share)
    return sums
