"""Job runs → their sums by day and dimension, untidied: see `usage.aggregates`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from circleci_usage.schema.export_columns import OTHER, credit_types_of
from circleci_usage.usage.aggregates import (
    BRANCH_DIMENSIONS,
    DAILY_DIMENSIONS,
    NUMBER,
    USER_DIMENSIONS,
    has_columns,
)
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.polars.job_runs import unless_identified
from circleci_usage.usage.polars.name_groups import with_branch_groups, with_user_groups
from circleci_usage.usage.polars.running_sum import RunningSum


@dataclass(frozen=True)
class BareSums:
    """Sums as the engine gives them.

    Attributes:
        days: by `DAILY_DIMENSIONS`.
        branches: by `BRANCH_DIMENSIONS`, with names only where there are no ids.
        users: by `USER_DIMENSIONS`, likewise.
    """

    days: pl.DataFrame
    branches: pl.DataFrame
    users: pl.DataFrame


def bare_sums(runs: pl.DataFrame, patterns: NamePatterns) -> BareSums:
    """Sum up some job runs."""
    kinds = [kind for kind in credit_types_of(runs.columns) if _is_used(runs[f"{kind}_credits"])]
    # There are few dates, and names are numbers.
    runs = runs.with_columns(pl.col("date").cast(pl.Categorical))
    grouped = with_user_groups(with_branch_groups(runs, patterns.branches), patterns.users)
    by_day = _summed(grouped.lazy(), DAILY_DIMENSIONS, kinds)
    identified = unless_identified(runs.lazy())
    by_branch = _summed(identified, BRANCH_DIMENSIONS, kinds)
    return BareSums(by_day, by_branch, _summed(identified, USER_DIMENSIONS, kinds))


def are_bare_sums(sums: BareSums) -> bool:
    """Whether they look like those of `bare_sums`; others may be able to write the files."""
    pairs = zip(
        (sums.days, sums.branches, sums.users),
        (DAILY_DIMENSIONS, BRANCH_DIMENSIONS, USER_DIMENSIONS),
        strict=True,
    )
    return all(_is_sum(frame, dimensions) for frame, dimensions in pairs)


def _is_sum(frame: pl.DataFrame, dimensions: Sequence[str]) -> bool:
    if not has_columns(frame, dimensions):
        return False
    names = [name for name in dimensions if name != "date"]
    return (
        frame["date"].dtype == pl.String
        and all(frame[name].dtype == pl.Categorical for name in names)
        and all(_is_amount(series) for series in frame.drop(*dimensions))
    )


def _is_amount(series: pl.Series) -> bool:
    return (series.dtype.is_integer() or series.dtype == NUMBER) and not series.null_count()


class RunningSums:
    """Sums of the sums of some runs at a time, which may be of many runs and many times."""

    def __init__(self) -> None:
        self._days = RunningSum(partial(_added, dimensions=DAILY_DIMENSIONS))
        self._branches = RunningSum(partial(_added, dimensions=BRANCH_DIMENSIONS))
        self._users = RunningSum(partial(_added, dimensions=USER_DIMENSIONS))

    def add(self, sums: BareSums) -> None:
        """Add to the sums."""
        self._days.add(sums.days)
        self._branches.add(sums.branches)
        self._users.add(sums.users)

    def total(self) -> BareSums:
        """The sums of all that were added, of which there must be one."""
        return BareSums(self._days.total(), self._branches.total(), self._users.total())


def added(sums: Iterable[BareSums]) -> BareSums:
    """Sums of the sums of some runs at a time."""
    running = RunningSums()
    for each in sums:
        running.add(each)
    return running.total()


def _is_used(credits: pl.Series) -> bool:
    return credits.null_count() < len(credits)


def _summed(
    runs: pl.LazyFrame, dimensions: Sequence[str], credit_types: Sequence[str]
) -> pl.DataFrame:
    """Job runs → their sums by some dimensions; credit types that no run has may be left out.

        date       | job | total_credits | compute_credits | other_credits
        2026-03-01 | a   | 10            | 10              | null
        2026-03-01 | a   | 5             | 5               | null

    becomes (null is written for zero, so that only rows with an amount are counted)

        date       | job | job_runs | total_credits | unreconciled_rows | compute_runs …
        2026-03-01 | a   | 2        | 15            | 0                 | 2
    """
    credits = [f"{kind}_credits" for kind in credit_types]
    counts = [pl.col(f"{kind}_credits").count().alias(f"{kind}_runs") for kind in credit_types]
    sums = runs.group_by(*dimensions).agg(
        pl.len().alias("job_runs"),
        pl.col("job_seconds").sum(),
        pl.col("total_credits").sum(),
        pl.col(f"{OTHER}_credits").count().alias("unreconciled_rows"),
        pl.col(credits).sum(),
        *counts,
    )
    return sums.with_columns(pl.col("date").cast(pl.String)).collect()


def _added(sums: Sequence[pl.DataFrame], dimensions: Sequence[str]) -> pl.DataFrame:
    together = pl.concat(_of_one_type(sums), how="diagonal")
    return together.lazy().group_by(dimensions).sum().collect(engine="streaming")


def _of_one_type(sums: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """The sums with amounts as integers, or all of them as decimals."""
    if all(each["total_credits"].dtype.is_integer() for each in sums):
        return [*sums]
    amounts = pl.col("^.*_credits$", "job_seconds").cast(NUMBER)
    return [each.with_columns(amounts) for each in sums]
