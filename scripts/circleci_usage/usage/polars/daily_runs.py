"""Runs of anything by day: how many there were, what they add up to, and their percentiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.usage.job_run_rules import GRAINS
from circleci_usage.usage.polars.group_numbers import (
    Indices,
    Numbers,
    any_row_of,
    changes,
    first_of,
    gathered,
    group_numbers,
    pairs,
    second_of,
)
from circleci_usage.usage.polars.ranked_values import RankableValues, Values, rankable

_LENGTHS: Final = dict(zip(GRAINS, ("1d", "1w", "1mo"), strict=True))
"""Weeks begin on Monday."""

_FIRST_DAY: Final = 2**31
_NO_DAY: Final = 2**32 - 1
_NO_DATE: Final = -(2**31)


@dataclass(frozen=True)
class DailyRuns:
    """Runs in the order of their groups and days.

    Attributes:
        groups: the group of each day that it had runs on.
        dates: these days; null for runs without one.
        starts: the first run of each.
        runs: how many runs there are.
        sums: of each day.
        values: of each run.
    """

    groups: Numbers
    dates: pl.Series
    starts: Indices
    runs: int
    sums: Mapping[str, npt.NDArray[Any]]
    values: Mapping[str, RankableValues]

    def in_all(self) -> pl.DataFrame:
        """The statistics of all days: a row per `group`, with the sums and `percentiles`."""
        return self._by(changes(self.groups))

    def over_time(self) -> pl.DataFrame:
        """The same by `grain` and `date`, without runs that have no day."""
        times = []
        for grain, length in _LENGTHS.items():
            dates = self.dates.dt.truncate(length)
            firsts = changes(self.groups, dates.to_physical().fill_null(_NO_DATE).to_numpy())
            date = dates.gather(firsts).cast(pl.String).alias("date")
            of_grain = self._by(firsts).with_columns(pl.lit(grain).alias("grain"), date)
            times.append(of_grain)
        return pl.concat(times).filter(pl.col("date").is_not_null())

    def _by(self, firsts: Indices) -> pl.DataFrame:
        """The statistics of several days of a group, of which `firsts` are the first ones."""
        runs = np.diff(self.starts[firsts], append=self.runs)
        groups = np.repeat(np.arange(len(runs), dtype=np.uint32), runs)
        columns = [pl.Series("group", self.groups[firsts])]
        for name, each in self.sums.items():
            columns.append(pl.Series(name, np.add.reduceat(each, firsts, dtype=each.dtype)))
        for unit, values in self.values.items():
            columns += values.ranked(groups, len(runs)).percentiles(unit)
        return pl.DataFrame(columns)


def daily_runs(
    groups: Numbers,
    days: Numbers,
    counted: Mapping[str, npt.NDArray[Any]],
    values: Mapping[str, Values],
) -> DailyRuns:
    """Runs → the same by group and day.

    Args:
        groups: the group of each run.
        days: see `days_of`.
        counted: flags and whole numbers; the sums of flags have 32 bits.
        values: by their unit; percentiles are told of them.
    """
    key = pairs(groups, days)
    rows = gathered(key)
    of_days = key.take(rows.firsts)
    sums = {}
    for name, each in counted.items():
        dtype = np.uint32 if each.dtype == np.bool_ else np.int64
        sums[name] = rows.reduced(np.add, each, dtype)
    return DailyRuns(
        first_of(of_days),
        _to_date(second_of(of_days)),
        rows.starts,
        len(key),
        sums,
        {unit: rankable(each.take(rows.order)) for unit, each in values.items()},
    )


def days_of(dates: pl.Series) -> Numbers:
    """Dates, which are names → numbers in the order of days; each of the few dates is read once."""
    numbers = group_numbers(dates.to_frame("date"), ["date"])
    names = dates.gather(any_row_of(numbers)).cast(pl.String)
    day = names.str.to_date("%Y-%m-%d", strict=False).to_physical().cast(pl.Int64) + _FIRST_DAY
    days: Numbers = day.fill_null(_NO_DAY).cast(pl.UInt32).to_numpy().take(numbers)
    return days


def _to_date(days: Numbers) -> pl.Series:
    """Numbers of `days_of` as dates; null where there is none."""
    numbers = pl.Series("date", days)
    date = (pl.col("date").cast(pl.Int64) - _FIRST_DAY).cast(pl.Int32).cast(pl.Date)
    has_day = pl.col("date") != _NO_DAY
    return numbers.to_frame().select(pl.when(has_day).then(date)).to_series()
