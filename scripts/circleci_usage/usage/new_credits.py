"""Credit columns that are not known yet: which of them the TOTAL_CREDITS of a row includes.

The rest of a total beyond the known credit types is compared with the sum of each combination of
new columns; both engines number these combinations alike.

    >>> combinations_of(["A", "B"])
    [('A', 'B'), ('A',), ('B',)]
    >>> numbers_with("B", combinations_of(["A", "B"]))
    [0, 2]
    >>> numbers_without("B", combinations_of(["A", "B"]))
    [-1, 1]
"""

from collections.abc import Callable, Sequence
from itertools import combinations, islice
from typing import Final, Generic, NamedTuple, TypeVar

ALL_NEW: Final = 0
"""The number of the first of `combinations_of`: the total of a row includes all new columns."""

NO_NEW: Final = -1
"""Instead of the number of a combination: the total includes none of the new columns."""

UNCLEAR: Final = -2
"""Nothing says which of them it includes."""

MOST_TRIED: Final = 31
"""How many combinations are compared with the total of a row: all of five columns."""

Combinations = Sequence[tuple[str, ...]]

Expression = TypeVar("Expression")
"""An expression of an engine."""


class NewCredits(NamedTuple, Generic[Expression]):
    """Column → its credits that the total of their row includes, does not include, or may."""

    included: dict[str, Expression]
    outside: dict[str, Expression]
    unclear: dict[str, Expression]

    def by_ending(self) -> dict[str, dict[str, Expression]]:
        """The same under the endings of our columns."""
        return {"credits": self.included, "outside": self.outside, "unclear": self.unclear}


def sorted_credits(
    columns: Sequence[str], credits_where: Callable[[str, Sequence[int]], Expression]
) -> NewCredits[Expression]:
    """The credits of new columns by whether the total of their row includes them.

    Args:
        columns: the new columns of a file.
        credits_where: the credits of a column in rows whose total includes one of some numbered
            combinations, zero in others.
    """
    tried = combinations_of(columns)
    return NewCredits(
        included={column: credits_where(column, numbers_with(column, tried)) for column in columns},
        outside={
            column: credits_where(column, numbers_without(column, tried)) for column in columns
        },
        unclear={column: credits_where(column, [UNCLEAR]) for column in columns},
    )


def combinations_of(columns: Sequence[str]) -> list[tuple[str, ...]]:
    """What a total may include of some columns: all of them, then fewer; the first `MOST_TRIED`."""
    every = (each for size in range(len(columns), 0, -1) for each in combinations(columns, size))
    return list(islice(every, MOST_TRIED))


def numbers_with(column: str, tried: Combinations) -> list[int]:
    """The numbers of the combinations that include the column."""
    return [number for number, combination in enumerate(tried) if column in combination]


def numbers_without(column: str, tried: Combinations) -> list[int]:
    """The numbers of the combinations that do not include it, and `NO_NEW`."""
    others = [number for number, combination in enumerate(tried) if column not in combination]
    return [NO_NEW, *others]
