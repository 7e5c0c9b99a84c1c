"""Too many lines → fewer: the smallest values of each dimension are summed up."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import Counts
from circleci_usage.explore.cost_lines import (
    MEASURES,
    CostLines,
    Folded,
    explored_dimensions,
    explored_name,
    explored_names,
)

SMALLER: Final = "(smaller lines)"
"""In place of names that are summed up, as in the cube."""

MAX_LINES: Final = 200_000
"""What a browser sums up in a blink; compressed, it is about 2 MB."""

_STEPS: Final = 20
_SHARES: Final = (*(2.0**-step for step in range(_STEPS, 0, -1)), 0.6, 0.7, 0.8)
"""Shares of the cost that the folded values of a dimension may have together."""

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def folded(lines: CostLines, most: int) -> CostLines:
    """At most so many lines, which sum to the same.

    The dimension with the most values loses the names of its smallest ones: those that together
    cost no more than a share of the whole, as small a share as possible. If that does not do, the
    dimension with the next most values is folded too, and so on. Jobs are folded as jobs of their
    workflow and project, so that a large one keeps its name beside small ones of the same name.

    Args:
        lines: may be of any number.
        most: how many are wanted; at least one per day.
    """
    if len(lines) <= most:
        return lines
    folding = _Folding(lines)
    ordered = sorted(explored_names(), key=folding.values_of, reverse=True)
    for how_many in range(1, len(ordered) + 1):
        names = ordered[:how_many]
        share = folding.smallest_share(names, most)
        if share is not None:
            return folding.folded(names, share)
    for how_many in range(1, len(ordered)):
        if folding.leaves(ordered[:how_many], most, 1):
            return folding.folded(ordered[:how_many], 1)
    return folding.folded(ordered, 1)


class _Folding:
    """Lines, and what their values cost together.

    A series is what all lines with the same names, of different days, belong to: there are far
    fewer series than lines, so names are folded there.
    """

    def __init__(self, lines: CostLines) -> None:
        self.lines = lines
        names = [*explored_names()]
        counts = lines.counts
        self._series = counts.groupby(names, observed=True, sort=False).ngroup().to_numpy()
        self._days = pd.factorize(counts["date"])[0].astype("int64")
        firsts = np.unique(self._series, return_index=True)[1]
        self._names = counts[names].iloc[firsts].reset_index(drop=True)
        measure = "cost" if counts["cost"].any() else "credits"
        costs = np.abs(counts[measure].to_numpy().astype("float64"))
        self._costs = np.bincount(self._series, costs, minlength=len(self._names))
        self._values = {name: self._identified(name) for name in names}

    def _identified(self, name: str) -> Counts:
        """The number of each series' value, as a job of its workflow and project."""
        keys = [each for each in _identities()[name] if each in self._names]
        groups = self._names.groupby(keys, observed=True, sort=False)
        numbers: Counts = groups.ngroup().to_numpy()
        return numbers

    def values_of(self, name: str) -> int:
        """How many values a dimension has."""
        return int(self._values[name].max()) + 1

    def smallest_share(self, names: Sequence[str], most: int) -> float | None:
        """The smallest of `_SHARES` that leaves few enough lines; None if none does."""
        few_enough = partial(self.leaves, names, most)
        place = bisect_left(_SHARES, x=True, key=few_enough)
        return _SHARES[place] if place < len(_SHARES) else None

    def leaves(self, names: Sequence[str], most: int, share: float) -> bool:
        """Whether few enough lines are left once the smallest values are folded."""
        return self._lines_left(names, share) <= most

    def _lines_left(self, names: Sequence[str], share: float) -> int:
        """How many lines there are once the smallest values are folded."""
        kept = self._fold(names, share)
        series = kept.groupby([*explored_names()], observed=True, sort=False).ngroup().to_numpy()
        lines = self._days * (int(series.max()) + 1) + series[self._series]
        return len(pd.unique(lines))

    def _fold(self, names: Sequence[str], share: float) -> pd.DataFrame:
        """The names of each series, once the smallest values are folded."""
        small = {name: self._is_small(name, share) for name in names}
        columns = {name: _replaced(self._names[name], flags) for name, flags in small.items()}
        return self._names.assign(**columns)

    def _is_small(self, name: str, share: float) -> Flags:
        """Which series have a value that is folded."""
        values = self._values[name]
        costs = np.bincount(values, self._costs)
        ascending = np.argsort(costs, kind="stable")
        together = np.cumsum(costs[ascending])
        small = np.zeros(len(costs), dtype=bool)
        small[ascending] = together <= share * together[-1]
        flags: Flags = small[values]
        return flags

    def folded(self, names: Sequence[str], share: float) -> CostLines:
        """The lines once the smallest values are folded."""
        kept, keys = self._fold(names, share), [*explored_names()]
        of_lines = {name: kept[name].array.take(self._series) for name in keys}
        renamed = self.lines.counts.assign(**of_lines)
        counts = sum_by(renamed, ["date", *keys], MEASURES).reset_index()
        return replace(self.lines, counts=counts, folded=tuple(self._told(names, share)))

    def _told(self, names: Sequence[str], share: float) -> Iterator[Folded]:
        costs = self.lines.counts["cost"]
        for name in names:
            is_small = self._is_small(name, share)
            if is_small.any():
                values = self._values[name]
                cost = sum(costs[is_small[self._series]].tolist())
                how_many = len(np.unique(values[is_small]))
                yield Folded(name, self.values_of(name), how_many, cost)


def _identities() -> Mapping[str, Sequence[str]]:
    """Dimension → the dimensions that one of its values is identified by."""
    found = {}
    for dimension in explored_dimensions():
        own = dimension.breakdown
        name = explored_name(dimension.name)
        found[name] = own.keys if own and own.keys else (name,)
    return found


def _replaced(names: pd.Series, are_small: Flags) -> pd.Series:
    known = dict.fromkeys([*names.cat.categories, SMALLER])
    wider = names.cat.set_categories(pd.Index([*known], dtype="object"))
    folded_names = wider.mask(are_small, SMALLER)
    return folded_names.cat.remove_unused_categories()
