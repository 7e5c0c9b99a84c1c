"""Costs that no team causes alone, such as seats, split among the teams.

In one of the FinOps Framework's three ways: in proportion to direct cost, evenly, or by fixed
percentages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from circleci_usage.core.apportion import apportion
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.scaled_integers import places_of, to_count, to_decimal

Split = Literal["proportional", "even", "fixed"]

SPLIT_PLACES: Final = 6
"""Remainders are split to the millionth, or to the amount's own decimal places."""


@dataclass(frozen=True)
class SharedCosts:
    """Which costs are shared, and how they are split.

    Attributes:
        credit_types: all costs of these.
        projects: globs; all costs of the projects that match one.
        split: how the sum is split among the teams.
        weights: with a fixed split, the percentage of each team.
    """

    split: Split = "proportional"
    credit_types: frozenset[str] = frozenset()
    projects: tuple[str, ...] = ()
    weights: Mapping[str, Decimal] = field(default_factory=dict)


def weights_of(
    teams: Sequence[str], shared: SharedCosts, direct: Sequence[Decimal]
) -> list[Decimal]:
    """What each team's share is proportional to.

    A proportional split is even when no team has a direct cost.

    Args:
        teams: all teams, by name.
        shared: the rule.
        direct: the direct costs of these teams.
    """
    even = [Decimal(1)] * len(teams)
    if shared.split == "even":
        return even
    if shared.split == "fixed":
        return [shared.weights.get(team, ZERO) for team in teams]
    positive = [max(cost, ZERO) for cost in direct]
    return positive if any(positive) else even


def split_exactly(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Shares in proportion to the weights that sum to the amount, to the last digit.

    10 split by the weights 1, 1 and 1: 3.333334, 3.333333 and 3.333333.
    """
    places = max(SPLIT_PLACES, places_of(amount))
    finest = max(map(places_of, weights))
    shares = apportion(to_count(amount, places), [to_count(weight, finest) for weight in weights])
    return [to_decimal(share, places) for share in shares]
