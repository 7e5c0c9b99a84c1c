"""Too many lines → fewer: small jobs lose their details, then small projects their names."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import Counts
from circleci_usage.explore.cost_lines import MEASURES, CostLines, Folded
from circleci_usage.explore.words import explored_names
from circleci_usage.schema.dimensions import CREDIT_TYPE, TEAM

SMALLER: Final = "(smaller lines)"
"""In place of names that are summed up, as in the cube."""

_PROJECT: Final = ("organization", "project")
_JOB: Final = (*_PROJECT, "workflow", "job")
_KEPT: Final = (*_PROJECT, TEAM, CREDIT_TYPE)
"""What the lines of a small job are still told apart by."""

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


class _Shares(NamedTuple):
    """Which jobs and projects are small: those that together cost no more than these shares."""

    of_jobs: float
    of_projects: float


_STEPS: Final = 20
_LADDER: Final = (
    *(_Shares(2.0**-step, 0) for step in range(_STEPS, 0, -1)),
    *(_Shares(tenths / 10, 0) for tenths in (6, 7, 8, 9)),
    *(_Shares(0.9, tenths / 10) for tenths in (1, 2, 3)),
    *(_Shares(0.95, tenths / 10) for tenths in (3, 4, 5)),
    *(_Shares(0.98, tenths / 10) for tenths in (5, 6, 7, 8)),
    *(_Shares(1, tenths / 10) for tenths in (8, 9, 10)),
)
"""From hardly anything to everything. The largest jobs keep their names even where small projects
have to lose theirs."""


def folded(lines: CostLines, most: int) -> CostLines:
    """At most so many lines, which sum to the same.

    The smallest jobs are folded first: of them, only team, organization, project and credit type
    are still told apart. Where there are too many projects, the smallest ones lose their names too.

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
        names = [*explored_names()]
        counts = lines.counts
        self._series = _numbers(counts, names)
        self._days = pd.factorize(counts["date"])[0].astype("int64")
        firsts = np.unique(self._series, return_index=True)[1]
        self._names = counts[names].iloc[firsts].reset_index(drop=True)
        measure = "cost" if counts["cost"].any() else "credits"
        costs = np.abs(counts[measure].to_numpy().astype("float64"))
        self._costs = np.bincount(self._series, costs, minlength=len(self._names))
        self._jobs = _numbers(self._names, _JOB)
        self._projects = _numbers(self._names, _PROJECT)

    def leaves(self, shares: _Shares) -> int:
        """How many lines are left."""
        kept = _numbers(self._fold(shares), [*explored_names()])
        return len(pd.unique(self._days * len(kept) + kept[self._series]))

    def folded(self, shares: _Shares) -> CostLines:
        """The lines that are left."""
        kept, names = self._fold(shares), [*explored_names()]
        of_lines = {name: kept[name].array.take(self._series) for name in names}
        renamed = self._lines.counts.assign(**of_lines)
        counts = sum_by(renamed, ["date", *names], MEASURES).reset_index()
        return replace(self._lines, counts=counts, folded=tuple(self._told(shares)))

    def _fold(self, shares: _Shares) -> pd.DataFrame:
        """The names of each series, once those of small ones are replaced."""
        of_project = self._small(self._projects, shares.of_projects)
        of_job = self._small(self._jobs, shares.of_jobs) | of_project
        details = [name for name in explored_names() if name not in _KEPT]
        found = {name: _replaced(self._names[name], of_job) for name in details}
        found["project"] = _replaced(self._names["project"], of_project)
        return self._names.assign(**found)

    def _small(self, values: Counts, share: float) -> Flags:
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
        for name, values, share in (
            ("job", self._jobs, shares.of_jobs),
            ("project", self._projects, shares.of_projects),
        ):
            small = self._small(values, share)
            if small.any():
                cost = sum(self._lines.counts["cost"][small[self._series]].tolist())
                yield Folded(name, len(np.unique(values)), len(np.unique(values[small])), cost)


def _without_names(lines: CostLines, most: int) -> CostLines:
    """Lines without the names of whole dimensions, the one with the most values first."""
    names = [*explored_names()]
    for name in sorted(_KEPT, key=lambda each: lines.counts[each].nunique(), reverse=True):
        if len(lines) <= most:
            break
        column = lines.counts[name]
        told = Folded(name, column.nunique(), column.nunique(), sum(lines.counts["cost"].tolist()))
        renamed = lines.counts.assign(**{name: pd.Categorical([SMALLER] * len(column))})
        counts = sum_by(renamed, ["date", *names], MEASURES).reset_index()
        others = tuple(each for each in lines.folded if each.dimension != name)
        lines = replace(lines, counts=counts, folded=(*others, told))
    return lines


def _numbers(frame: pd.DataFrame, names: Sequence[str]) -> Counts:
    """A number for each row, the same for rows with the same names."""
    groups = frame.groupby([*names], observed=True, sort=False)
    numbers: Counts = groups.ngroup().to_numpy()
    return numbers


def _replaced(names: pd.Series, are_small: Flags) -> pd.Series:
    """A column with `SMALLER` in place of some names."""
    known = dict.fromkeys([*names.cat.categories, SMALLER])
    wider = names.cat.set_categories(pd.Index([*known], dtype="object"))
    return wider.mask(are_small, SMALLER).cat.remove_unused_categories()
