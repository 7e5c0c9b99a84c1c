"""Lines with amounts as whole numbers until they are read: decimals take ten times the memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import Flags
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import exact_columns


@dataclass(frozen=True, eq=False)
class ScaledLines:
    """Names and amounts.

    Attributes:
        counts: the names, and the amounts as whole numbers of 10^-places.
        places: amount → its decimal places; other columns stay as they are.
        rates: likewise of prices, which have no sum.
        unknown: amount or price → where it is not known, given the counts; None in lines.
        marks: columns of the counts that lines do not have: they tell what is not known.
    """

    counts: pd.DataFrame
    places: Mapping[str, int]
    rates: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = field(default_factory=dict)
    marks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def frame(self) -> pd.DataFrame:
        """All lines, with decimals."""
        lines = exact_columns(self.counts, self.exact)
        known = {name: lines[name].mask(self.is_unknown(name), None) for name in self.unknown}
        return lines.assign(**known)[self.columns]

    @property
    def exact(self) -> Mapping[str, int]:
        """The decimal places of all columns that have decimals."""
        every = {**self.places, **self.rates}
        return {name: every[name] for name in self.columns if name in every}

    @property
    def columns(self) -> list[str]:
        """Their names."""
        return [str(name) for name in self.counts.columns if name not in self.marks]

    def is_unknown(self, name: str) -> Flags:
        """On which lines an amount or a price is not known."""
        if name not in self.unknown:
            return np.zeros(len(self.counts), dtype=bool)
        flags: Flags = self.unknown[name](self.counts).to_numpy()
        return flags

    def slices(self, at_a_time: int) -> "Iterator[ScaledLines]":
        """The lines, so many at a time."""
        for first in range(0, len(self.counts), at_a_time):
            yield replace(self, counts=self.counts.iloc[first : first + at_a_time])

    def pieces(self, at_a_time: int) -> Iterator[pd.DataFrame]:
        """The lines, so many at a time, with decimals."""
        return (some.frame for some in self.slices(at_a_time))

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
