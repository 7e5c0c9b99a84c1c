"""Owned costs and job runs per day and job: the finest tables, which metrics are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from circleci_usage.analysis.breakdowns import PROJECT
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.grouping import group_numbers, sum_by
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import TEAM, names_in
from circleci_usage.schema.report_files import DAILY_CHARGES, DAILY_RUNS

MOST_LINES: Final = 100_000
"""With more lines, days are kept by project only: writing would take longer than reading."""

_UNPRICED: Final = "unpriced_credits"
_AMOUNTS: Final = {
    DAILY_CHARGES: ("credits", _UNPRICED, "cost"),
    DAILY_RUNS: ("job_runs", "job_seconds"),
}
"""What the lines of each table have besides their keys, before they are finished."""

FINE: Final = (*(name for name in names_in(Place.DAILY_TABLES) if name != TEAM), TEAM)
COARSE: Final = ("date", *PROJECT, TEAM)


@dataclass(frozen=True)
class DailyTables:
    """The amounts of each day, by `FINE` keys or, where these would be too many, by `COARSE` ones.

    Attributes:
        tables: `charges` and `runs` under the names of their tables.
    """

    tables: Mapping[str, ScaledLines]

    @property
    def charges(self) -> pd.DataFrame:
        """The keys, tags, `credit_type`, `credits` and `cost` (Decimal; None without a price)."""
        return self.tables[DAILY_CHARGES].frame

    @property
    def runs(self) -> pd.DataFrame:
        """The keys, tags, `job_runs` (int64) and `job_seconds` (Decimal).

        A run may use several credit types, so that runs by credit type would not sum to all runs.
        """
        return self.tables[DAILY_RUNS].frame

    def sums(self, table: str, keys: Sequence[str]) -> pd.DataFrame:
        """The amounts of a table by fewer keys.

        Known costs and unknown ones (None) are on different lines.

        Args:
            table: its name.
            keys: at least one of its keys.
        """
        lines = self.tables[table]
        counts, apart = lines.counts, [*keys]
        amounts = [*_AMOUNTS[table]]
        if _UNPRICED in amounts:
            # A mark instead of an amount: 5 and -5 unpriced credits are not 0, but unknown.
            counts = counts.assign(**{_UNPRICED: (counts[_UNPRICED] != 0).astype("int64")})
            amounts.remove(_UNPRICED)
            apart.append(_UNPRICED)
        summed = sum_by(counts, apart, amounts).reset_index()
        return replace(lines, counts=summed).frame


def daily_tables(
    costs: Costs, runs: pd.DataFrame, places: int, tags: Sequence[str] = ()
) -> DailyTables:
    """Owned costs and runs → their sums per day, by job or, where these are too many, by project.

    Args:
        costs: owned costs.
        runs: owned runs; `job_seconds` are whole numbers of 10^-places.
        places: the decimal places of the seconds.
        tags: the columns of tags (see `costs.tags.tag_columns`).
    """
    keys = (*(COARSE if _are_too_many(costs, tags) else FINE), *tags)
    charges = sum_by(costs.lines, [*keys, "credit_type"], _AMOUNTS[DAILY_CHARGES]).reset_index()
    counted = sum_by(runs, keys, _AMOUNTS[DAILY_RUNS]).reset_index()
    return DailyTables(
        {
            DAILY_CHARGES: ScaledLines(
                charges,
                costs.all_places(charges),
                unknown={"cost": _is_unpriced},
                marks=(_UNPRICED,),
            ),
            DAILY_RUNS: ScaledLines(counted, {"job_seconds": places}),
        }
    )


def _are_too_many(costs: Costs, tags: Sequence[str]) -> bool:
    """Whether there are too many `FINE` charges.

    They are counted without their sums, which would take much memory.
    """
    lines = costs.lines
    if len(lines) <= MOST_LINES:
        return False
    numbers = group_numbers(lines, [*FINE, *tags, "credit_type"])
    return int(numbers.max()) >= MOST_LINES


def _is_unpriced(counts: pd.DataFrame) -> pd.Series:
    """Where there are credits that have no price: what they cost is not known, and not 0."""
    return counts[_UNPRICED] != 0
