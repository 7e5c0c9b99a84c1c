"""Which changes explain the total's."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.period_comparison.change import Change
from circleci_usage.core.columnar import Records
from circleci_usage.core.decimals import ZERO

EXPLAINED: Final = Decimal("0.8")
"""This share of the total's change is enough of an explanation."""

MOST_DRIVERS: Final = 5
"""Nobody reads more than that."""


def drivers(changes: Iterable[Change], difference: Decimal) -> tuple[Change, ...]:
    """The fewest changes in the direction of a difference that explain `EXPLAINED` of it.

    There are at most `MOST_DRIVERS`.

    Changes of +60, -50, +30 and +10 explain a difference of +50 by the first alone.

    Args:
        changes: the largest first.
        difference: the total's.
    """
    explaining: list[Change] = []
    explained = ZERO
    for change in changes:
        if len(explaining) == MOST_DRIVERS or abs(explained) >= abs(difference) * EXPLAINED:
            break
        if change.difference * difference > 0:
            explaining.append(change)
            explained += change.difference
    return tuple(explaining)


def costing(changes: Records[Change]) -> Records[Change]:
    """Those that cost anything, before or now."""
    return changes.where(lambda before, after: (before != 0) | (after != 0), "before", "after")
