"""Lines with amounts as whole numbers until they are read: decimals take ten times the memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import exact_columns


def _as_they_are(lines: pd.DataFrame) -> pd.DataFrame:
    return lines


@dataclass(frozen=True, eq=False)
class ScaledLines:
    """Names and amounts.

    Attributes:
        counts: the names, and the amounts as whole numbers of 10^-places.
        places: amount → its decimal places; other columns stay as they are.
        finish: the last step for lines, once their amounts are decimals.
    """

    counts: pd.DataFrame
    places: Mapping[str, int]
    finish: Callable[[pd.DataFrame], pd.DataFrame] = _as_they_are

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def frame(self) -> pd.DataFrame:
        """All lines, with decimals."""
        return self.finish(exact_columns(self.counts, self.places))

    @property
    def columns(self) -> list[str]:
        """Their names."""
        return [*map(str, replace(self, counts=self.counts.iloc[:0]).frame.columns)]

    def pieces(self, at_a_time: int) -> Iterator[pd.DataFrame]:
        """The lines, so many at a time."""
        for first in range(0, len(self.counts), at_a_time):
            piece = self.counts.iloc[first : first + at_a_time]
            yield replace(self, counts=piece).frame

    def where(self, wanted: Callable[[pd.DataFrame], pd.Series]) -> "ScaledLines":
        """Some of the lines; `wanted` is given the counts."""
        return replace(self, counts=self.counts[wanted(self.counts)])

    def total(self, name: str) -> Decimal:
        """The exact sum of an amount."""
        return to_decimal(int(self.counts[name].sum()), self.places[name])

    def floats(self, name: str) -> "np.ndarray[tuple[int], np.dtype[Any]]":
        """An amount as floats, for charts."""
        counts: np.ndarray[tuple[int], np.dtype[Any]] = self.counts[name].to_numpy(dtype="float64")
        return counts / 10.0 ** self.places[name]
