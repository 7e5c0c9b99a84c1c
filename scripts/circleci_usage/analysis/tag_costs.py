"""Costs by the values of each tag: which product, environment, cost center they belong to.

As in the breakdown by team, shared costs are split. A share has the tags of the team that pays it,
unless the shared cost has a value of its own.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from circleci_usage.analysis.breakdowns import AMOUNTS, Breakdown, ordered_lines
from circleci_usage.analysis.shared_by_day import split_among_teams, split_places
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.grouping import stacked, sum_by
from circleci_usage.core.periods import Period, months
from circleci_usage.costs.allocation import SHARED, Ownership
from circleci_usage.costs.costs import Costs, exact_columns
from circleci_usage.costs.tags import tag_column, tag_columns, with_tags_of_teams
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import names_in

VALUE: Final = "value"
"""The column of the values of a tag."""

_NAMES: Final = names_in(Place.EXPLORER)
"""What shares are told apart by: as in the explorer, so that both have the same last digits."""


def tag_breakdowns(
    costs: Costs, runs: pd.DataFrame, ownership: Ownership, period: Period
) -> tuple[Breakdown, ...]:
    """A breakdown per key of tags, each with the totals of the report.

    Args:
        costs: owned costs of the period.
        runs: job runs of the period, with their teams.
        ownership: the keys of tags, the teams, and how shared costs are split.
        period: the days of the costs.

    Returns:
        Their names are the keys; their lines have the `value` of a tag (see `Breakdown`).
    """
    keys = ownership.tag_keys
    if not keys:
        return ()
    charged, places = _charged(costs, ownership, period)
    found = []
    for key in keys:
        column = tag_column(key.name)
        amounts = exact_columns(sum_by(charged, [column], AMOUNTS), places)
        lines = _with_runs(amounts, sum_by(runs, [column], ["job_runs"]))
        found.append(Breakdown(key.name, (VALUE,), ordered_lines((VALUE,), lines)))
    return tuple(found)


def _charged(
    costs: Costs, ownership: Ownership, period: Period
) -> tuple[pd.DataFrame, Mapping[str, int]]:
    """Costs by their tags as whole numbers, with shared costs split, and their decimal places."""
    is_shared = (costs.lines["team"] == SHARED).to_numpy()
    columns = tag_columns(ownership.tag_keys)
    direct = sum_by(costs.lines[~is_shared], ["team", *columns], AMOUNTS).reset_index()
    if not is_shared.any():
        return direct, costs.all_places(direct)
    places = {name: split_places(costs, name) for name in AMOUNTS}
    # Millionths of costs may be more than an int64 holds.
    for name, finest in places.items():
        finer = 10 ** (finest - costs.places(name))
        direct[name] = direct[name].astype("object") * finer
    return stacked([direct, *_shares(costs, ownership, period)]), places


def _shares(costs: Costs, ownership: Ownership, period: Period) -> Iterator[pd.DataFrame]:
    """The shares of the teams, month by month."""
    names = ["date", *_NAMES, *tag_columns(ownership.tag_keys)]
    for days in months(period):
        of_days = costs.within(days)
        shared = of_days.lines[of_days.lines["team"] == SHARED]
        if not shared.empty:
            lines = sum_by(shared, names, [*AMOUNTS, "job_runs"], sort=False).reset_index()
            split = split_among_teams(lines, AMOUNTS, of_days, ownership, days)
            tagged = with_tags_of_teams(split, ownership.tag_keys)
            yield tagged.assign(team=pd.Categorical(split["team"]))


def _with_runs(amounts: pd.DataFrame, job_runs: pd.DataFrame) -> pd.DataFrame:
    """Values that cost something, or have runs, or both."""
    every = sorted({*amounts.index, *job_runs.index})
    known, runs = amounts.to_dict("index"), job_runs["job_runs"].to_dict()
    nothing = dict.fromkeys(AMOUNTS, ZERO)
    lines = [
        {VALUE: value, **known.get(value, nothing), "job_runs": int(runs.get(value, 0))}
        for value in every
    ]
    table = pd.DataFrame(lines, columns=[VALUE, *AMOUNTS, "job_runs"], dtype="object")
    return table.astype({"job_runs": "int64"})
