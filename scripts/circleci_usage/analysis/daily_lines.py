"""Owned costs and job runs per day and job: what metrics are made of, and the finest that the report folder keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from circleci_usage.analysis.totals import JOB, PROJECT
from circleci_usage.columns import DAILY_CHARGES, DAILY_RUNS
from circleci_usage.costs import Costs
from circleci_usage.units import to_decimal

MOST_LINES: Final = 100_000
"""With more lines, days are kept by project alone: the file would take longer to write than the rows to read."""

FINE: Final = ("date", *JOB, "resource_class", "team")
COARSE: Final = ("date", *PROJECT, "team")



@dataclass(frozen=True)
class DailyLines:
    """The amounts of each day, by `FINE` keys or, where these would be too many, by `COARSE` ones.

    Attributes:
        charges: the keys, `credit_type`, `credits` and `cost` (Decimal).
        runs: the keys, `job_runs` (int64) and `job_seconds` (Decimal). A run may use several credit types, so that
            runs by credit type would not sum to all runs.
    """

    charges: pd.DataFrame
    runs: pd.DataFrame

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Both under the names of their tables."""
        return {DAILY_CHARGES: self.charges, DAILY_RUNS: self.runs}


def daily_lines(costs: Costs, runs: pd.DataFrame, places: int) -> DailyLines:
    """Sum owned costs and runs.

    Args:
        costs: owned costs.
        runs: owned runs; `job_seconds` in units of 10^-places.
        places: see there.
    """
    keys: tuple[str, ...] = FINE
    charges = _sums(costs.lines, (*keys, "credit_type"), ["credits", "cost"])
    if len(charges) > MOST_LINES:
        keys = COARSE
        charges = _sums(costs.lines, (*keys, "credit_type"), ["credits", "cost"])
    counted = _sums(runs, keys, ["job_runs", "job_seconds"])
    seconds = [to_decimal(count, places) for count in counted["job_seconds"].tolist()]
    return DailyLines(
        costs.decimals(charges).reset_index(),
        counted.assign(job_seconds=pd.Series(seconds, counted.index, "object")).reset_index(),
    )


def _sums(frame: pd.DataFrame, keys: Sequence[str], values: list[str]) -> pd.DataFrame:
    return frame.groupby([*keys], observed=True)[values].sum()
