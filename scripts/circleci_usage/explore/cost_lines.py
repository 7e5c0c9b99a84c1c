"""Owned usage → lines of costs, which every question of the explorer sums up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.completeness import ReportDays, days_with_usage
from circleci_usage.analysis.owned_usage import OwnedUsage
from circleci_usage.analysis.shared_by_day import segments, split_among_teams, split_places
from circleci_usage.core.grouping import group_numbers, stacked, sum_by
from circleci_usage.core.groups import codes_of, order_of
from circleci_usage.core.periods import Period, uncovered
from circleci_usage.core.scaled_integers import INT64, Counts
from circleci_usage.costs.allocation import SHARED, Ownership
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.tags import tag_column, tag_columns, with_tags_of_teams
from circleci_usage.explore.words import explored_names
from circleci_usage.schema.dimension import Dimension, Place
from circleci_usage.schema.dimensions import CREDIT_TYPE, DIMENSIONS, names_in
from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME

AMOUNTS: Final = ("credits", "unpriced_credits", "list_cost", "cost")
"""Amounts of a line."""

TYPE_RUNS: Final = "type_runs"
"""The runs that used the credit type of a line: a run with three types is in three lines."""

RUNS: Final = ("job_runs", "job_seconds")
"""Measures of runs, which stand on one line of them, whatever its credit type."""

MEASURES: Final = (*AMOUNTS, TYPE_RUNS, *RUNS)

_NAMES: Final = names_in(Place.EXPLORER)
_RUN_NAMES: Final = tuple(name for name in _NAMES if name != CREDIT_TYPE)


@dataclass(frozen=True)
class Folded:
    """A dimension that some lines do not tell, because there would be too many lines.

    Attributes:
        dimension: its name.
        whose: the dimension whose smallest values are concerned: `status` of small jobs.
        values_before: how many values that one had.
        folded: how many of them are concerned.
        cost: what these cost, as a whole number.
    """

    dimension: str
    whose: str
    values_before: int
    folded: int
    cost: int


@dataclass(frozen=True, eq=False)
class CostLines:
    """Costs of each day by all dimensions, and the runs behind them.

    Attributes:
        counts: the lines in the order of their days: `date` (a datetime64 midnight), `names`
            (categoricals), and `MEASURES` as whole numbers.
        places: measure → whole numbers are of 10^-places.
        currency: of the costs.
        period: the days reported on.
        days: all days that there may be lines of.
        missing: those of them whose usage is not known, at least not all of it.
        folded: what is summed up.
        tags: the keys of tags that the lines have besides the dimensions of every report.
    """

    counts: pd.DataFrame
    places: Mapping[str, int]
    currency: str
    period: Period
    days: Period
    missing: tuple[Period, ...] = ()
    folded: tuple[Folded, ...] = ()
    tags: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def names(self) -> tuple[str, ...]:
        """What the lines can be filtered and grouped by."""
        return (*explored_names(), *self.tags)


def explored_dimensions() -> tuple[Dimension, ...]:
    """What lines can be filtered and grouped by, in the order of menus."""
    return tuple(each for each in DIMENSIONS if Place.EXPLORER in each.places)


def cost_lines(
    owned: OwnedUsage, ownership: Ownership, days: ReportDays, currency: str, places: int
) -> CostLines:
    """All days that a report knows, as lines of costs.

    Shared costs are split among the teams by the months of the period, so that each team's lines
    sum to what it is charged, and by the months before and after it.

    Args:
        owned: costs and job runs with their teams.
        ownership: the teams and how shared costs are split.
        days: of the report.
        currency: of the costs.
        places: the decimal places of `job_seconds`.
    """
    known, keys = _known_days(owned, days), ownership.tag_dimensions
    costs, runs = owned.costs.within(known), owned.runs
    run_names = [*_RUN_NAMES, *tag_columns(keys)]
    tags = {tag_column(key.name): key.name for key in keys}
    # There may be millions of each: none has a name here, so that it is dropped when it was used.
    lines = _with_runs(
        _charged(costs, ownership, segments(known, days.period)),
        sum_by(runs, ["date", *run_names], RUNS, sort=False).reset_index(),
        run_names,
    ).rename(columns={BRANCH_GROUP: "branch", **tags})
    branches = lines["branch"].cat
    readable = [name.replace("\n", ", ") for name in branches.categories]
    lines["branch"] = branches.rename_categories(readable)
    is_split = (costs.lines["team"] == SHARED).any()
    places_of = split_places if is_split else Costs.places
    return CostLines(
        counts=_in_order(lines, [*explored_names(), *tags.values()]),
        places={
            **{name: places_of(costs, name) for name in AMOUNTS},
            TYPE_RUNS: 0,
            "job_runs": 0,
            "job_seconds": places,
        },
        currency=currency,
        period=days.period,
        days=known,
        missing=uncovered(known, days.complete),
        tags=tuple(tags.values()),
    )


def _known_days(owned: OwnedUsage, days: ReportDays) -> Period:
    """From the first day with usage or complete data to the last day of the period."""
    used = days_with_usage(owned.runs)
    firsts = [each.first for each in days.complete]
    if used:
        firsts.append(used.first)
    earliest = min([*firsts, days.period.first])
    return Period.of_days(max(earliest, owned.days.first), days.period.last)


def _charged(costs: Costs, ownership: Ownership, segments: Iterator[Period]) -> pd.DataFrame:
    """The lines of costs: names, `AMOUNTS`, `TYPE_RUNS`."""
    is_shared, tags = costs.lines["team"] == SHARED, tag_columns(ownership.tag_dimensions)
    direct = _by_names(costs.lines[~is_shared], tags)
    if not is_shared.any():
        return direct
    # Millionths of costs may be more than an int64 holds.
    for name in AMOUNTS:
        finer = 10 ** (split_places(costs, name) - costs.places(name))
        direct[name] = direct[name].astype("object") * finer
    parts = [direct]
    for days in segments:
        of_days = costs.within(days)
        shared = _by_names(of_days.lines[of_days.lines["team"] == SHARED], tags)
        if not shared.empty:
            lines = shared.rename(columns={TYPE_RUNS: "job_runs"})
            split = split_among_teams(lines, AMOUNTS, of_days, ownership, days)
            tagged = with_tags_of_teams(split, ownership.tag_dimensions)
            teams = pd.Categorical(split["team"])
            parts.append(tagged.assign(team=teams).rename(columns={"job_runs": TYPE_RUNS}))
    return stacked(parts)


def _by_names(lines: pd.DataFrame, tags: Sequence[str]) -> pd.DataFrame:
    names = ["date", *_NAMES, *tags]
    sums = sum_by(lines, names, [*AMOUNTS, "job_runs"], sort=False).reset_index()
    return sums.rename(columns={"job_runs": TYPE_RUNS})


def _with_runs(
    charged: pd.DataFrame, counted: pd.DataFrame, run_names: Sequence[str]
) -> pd.DataFrame:
    """Lines of costs with the runs behind them, each on the first line that has all of its names.

    job | credit_type | cost        job | job_runs        job | credit_type | cost | job_runs
    a   | compute     | 5       +   a   | 2           →   a   | compute     | 5    | 2
    a   | storage     | 1           b   | 1               a   | storage     | 1    | 0
                                                          b   | (none)      | 0    | 1
    """
    nothing = dict.fromkeys((*AMOUNTS, TYPE_RUNS), 0)
    without_type = pd.Categorical([NO_NAME] * len(counted))
    runs = counted.assign(**{CREDIT_TYPE: without_type}, **nothing)
    both, costs = stacked([charged.assign(**dict.fromkeys(RUNS, 0)), runs]), len(charged)
    del charged, runs
    groups = group_numbers(both, ["date", *run_names])
    of_costs, of_runs = groups[:costs], groups[costs:]
    carriers = _first_lines(of_costs, int(groups.max(initial=-1)) + 1)[of_runs]
    is_carried = carriers >= 0
    for name in RUNS:
        values = both[name].to_numpy(copy=True)
        values[carriers[is_carried]] = counted[name].to_numpy()[is_carried]
        both[name] = values
    stays = np.ones(len(both), dtype=bool)
    stays[costs:] = ~is_carried
    return both[stays]


def _first_lines(groups: Counts, how_many: int) -> Counts:
    """The first line of each group; -1 for a group without one."""
    firsts = np.full(how_many, -1, dtype="int64")
    firsts[groups[::-1]] = np.arange(len(groups))[::-1]
    return firsts


def _in_order(lines: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Lines by their days and names, in the same order whichever engine read them."""
    used = {name: _sorted_names(lines[name]) for name in names}
    measures = {name: _narrow(lines[name]) for name in MEASURES}
    made = lines.assign(**used, **measures)[["date", *names, *MEASURES]]
    order = order_of(codes_of(made[name])[0] for name in ("date", *names))
    return made.take(order).reset_index(drop=True)


def _sorted_names(column: pd.Series) -> pd.Series:
    """Names in the order of their characters, without those that no line has."""
    used = column.cat.remove_unused_categories().cat
    return used.reorder_categories(sorted(used.categories))


def _narrow(counts: pd.Series) -> pd.Series:
    """Whole numbers as int64 where their sums fit."""
    if counts.dtype != "object":
        return counts
    magnitude = sum(abs(count) for count in counts.tolist())
    return counts.astype("int64") if magnitude < INT64 else counts
