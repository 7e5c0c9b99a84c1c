"""Credits of job runs that are summed file by file: of reruns, classes and branches."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from circleci_usage.schema.export_columns import OTHER_BRANCHES
from circleci_usage.usage.job_run_rules import (
    HALF_A_MINUTE,
    MOST_CONTAINERS,
    NO_RATE,
    RATE_KEYS,
    SHORTEST,
)
from circleci_usage.usage.polars.group_numbers import any_row_of, group_numbers
from circleci_usage.usage.polars.run_expressions import OF_WORKFLOW, collected
from circleci_usage.usage.polars.running_sum import RunningSum

OF_BRANCH: Final = ("date", *OF_WORKFLOW, "branch")


def class_rates(runs: pl.LazyFrame) -> pl.LazyFrame:
    """Job runs → what runs of a class were charged: `RATE_SUMS` by `RATE_KEYS`.

    Runs count that last at least `SHORTEST`, used compute credits and say in how many containers
    they ran. `rate` is the whole credits per minute of one container, half a credit less because
    credits are rounded up: 120 for 600 seconds in one container that cost 1,200 credits. Doubles
    are exact here where credits and seconds are whole, and every engine divides them alike.
    """
    containers = pl.col("containers").cast(pl.Float64)
    container_seconds = pl.col("job_seconds").cast(pl.Float64) * containers
    halves = pl.col("compute_credits").cast(pl.Float64) * 2 - containers
    rate = (halves * HALF_A_MINUTE / container_seconds + 0.5).floor()
    counted = runs.filter(
        pl.col("job_seconds") >= SHORTEST,
        pl.col("compute_credits") > 0,
        pl.col("containers").is_between(1, MOST_CONTAINERS),
        pl.col("resource_class").is_not_null(),
        pl.col("executor").is_not_null(),
    )
    rated = counted.with_columns(
        container_seconds=container_seconds, rate=rate, in_parallel=pl.col("containers") > 1
    ).filter(pl.col("rate") < NO_RATE)
    return (
        rated.with_columns(pl.col("rate", "containers", "container_seconds").cast(pl.Int64))
        .group_by(*RATE_KEYS)
        .agg(
            pl.len().alias("runs"),
            pl.col("compute_credits").sum().alias("credits"),
            pl.col("container_seconds").sum(),
            pl.col("containers").sum(),
        )
    )


def branch_credits(
    runs: pl.DataFrame, branches: pl.DataFrame, kinds: Sequence[str]
) -> pl.DataFrame:
    """Credits of runs by `OF_BRANCH`, where only chosen branches go by their names.

    Args:
        runs: with `who`.
        branches: those that are chosen, as `RunsByWho.numbered` has them.
        kinds: the credit types.
    """
    chosen = branches.select(_branch_of(pl.col("branch").cast(pl.Categorical))).to_series()
    shown = (
        pl.when(_branch_of(pl.col("branch")).is_in(chosen.implode()) | pl.col("branch").is_null())
        .then("branch")
        .otherwise(pl.lit(OTHER_BRANCHES, pl.Categorical()))
    )
    return credits_by(runs.with_columns(shown.alias("branch")), OF_BRANCH, kinds)


def _branch_of(branch: pl.Expr) -> pl.Expr:
    """A number for a project and a branch; null without a branch."""
    return pl.col("who").cast(pl.UInt64) * 2**32 + branch.to_physical()


def credits_by(runs: pl.DataFrame, keys: Sequence[str], kinds: Sequence[str]) -> pl.DataFrame:
    """The credits of each type by some keys: names, or numbers from zero."""
    numbers = group_numbers(runs, keys)
    credits = {f"{kind}_credits": kind for kind in kinds}
    amounts = runs.select(pl.Series("group", numbers), *credits).rename(credits)
    sums = amounts.lazy().group_by("group").agg(pl.col(kinds).sum())
    names = runs.select(keys)[any_row_of(numbers)].with_row_index("group")
    return names.join(collected(sums), on="group").drop("group")


def running_credits(keys: Sequence[str]) -> RunningSum:
    """The credits of several files, by some keys."""

    def added(credits: Sequence[pl.DataFrame]) -> pl.DataFrame:
        return pl.concat(credits, how="diagonal").group_by(keys).sum()

    return RunningSum(added)


def by_credit_type(credits: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Credits by some keys, once per credit type that is not zero."""
    sums = credits.with_columns(pl.col("date").cast(pl.String))
    lines = sums.unpivot(index=keys, variable_name="credit_type", value_name="credits")
    if lines["credits"].dtype == pl.Null:
        # No run at all, and so no column of credits.
        lines = lines.with_columns(pl.col("credits").cast(pl.Int64))
    return lines.filter(pl.col("credits") != 0)
