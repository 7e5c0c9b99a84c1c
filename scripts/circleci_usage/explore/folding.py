"""Too many lines → fewer: small jobs lose how they ran, then their names; small projects theirs."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from circleci_usage.analysis.cube import SMALLER
from circleci_usage.core.grouping import Flags, group_numbers, sum_by
from circleci_usage.core.scaled_integers import Counts
from circleci_usage.explore.cost_lines import MEASURES, CostLines, Folded
from circleci_usage.explore.words import explored_names
from circleci_usage.schema.dimensions import CREDIT_TYPE, TEAM

_PROJECT: Final = ("organization", "project")
_JOB: Final = (*_PROJECT, "workflow", "job")
_KEPT: Final = (*_PROJECT, TEAM, CREDIT_TYPE)
"""What the lines of a small job are told apart by once it has lost its name."""

_DETAILS: Final = tuple(name for name in explored_names() if name not in (*_KEPT, *_JOB))
"""How jobs ran: resource class, status, branch and so on."""


class _Shares(NamedTuple):
    """Which jobs and projects are small: those that together cost no more than these shares.

    Attributes:
        without_details: of the jobs whose lines do not say how they ran.
        without_names: of the jobs that lose their names too.
        of_projects: of the projects that lose theirs.
    """

    without_details: float
    without_names: float = 0
    of_projects: float = 0


_STEPS: Final = 20
_LADDER: Final = (
    *(_Shares(2.0**-step) for step in range(_STEPS, 0, -1)),
    *(_Shares(tenths / 10) for tenths in (6, 7, 8, 9)),
    *(_Shares(0.95, 2.0**-step) for step in range(8, 0, -1)),
    *(_Shares(0.98, tenths / 10) for tenths in (6, 7, 8, 9)),
    *(_Shares(0.99, 0.95, tenths / 10) for tenths in range(1, 6)),
    *(_Shares(0.99, 0.98, tenths / 10) for tenths in range(6, 10)),
    *(_Shares(1, 1, tenths / 20) for tenths in range(18, 21)),
)
"""From hardly anything to everything. The largest jobs keep their names even where small projects
have to lose theirs."""


def folded(lines: CostLines, most: int) -> CostLines:
    """At most so many lines, which sum to the same.

    First the smallest jobs do not say how they ran: resource class, status, branch and so on. If
    that is not enough, the smallest of them lose their names and workflows too, and then the
    smallest projects theirs.

    Args:
        lines: may be of any number.
        most: how many are wanted; at least one per day.
    """
    if len(lines) <= most:
        return lines
    folding = _Folding(lines)
    step = bisect_left(_LADDER, x=True, key=lambda shares: folding.leaves(shares) <= most)
    if step < len(_LADDER):
        return folding.folded(_LADDER[step])
    return _without_names(folding.folded(_LADDER[-1]), most)


class _Folding:
    """Lines, and what their jobs and projects cost.

    A series is what all lines with the same names, of different days, belong to: there are far
    fewer series than lines, so names are folded there.
    """

    def __init__(self, lines: CostLines) -> None:
        self._lines = lines
        names = [*lines.names]
        counts = lines.counts
        self._series = group_numbers(counts, names)
        self._days = pd.factorize(counts["date"])[0].astype("int64")
        firsts = np.unique(self._series, return_index=True)[1]
        self._names = counts[names].iloc[firsts].reset_index(drop=True)
        measure = "cost" if counts["cost"].any() else "credits"
        costs = np.abs(counts[measure].to_numpy().astype("float64"))
        self._costs = np.bincount(self._series, costs, minlength=len(self._names))
        self._jobs = group_numbers(self._names, _JOB)
        self._projects = group_numbers(self._names, _PROJECT)

    def leaves(self, shares: _Shares) -> int:
        """How many lines are left."""
        kept = group_numbers(self._fold(shares), self._lines.names)
        return len(pd.unique(self._days * len(kept) + kept[self._series]))

    def folded(self, shares: _Shares) -> CostLines:
        """The lines that are left."""
        kept, names = self._fold(shares), self._lines.names
        of_lines = {name: kept[name].array.take(self._series) for name in names}
        renamed = self._lines.counts.assign(**of_lines)
        counts = sum_by(renamed, ["date", *names], MEASURES).reset_index()
        return replace(self._lines, counts=counts, folded=tuple(self._told(shares)))

    def _fold(self, shares: _Shares) -> pd.DataFrame:
        """The names of each series, once those of small ones are replaced."""
        found = {}
        for names, _, values, share in self._small_ones(shares):
            small = self._is_small(values, share)
            for name in names:
                found[name] = _replaced(self._names[name], small)
        return self._names.assign(**found)

    def _small_ones(self, shares: _Shares) -> Iterator[tuple[Sequence[str], str, Counts, float]]:
        """Dimensions that are folded together, whose values decide, these, and their share."""
        yield _DETAILS, "job", self._jobs, shares.without_details
        yield ("workflow", "job"), "job", self._jobs, shares.without_names
        yield ("project",), "project", self._projects, shares.of_projects

    def _is_small(self, values: Counts, share: float) -> Flags:
        """Which series belong to a small job or project."""
        costs = np.bincount(values, self._costs)
        ascending = np.argsort(costs, kind="stable")
        together = np.cumsum(costs[ascending])
        small = np.zeros(len(costs), dtype=bool)
        small[ascending] = together <= share * together[-1]
        flags: Flags = small[values] & bool(share)
        return flags

    def _told(self, shares: _Shares) -> Iterator[Folded]:
        """What is folded."""
        costs = self._lines.counts["cost"]
        for names, whose, values, share in self._small_ones(shares):
            small = self._is_small(values, share)
            if small.any():
                before, after = len(np.unique(values)), len(np.unique(values[small]))
                cost = sum(costs[small[self._series]].tolist())
                yield from (Folded(name, whose, before, after, cost) for name in names)


def _without_names(lines: CostLines, most: int) -> CostLines:
    """Lines without the names of whole dimensions, the one with the most values first."""
    names, kept = lines.names, (*_KEPT, *lines.tags)
    for name in sorted(kept, key=lambda each: lines.counts[each].nunique(), reverse=True):
        if len(lines) <= most:
            break
        values = lines.counts[name].nunique()
        told = Folded(name, name, values, values, sum(lines.counts["cost"].tolist()))
        renamed = lines.counts.assign(**{name: pd.Categorical([SMALLER] * len(lines))})
        counts = sum_by(renamed, ["date", *names], MEASURES).reset_index()
        others = tuple(each for each in lines.folded if each.dimension != name)
        lines = replace(lines, counts=counts, folded=(*others, told))
    return lines


def _replaced(names: pd.Series, are_small: Flags) -> pd.Series:
    """A column with `SMALLER` in place of some names."""
    known = dict.fromkeys([*names.cat.categories, SMALLER])
    wider = names.cat.set_categories(pd.Index([*known], dtype="object"))
    return wider.mask(are_small, SMALLER).cat.remove_unused_categories()
