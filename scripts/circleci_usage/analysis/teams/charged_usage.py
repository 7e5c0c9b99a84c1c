"""Owned usage by the teams that are charged: their own lines, and their shares of shared costs.

Every line belongs to one team, so the lines of all teams sum to the whole, to the last digit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.owned_usage import OwnedUsage
from circleci_usage.analysis.shared_by_day import segments, split_among_teams, split_places
from circleci_usage.core.grouping import stacked, sum_by
from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import Counts, fitting, scaled
from circleci_usage.costs.allocation import SHARED, Ownership
from circleci_usage.costs.costs import CREDITS, MONEY, Costs, within
from circleci_usage.costs.shared_costs import SPLIT_PLACES
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.usage.aggregates import RUN_MEASURES

SHARED_COSTS: Final = "(shared costs)"
"""In place of the names of a share: it is one of many projects and jobs."""

_KEPT: Final = ("date", "organization_id", "organization", "credit_type")
"""The names that a share keeps."""

_PRICED: Final = ("price_period", "price")
_MEASURES: Final = (*CREDITS, *MONEY)


@dataclass(frozen=True)
class ChargedUsage:
    """Costs and job runs of all known days by the teams that are charged.

    Attributes:
        costs: each line with its `team`, or `UNALLOCATED`; shares are under `SHARED_COSTS`.
        runs: by the same names; a share has a row with 0 job runs.
    """

    costs: Costs
    runs: pd.DataFrame

    def within(self, period: Period) -> "ChargedUsage":
        """The usage of some days."""
        return ChargedUsage(self.costs.within(period), within(self.runs, period))

    def none(self) -> "ChargedUsage":
        """The usage of a team that has none."""
        costs = replace(self.costs, lines=self.costs.lines.iloc[:0])
        return ChargedUsage(costs, self.runs.iloc[:0])

    def by_team(self) -> Iterator[tuple[str, "ChargedUsage"]]:
        """The usage of each team that has any."""
        lines, runs = _groups(self.costs.lines), _groups(self.runs)
        nothing = self.none()
        for team in dict.fromkeys([*lines, *runs]):
            costs = replace(self.costs, lines=lines.get(team, nothing.costs.lines))
            yield team, ChargedUsage(costs, runs.get(team, nothing.runs))


def _groups(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    groups = frame.groupby("team", observed=True, sort=False)
    return {str(team): rows for team, rows in groups}


def charged_usage(owned: OwnedUsage, ownership: Ownership, period: Period) -> ChargedUsage:
    """Give every shared cost to the teams that it is split among.

    They are split by the months of the period, so that each team's lines sum to what it is charged,
    and by the months before it.

    Args:
        owned: costs and job runs with their teams.
        ownership: the teams and how shared costs are split.
        period: the days reported on.
    """
    is_shared = owned.costs.lines["team"] == SHARED
    if not is_shared.any():
        return ChargedUsage(owned.costs, owned.runs)
    costs = _finer(owned.costs)
    parts = [costs.lines[~is_shared]]
    for days in segments(owned.days, period):
        parts += _shares(owned.costs.within(days), costs, ownership, days)
    lines = stacked(parts)
    lines = lines.assign(**{name: _narrow(lines[name].to_numpy()) for name in _MEASURES})
    shares = stacked(parts[1:])
    return ChargedUsage(
        replace(costs, lines=lines), stacked([owned.runs, _without_runs(shares, owned.runs)])
    )


def _finer(costs: Costs) -> Costs:
    """The same costs with as many decimal places as shares have."""
    places = max(SPLIT_PLACES, costs.credit_places)
    more = places - costs.credit_places
    finer = {name: scaled(costs.lines[name].to_numpy(), more) for name in _MEASURES}
    return replace(costs, lines=costs.lines.assign(**finer), credit_places=places)


def _shares(
    of_days: Costs, finer: Costs, ownership: Ownership, days: Period
) -> Iterator[pd.DataFrame]:
    """The shared costs of some days of a month as lines of the teams."""
    shared = of_days.lines[of_days.lines["team"] == SHARED]
    if shared.empty:
        return
    keys = [*_KEPT, *_PRICED]
    sums = sum_by(shared, keys, [*_MEASURES, "job_runs"], sort=False).reset_index()
    split = split_among_teams(sums, _MEASURES, of_days, ownership, days)
    amounts = {name: _as_in(finer, of_days, name, split[name].to_numpy()) for name in _MEASURES}
    named = _named_as_shared(of_days.lines)
    lines = split.assign(**named, **amounts).astype(dict.fromkeys([*named, "team"], "category"))
    yield lines[of_days.lines.columns]


def _as_in(finer: Costs, costs: Costs, measure: str, counts: Counts) -> Counts:
    """Shares as whole numbers of the same places as all lines."""
    more: Counts = counts * 10 ** (finer.places(measure) - split_places(costs, measure))
    return more


def _named_as_shared(lines: pd.DataFrame) -> Mapping[str, str]:
    """What a share has in place of the names that it does not keep."""
    texts = lines.columns[[isinstance(each, pd.CategoricalDtype) for each in lines.dtypes]]
    others = texts.difference([*_KEPT, "team"])
    return dict.fromkeys(others, SHARED_COSTS) | {"project_id": NO_NAME}


def _without_runs(shares: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """A row of 0 job runs for the names of each share: whatever has costs is among the runs."""
    measures = runs.columns.intersection([*RUN_MEASURES])
    names = runs.columns.difference(measures)
    rows = shares[[*names]].drop_duplicates()
    return rows.assign(**dict.fromkeys(measures, 0))[runs.columns]


def _narrow(counts: Counts) -> Counts:
    """Whole numbers as int64 where their sums fit."""
    return fitting(counts, int(np.abs(counts).sum()))
