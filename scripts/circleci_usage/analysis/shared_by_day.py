"""Shared costs, day by day, as lines of the teams that they are split among.

Over the days of a month, each team's lines sum to what the report charges it, and over the teams,
the lines of a day sum to the shared cost of that day, both to the last digit.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.breakdowns import AMOUNTS
from circleci_usage.analysis.chargeback import chargeback
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period, months
from circleci_usage.core.scaled_integers import to_count
from circleci_usage.costs.allocation import UNALLOCATED, Ownership
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.shared_costs import SPLIT_PLACES

_SHARE_OF: Final = {"free_credits": "credits"}
"""Measures that the report does not split → the one whose shares they follow."""


def segments(known: Period, period: Period) -> Iterator[Period]:
    """The months before the period and those of the period, each clipped to it."""
    if known.start < period.start:
        yield from months(Period(known.start, period.start))
    yield from months(period)


def split_among_teams(
    lines: pd.DataFrame,
    measures: Sequence[str],
    costs: Costs,
    ownership: Ownership,
    days: Period,
) -> pd.DataFrame:
    """Shared lines of some days of a month → the same once per team, with its share.

    Args:
        lines: shared costs by day and other names, with `measures` and `job_runs`.
        measures: what is split.
        costs: all owned costs of these days.
        ownership: the teams and how shared costs are split.
        days: of the costs; they lie in one calendar month.

    Returns:
        The lines, with `team`. The measures are Python's integers, whole numbers of 10^-places as
        `split_places` says. Each job run is counted once: with the first team.
    """
    shares = _shares(costs, ownership, days)
    teams = [*shares]
    split = lines.loc[lines.index.repeat(len(teams))].assign(team=teams * len(lines))
    is_first = np.arange(len(split)) % len(teams) == 0
    split = split.assign(job_runs=split["job_runs"].where(is_first, 0))
    for name in measures:
        finest, places = split_places(costs, name), costs.places(name)
        amounts = [count * 10 ** (finest - places) for count in lines[name].tolist()]
        of_teams = [to_count(shares[team][_SHARE_OF.get(name, name)], finest) for team in teams]
        split[name] = np.array(spread(amounts, of_teams), dtype="object")
    return split


def split_places(costs: Costs, measure: str) -> int:
    """The decimal places of the shares of a measure."""
    return max(SPLIT_PLACES, costs.places(measure), costs.places(_SHARE_OF.get(measure, measure)))


def _shares(
    costs: Costs, ownership: Ownership, days: Period
) -> Mapping[str, Mapping[str, Decimal]]:
    """Team → its share of the shared costs of a month: what it is charged beyond its own."""
    own = costs.decimals(sum_by(costs.lines, ["team"], AMOUNTS)).to_dict("index")
    nothing = dict.fromkeys(AMOUNTS, Decimal(0))
    found: dict[str, dict[str, Decimal]] = {}
    for line in chargeback(costs, ownership, days).to_dict("records"):
        of_team: Mapping[Any, Any] = own.get(line["team"], nothing)
        is_sharing = line["team"] in ownership.teams or not ownership.teams
        if is_sharing:
            found[line["team"]] = {name: line[name] - of_team[name] for name in AMOUNTS}
    return found or {UNALLOCATED: nothing}


def spread(amounts: Sequence[int], shares: Sequence[int]) -> list[int]:
    """Amounts split so that both the parts of an amount and those of a share sum to it exactly.

        >>> spread([3, 4], [5, 2])
        [2, 1, 3, 1]

    Args:
        amounts: of the rows.
        shares: of the teams; they sum to the same, unless they only say the proportion.

    Returns:
        The parts of the first row, of the second, and so on.
    """
    weights = shares if sum(shares) else [1] * len(shares)
    bounds = [*accumulate(weights)]
    parts: list[int] = []
    reached, before = 0, [0] * len(weights)
    for amount in amounts:
        reached += amount
        until = [reached * bound // bounds[-1] for bound in bounds]
        steps = [one - other for one, other in zip(until, before, strict=True)]
        parts += [one - other for other, one in pairwise([0, *steps])]
        before = until
    return parts
