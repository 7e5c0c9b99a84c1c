"""Costs that several teams cause together, such as those of a monorepo, split by percentages.

A percentage of an amount is exact with the decimal places of both. So each part is exactly its
percentage, line by line, whatever order the lines are in, and nothing is rounded or apportioned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate, chain
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.scaled_integers import fitting, places_of, to_count
from circleci_usage.costs.costs import CREDITS, MONEY, Costs
from circleci_usage.costs.rules import Indexes, Rule

_PERCENT_PLACES: Final = 2
"""Decimal places that the fraction of a percentage has in addition."""

_ITS_OWN: Final = -1
"""In place of a team's index where a line keeps its owner."""


@dataclass(frozen=True)
class Split:
    """What is split, and among whom.

    Attributes:
        rule: what it matches is split.
        among: team → percentage; they sum to 100.
    """

    rule: Rule
    among: Mapping[str, Decimal]

    @property
    def fractions(self) -> Mapping[str, Decimal]:
        """Team → its fraction, the largest first; of equal ones, the first that is listed."""
        ordered = sorted(self.among.items(), key=lambda item: -item[1])
        return {team: percentage.scaleb(-_PERCENT_PLACES) for team, percentage in ordered}

    @property
    def main_team(self) -> str:
        """The team with the largest part; it has the job runs, which cannot be split."""
        return next(iter(self.fractions))


def split_costs(
    costs: Costs, chosen: Indexes, splits: Sequence[Split], owners: Sequence[str]
) -> Costs:
    """Costs with a line per team in place of each line that is split.

    10 credits at 60% and 40% become lines of 6 and 4. All amounts are proportional to credits, so
    each of them is split like these. The job runs stay with the first line.

    Args:
        costs: with a `team`.
        chosen: the index of each line's split, or `NO_RULE` where it stays whole.
        splits: those of the settings file.
        owners: the names that `team` can have.
    """
    if not (chosen >= 0).any():
        return costs
    parts = _Parts.of(splits, owners)
    lengths, starts = parts.lengths[chosen], parts.starts[chosen]
    origins = np.repeat(np.arange(len(chosen)), lengths)
    positions = np.arange(len(origins)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    found = starts[origins] + positions
    factors, teams = parts.factors[found], parts.teams[found]

    lines = costs.lines.iloc[origins].reset_index(drop=True)
    codes = np.where(teams == _ITS_OWN, lines["team"].cat.codes, teams)
    lines["team"] = pd.Categorical.from_codes(codes, pd.Index([*owners], dtype="object"))
    lines["job_runs"] = lines["job_runs"].where(positions == 0, 0)
    for name in (*CREDITS, *MONEY):
        largest = int(np.abs(costs.lines[name].to_numpy()).sum()) * 10**parts.places
        lines[name] = fitting(lines[name].to_numpy(), largest) * factors
    return replace(costs, lines=lines, credit_places=costs.credit_places + parts.places)


@dataclass(frozen=True)
class _Parts:
    """The parts of all splits, one after the other; the last part is that of whole lines.

    Attributes:
        lengths: how many parts each split has; the last one, which `NO_RULE` finds, is 1.
        starts: the first part of each split.
        factors: the fraction of each part, a whole number of 10^-places.
        teams: the index of each part's team, or `_ITS_OWN`.
        places: the decimal places of fractions.
    """

    lengths: Indexes
    starts: Indexes
    factors: Indexes
    teams: Indexes
    places: int

    @classmethod
    def of(cls, splits: Sequence[Split], owners: Sequence[str]) -> "_Parts":
        parts = [*chain.from_iterable(split.fractions.items() for split in splits)]
        places = max(places_of(fraction) for _, fraction in parts)
        factors = [to_count(fraction, places) for _, fraction in parts]
        lengths = [*(len(split.among) for split in splits), 1]
        return cls(
            lengths=np.array(lengths),
            starts=np.array([0, *accumulate(lengths[:-1])]),
            factors=np.array([*factors, 10**places]),
            teams=np.array([*(owners.index(team) for team, _ in parts), _ITS_OWN]),
            places=places,
        )
