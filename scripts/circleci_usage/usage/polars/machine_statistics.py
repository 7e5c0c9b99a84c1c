"""How job runs used their machines: peaks, layer caching and containers, by job and class."""

import polars as pl

from circleci_usage.usage.job_run_rules import (
    AT_LIMIT,
    HIGH,
    MEASURES,
    MOST_CONTAINERS,
    TYPICAL,
)
from circleci_usage.usage.polars.run_expressions import OF_MACHINE, collected, percentile


def machine_statistics(runs: pl.LazyFrame) -> pl.DataFrame:
    """`machines` of `RunStatisticsFrames`, from runs that ended and have a job.

    Few jobs use layer caching or several containers: these are summed apart, so that the others
    cost no time.
    """
    machines = collected(_of_all(runs))
    for some in (_cached, _parallel):
        machines = _joined(machines, collected(some(runs)))
    return machines


def _joined(machines: pl.DataFrame, some: pl.DataFrame) -> pl.DataFrame:
    """Machines with what is known of some of them; counts and sums of the others are zero."""
    columns = [name for name in some.columns if name not in OF_MACHINE]
    counted = [name for name in columns if not name.startswith("p50_")]
    joined = machines.join(some, on=OF_MACHINE, how="left", nulls_equal=True)
    return joined.with_columns(pl.col(counted).fill_null(0))


def _of_all(runs: pl.LazyFrame) -> pl.LazyFrame:
    measured = pl.min_horizontal(pl.col("cpu").count(), pl.col("ram").count())
    return runs.group_by(OF_MACHINE).agg(
        pl.len().alias("runs"),
        measured.alias("measured_runs"),
        *(percentile(pl.col(name), HIGH).alias(f"p95_{name}") for name in MEASURES),
        pl.col("median_cpu").count().alias("median_runs"),
        percentile(pl.col("median_cpu"), TYPICAL).alias("p50_median_cpu"),
        *(_mean(f"median_{name}").alias(f"mean_{name}") for name in MEASURES),
        *(pl.col(name).max().cast(pl.Float64).alias(f"max_{name}") for name in MEASURES),
        (pl.col("median_cpu") >= AT_LIMIT).sum().alias("cpu_limited"),
        (pl.col("ram") >= AT_LIMIT).sum().alias("ram_limited"),
        pl.col("containers").count().alias("container_runs"),
        pl.col("containers").cast(pl.Int64).sum(),
    )


def _mean(column: str) -> pl.Expr:
    """The mean of percentages; null where there are none."""
    # Thousandths, because sums of integers do not depend on the order.
    thousandths = (pl.col(column).cast(pl.Float64) * 1000).round().cast(pl.Int64)
    count = pl.col(column).count()
    # A column: instead of dividing by a constant, Polars multiplies by its rounded inverse.
    thousand = pl.when(count > 0).then(1000.0)
    return thousandths.sum() / count / thousand


def _cached(runs: pl.LazyFrame) -> pl.LazyFrame:
    """Runs with and without layer caching, of the jobs on classes where any run used it."""
    is_cached = pl.col("dlc_credits").fill_null(0) > 0
    marked = runs.with_columns(is_cached=is_cached)
    users = marked.filter("is_cached").select(OF_MACHINE).unique()
    seconds = pl.when(pl.col("status") == "success").then("seconds")
    return (
        marked.join(users, on=OF_MACHINE, how="semi", nulls_equal=True)
        .group_by(OF_MACHINE)
        .agg(
            pl.col("is_cached").sum().alias("cached_runs"),
            *_typical(seconds.filter(pl.col("is_cached")), "cached_seconds"),
            *_typical(seconds.filter(~pl.col("is_cached")), "uncached_seconds"),
        )
    )


def _parallel(runs: pl.LazyFrame) -> pl.LazyFrame:
    """Runs that succeeded in several containers: seconds of the whole run, and what it used."""
    containers = pl.col("containers").cast(pl.Int64)
    # Without fractions of a second: whole numbers have the same sum in any order.
    container_seconds = pl.col("job_seconds").cast(pl.Int64) * containers
    return (
        runs.filter(
            pl.col("status") == "success", pl.col("containers").is_between(2, MOST_CONTAINERS)
        )
        .group_by(OF_MACHINE)
        .agg(
            pl.len().alias("parallel_runs"),
            containers.sum().alias("parallel_containers"),
            containers.max().alias("most_containers"),
            container_seconds.sum().alias("container_seconds"),
            pl.col("compute_credits").sum().alias("container_credits"),
        )
    )


def _typical(values: pl.Expr, unit: str) -> tuple[pl.Expr, ...]:
    """The median, and the number of runs behind it."""
    return (
        values.count().alias(f"runs_with_{unit}"),
        percentile(values, TYPICAL).alias(f"p50_{unit}"),
    )
