"""How job runs used their machines, from a cluster: as `polars.machine_statistics`."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sql

from circleci_usage.usage.job_run_rules import (
    AT_LIMIT,
    HIGH,
    MACHINE_KEYS,
    MEASURES,
    MOST_CONTAINERS,
    TYPICAL,
)
from circleci_usage.usage.spark.amounts import NUMBER
from circleci_usage.usage.spark.run_expressions import percentile, thousandths


def machine_statistics(runs: DataFrame) -> DataFrame:
    """`machines` of `RunStatisticsFrames`, from runs that ended and have a job."""
    machines = runs.groupBy(*MACHINE_KEYS).agg(
        sql.count("*").alias("runs"),
        sql.least(sql.count("cpu"), sql.count("ram")).alias("measured_runs"),
        *(percentile(name, HIGH).alias(f"p95_{name}") for name in MEASURES),
        sql.count("median_cpu").alias("median_runs"),
        percentile("median_cpu", TYPICAL).alias("p50_median_cpu"),
        *(_mean(f"median_{name}").alias(f"mean_{name}") for name in MEASURES),
        *(sql.max(name).cast("double").alias(f"max_{name}") for name in MEASURES),
        sql.count_if(sql.col("median_cpu") >= AT_LIMIT).alias("cpu_limited"),
        sql.count_if(sql.col("ram") >= AT_LIMIT).alias("ram_limited"),
        sql.count("containers").alias("container_runs"),
        sql.coalesce(sql.sum("containers"), sql.lit(0)).alias("containers"),
        *_cached(),
        *_parallel(),
    )
    # Runs without layer caching are of interest beside those with it.
    return machines.withColumns(
        {
            "runs_with_uncached_seconds": sql.expr(
                "IF(cached_runs > 0, runs_with_uncached_seconds, 0)"
            ),
            "p50_uncached_seconds": sql.expr("IF(cached_runs > 0, p50_uncached_seconds, NULL)"),
        }
    )


def _mean(column: str) -> Column:
    """Of thousandths: the sum of integers does not depend on the order."""
    count = sql.nullif(sql.count(column), sql.lit(0))
    return sql.sum(thousandths(column)) / count / sql.lit(1000.0)


def _cached() -> tuple[Column, ...]:
    """Runs with and without layer caching."""
    is_cached = "coalesce(dlc_credits > 0, false)"
    return (
        sql.count_if(sql.expr(is_cached)).alias("cached_runs"),
        *_typical(f"IF(status = 'success' AND {is_cached}, seconds, NULL)", "cached_seconds"),
        *_typical(f"IF(status = 'success' AND NOT {is_cached}, seconds, NULL)", "uncached_seconds"),
    )


def _typical(values: str, unit: str) -> tuple[Column, ...]:
    return (
        sql.count(sql.expr(values)).alias(f"runs_with_{unit}"),
        percentile(values, TYPICAL).alias(f"p50_{unit}"),
    )


def _parallel() -> tuple[Column, ...]:
    """Runs that succeeded in several containers."""
    is_parallel = (sql.col("status") == "success") & sql.col("containers").between(
        2, MOST_CONTAINERS
    )
    containers = sql.when(is_parallel, sql.col("containers").cast("bigint"))
    # Without fractions of a second, as there.
    container_seconds = containers * sql.col("job_seconds").cast("bigint")
    none = sql.lit(0)
    return (
        sql.count(containers).alias("parallel_runs"),
        sql.coalesce(sql.sum(containers), none).alias("parallel_containers"),
        sql.coalesce(sql.max(containers), none).alias("most_containers"),
        sql.coalesce(sql.sum(container_seconds), none).alias("container_seconds"),
        sql.coalesce(
            sql.sum(sql.when(is_parallel, sql.col("compute_credits"))), none.cast(NUMBER)
        ).alias("container_credits"),
    )
