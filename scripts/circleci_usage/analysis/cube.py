"""All dimensions at once, for pivot tables: as many lines as a spreadsheet handles well."""

from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.breakdowns import AMOUNTS, PROJECT
from circleci_usage.core.grouping import Flags, sum_by
from circleci_usage.core.scaled_integers import Counts
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import CREDIT_TYPE, TEAM, names_in
from circleci_usage.schema.export_columns import BRANCH_GROUP

MAX_LINES: Final = 20_000
"""A spreadsheet holds a million lines, but a pivot table over them is too slow."""

SMALLER: Final = "(smaller lines)"
"""In place of the names in a line that sums up what would be too many lines."""

_KEPT: Final = (*PROJECT, CREDIT_TYPE, TEAM)
"""The names that smaller lines keep."""

_FOLDED: Final = tuple(name for name in names_in(Place.CUBE) if name not in _KEPT)


def cube(costs: Costs, max_lines: int = MAX_LINES) -> pd.DataFrame:
    """Owned costs by all dimensions except the day, the most expensive first.

    Beyond `max_lines`, lines are summed by project, credit type and team, with `SMALLER` in place
    of the other names; so the cube still sums to the totals. Branches are given by their group.

    Returns:
        The names, `AMOUNTS` (Decimal), `job_runs` (that used such credits; a run with several
        credit types is in the lines of each) and `lines`: how many lines are summed up in this one.
    """
    names, measures = [*_KEPT, *_FOLDED], [*AMOUNTS, "job_runs"]
    sums = sum_by(costs.lines, names, measures).reset_index().assign(lines=1)
    may_be_large = _may_be_among(sums["cost"].to_numpy(), max_lines)
    large = sums[may_be_large].astype(dict.fromkeys(names, "object"))
    ascending = [False, False] + [True] * len(names)
    large = large.sort_values(["cost", "credits", *names], ascending=ascending)
    others = pd.concat([_by_kept(sums[~may_be_large]), _by_kept(large.iloc[max_lines:])])
    small = sum_by(others, _KEPT, [*measures, "lines"]).reset_index()
    small = small.assign(**dict.fromkeys(_FOLDED, SMALLER))
    lines = pd.concat([large.iloc[:max_lines], small], ignore_index=True)
    branches = lines[BRANCH_GROUP].str.replace("\n", ", ")
    ordered = lines.assign(**{BRANCH_GROUP: branches})[[*names, *measures, "lines"]]
    return costs.decimals(ordered).rename(columns={BRANCH_GROUP: "branch"})


def _may_be_among(costs: Counts, most: int) -> Flags:
    """Which may be among the `most` highest: only these have to be sorted."""
    if len(costs) <= most:
        return np.ones(len(costs), dtype=bool)
    nth = max(most, 1)
    lowest = np.partition(costs, -nth)[-nth]
    flags: Flags = costs >= lowest
    return flags


def _by_kept(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines summed by the names that smaller lines keep."""
    sums = sum_by(lines, _KEPT, [*AMOUNTS, "job_runs", "lines"]).reset_index()
    return sums.astype(dict.fromkeys(_KEPT, "object"))


def cube_names() -> tuple[str, ...]:
    """The columns that name a line of the cube, in their order."""
    return tuple("branch" if name == BRANCH_GROUP else name for name in (*_KEPT, *_FOLDED))
