"""Owned costs and job runs per day and job: what metrics are made of, and the finest that the report folder keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from circleci_usage.analysis.totals import JOB, PROJECT
from circleci_usage.columns import DAILY_CHARGES, DAILY_RUNS
from circleci_usage.money.costs import Costs
from circleci_usage.money.units import to_decimal

MOST_LINES: Final = 100_000
"""With more lines, days are kept by project alone: the file would take longer to write than the rows to read."""

FINE: Final = ("date", *JOB, "resource_class", "team")
COARSE: Final = ("date", *PROJECT, "team")


@dataclass(frozen=True)
class DailyLines:
    """The amounts of each day, by `FINE` keys or, where these would be too many, by `COARSE` ones.

    Attributes:
        charges: the keys, `credit_type`, `credits` and `cost` (Decimal; None where there is no price).
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
    charges = _charges(costs, keys)
    if len(charges) > MOST_LINES:
        keys = COARSE
        charges = _charges(costs, keys)
    counted = runs.groupby([*keys], observed=True)[["job_runs", "job_seconds"]].sum()
    seconds = [to_decimal(count, places) for count in counted["job_seconds"].tolist()]
    return DailyLines(
        _known(costs.decimals(charges)).reset_index(),
        counted.assign(job_seconds=pd.Series(seconds, counted.index, "object")).reset_index(),
    )


def _charges(costs: Costs, keys: Sequence[str]) -> pd.DataFrame:
    groups = costs.lines.groupby([*keys, "credit_type"], observed=True)
    return groups[["credits", "unpriced_credits", "cost"]].sum()


def _known(charges: pd.DataFrame) -> pd.DataFrame:
    """The charges with None for the cost of credits that have no price, which is not 0."""
    unpriced = charges.pop("unpriced_credits")
    return charges.assign(cost=charges["cost"].mask(unpriced.ne(0), None))
