"""Owned costs and job runs per day and job: the finest tables, which metrics are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.breakdowns import PROJECT
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.grouping import sum_by
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.dimensions import TEAM, Place, names_in
from circleci_usage.schema.report_files import DAILY_CHARGES, DAILY_RUNS

MOST_LINES: Final = 100_000
"""With more lines, days are kept by project only: writing would take longer than reading."""

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
        """The keys, `credit_type`, `credits` and `cost` (Decimal; None where there is no price)."""
        return self.tables[DAILY_CHARGES].frame

    @property
    def runs(self) -> pd.DataFrame:
        """The keys, `job_runs` (int64) and `job_seconds` (Decimal).

        A run may use several credit types, so that runs by credit type would not sum to all runs.
        """
        return self.tables[DAILY_RUNS].frame


def daily_tables(costs: Costs, runs: pd.DataFrame, places: int) -> DailyTables:
    """Owned costs and runs → their sums per day, by job or, where these are too many, by project.

    Args:
        costs: owned costs.
        runs: owned runs; `job_seconds` are whole numbers of 10^-places.
        places: the decimal places of the seconds.
    """
    keys = COARSE if _are_too_many(costs) else FINE
    amounts = ["credits", "unpriced_credits", "cost"]
    charges = sum_by(costs.lines, [*keys, "credit_type"], amounts).reset_index()
    counted = sum_by(runs, keys, ["job_runs", "job_seconds"]).reset_index()
    return DailyTables(
        {
            DAILY_CHARGES: ScaledLines(charges, costs.all_places(charges), _known),
            DAILY_RUNS: ScaledLines(counted, {"job_seconds": places}),
        }
    )


def _are_too_many(costs: Costs) -> bool:
    """Whether there are too many `FINE` charges.

    They are counted without their sums, which would take much memory.
    """
    lines = costs.lines
    if len(lines) <= MOST_LINES:
        return False
    numbers = np.zeros(len(lines), dtype="int64")
    for name in (*FINE, "credit_type"):
        codes, _ = pd.factorize(lines[name])
        numbers, _ = pd.factorize(numbers * (int(codes.max()) + 1) + codes)
    return int(numbers.max()) >= MOST_LINES


def _known(charges: pd.DataFrame) -> pd.DataFrame:
    """The charges with None for the cost of credits that have no price, which is not 0."""
    unpriced = charges["unpriced_credits"] != 0
    known = charges.assign(cost=charges["cost"].mask(unpriced, None))
    return known.drop(columns="unpriced_credits")
