"""What each team has spent in a period, with its share of the shared costs, and its forecast."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import Final

from circleci_usage.analysis.budget_scope import Measure
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.spending_days import SpendingDays, forecast_costs
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period, month_start, months
from circleci_usage.costs.allocation import SHARED, Ownership
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.shared_costs import SharedCosts, split_exactly, weights_of

NOTHING: Final = Forecast(ZERO, ZERO, ZERO, ZERO)

_LONGEST_MONTH: Final = 31

Forecasts = Mapping[str, Forecast]
"""Team → what it spends."""


def spending_by_team(
    costs: Costs,
    ownership: Ownership,
    days: SpendingDays,
    measure: Measure = "cost",
    basis: Costs | None = None,
) -> Forecasts:
    """What each team spends: its own costs and its share of the shared ones.

    Shared costs of a quarter or year are split month by month, because that is how they are booked.

    Args:
        costs: owned costs of all known days, and maybe of more.
        ownership: the teams and how shared costs are split.
        days: of the period.
        measure: what is summed.
        basis: the owned costs that decide proportions, if these are only some of them.
    """
    if not _can_be_split(ownership, days.missing):
        return _direct(costs, ownership, days, measure)
    pieces = [_of_piece(costs, ownership, piece, measure, basis) for piece in _pieces(days)]
    return _added(pieces)


def _can_be_split(ownership: Ownership, missing: Sequence[Period]) -> bool:
    """Whether shared costs can be split among the teams; missing days may change proportions."""
    rule = ownership.shared
    if rule is None or not ownership.teams:
        return False
    return not (missing and rule.split == "proportional")


def _pieces(days: SpendingDays) -> Iterator[SpendingDays]:
    """The parts of a period in which shared costs are split on their own."""
    if len(days.period) <= _LONGEST_MONTH:
        yield days
        return
    this_month = month_start(days.through)
    if days.period.start < this_month:
        for month in months(Period(days.period.start, this_month)):
            yield replace(days, period=month, through=month.last)
    yield replace(days, period=Period(this_month, days.period.stop))


def _of_piece(
    costs: Costs,
    ownership: Ownership,
    days: SpendingDays,
    measure: Measure,
    basis: Costs | None,
) -> Forecasts:
    teams, rule = ownership.teams, ownership.shared
    owners = {**_direct(costs, ownership, days, measure, keeps_shared=True)}
    shared = owners.pop(SHARED, NOTHING)
    if rule is None:
        return owners
    own = [owners[team] for team in teams]
    deciding = own
    if basis is not None and rule.split == "proportional":
        of_basis = _direct(basis, ownership, days, "cost")
        deciding = [of_basis[team] for team in teams]
    split = _with_shared(own, shared, deciding, teams, rule)
    return {**owners, **dict(zip(teams, split, strict=True))}


def _direct(
    costs: Costs,
    ownership: Ownership,
    days: SpendingDays,
    measure: Measure,
    *,
    keeps_shared: bool = False,
) -> Forecasts:
    """The costs of each owner, without shares."""
    owners = dict.fromkeys(ownership.teams, Forecast(ZERO) if days.missing else NOTHING)
    for owner, lines in costs.lines.groupby("team", observed=True):
        if keeps_shared or owner != SHARED:
            owners[str(owner)] = forecast_costs(replace(costs, lines=lines), days, measure)
    return owners


def _added(pieces: Sequence[Forecasts]) -> Forecasts:
    """The sums over all pieces; what is not known of one piece is not known of the whole."""
    owners = dict.fromkeys(chain.from_iterable(pieces))
    return {owner: _sum_of(owner, pieces) for owner in owners}


def _sum_of(owner: str, pieces: Sequence[Forecasts]) -> Forecast:
    return _sum([piece.get(owner, NOTHING) for piece in pieces])


def _sum(forecasts: Sequence[Forecast]) -> Forecast:
    return Forecast(
        sum((each.spent for each in forecasts), ZERO),
        _known_sum([each.expected for each in forecasts]),
        _known_sum([each.low for each in forecasts]),
        _known_sum([each.high for each in forecasts]),
    )


def _known_sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if len(known) == len(amounts) else None


def _with_shared(
    direct: Sequence[Forecast],
    shared: Forecast,
    deciding: Sequence[Forecast],
    teams: Sequence[str],
    rule: SharedCosts,
) -> list[Forecast]:
    """The teams' forecasts with their shares of the shared costs.

    They are split as they will be when they are booked; `deciding` are the costs of the teams that
    proportions come from.
    """
    weights_so_far = _weights(teams, rule, [each.spent for each in deciding])
    # The bounds are split like the expected costs, so that one team's unknowns stay with that team.
    weights_at_end = _weights(teams, rule, [each.expected for each in deciding])
    spent = _sums([each.spent for each in direct], shared.spent, weights_so_far)
    expected = _sums([each.expected for each in direct], shared.expected, weights_at_end)
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
