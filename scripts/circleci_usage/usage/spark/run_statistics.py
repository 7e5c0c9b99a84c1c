"""Run statistics from a cluster: what `usage.polars.run_statistics` computes, in Spark's words."""

from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sql

from circleci_usage.core.periods import Period
from circleci_usage.schema.export_columns import credit_types_of
from circleci_usage.usage.job_run_rules import (
    HALF_A_MINUTE,
    HIGH,
    JOB_KEYS,
    MACHINE_KEYS,
    NO_RATE,
    OUTCOMES,
    RATE_KEYS,
    SHORTEST,
    TYPICAL,
    WAITING,
    WORKFLOW_KEYS,
    WORKFLOW_OUTCOMES,
)
from circleci_usage.usage.run_statistics import RunStatisticsFrames
from circleci_usage.usage.spark.job_runs import grouped, unless_identified


def compute_run_statistics(
    runs: DataFrame, period: Period | None, groups: Mapping[str, str] | None = None
) -> RunStatisticsFrames:
    """As `polars.run_statistics.compute_run_statistics`, of the runs of `read_runs`."""
    runs = grouped(unless_identified(runs), groups or {})
    every = runs.withColumn(
        "has_nothing", (sql.col("job_seconds") == 0) & (sql.col("total_credits") == 0)
    )
    never_started = sql.expr("status = 'canceled' AND has_nothing")
    runs = every.filter(sql.col("status").isin(*OUTCOMES) & _inside(period)).withColumn(
        "never_started", never_started
    )
    named = runs.filter("job IS NOT NULL")
    attempts = _attempts(named)
    return RunStatisticsFrames(
        jobs=collected(
            _joined(_jobs(runs), _of_attempts(attempts)).fillna(
                0, ["pipelines", "reruns", "recovered"]
            )
        ),
        machines=collected(_machines(named)),
        workflows=collected(_workflows(every, period)),
        reruns=collected(_rerun_credits(runs, attempts.filter("attempts > 1"))),
        classes=collected(_class_rates(runs)),
    )


def _inside(period: Period | None) -> Column:
    if period is None:
        return sql.lit(True)  # noqa: FBT003
    return sql.col("date").between(str(period.first), str(period.last))


def collected(frame: DataFrame) -> pl.DataFrame:
    """Bring a small frame back from the cluster."""
    table: pa.Table = frame.toArrow()
    return pl.DataFrame(table)


def _jobs(runs: DataFrame) -> DataFrame:
    milliseconds = sql.round(sql.col("queued").cast("double") * 1000).cast("bigint")
    return runs.groupBy(*JOB_KEYS).agg(
        sql.count("*").alias("runs"),
        *(
            sql.count_if(sql.col("status") == status).alias(name)
            for status, name in OUTCOMES.items()
        ),
        sql.count_if("never_started").alias("never_started"),
        *_percentiles("IF(never_started, NULL, seconds)", "seconds"),
        *_percentiles("queued", "queued"),
        sql.coalesce(
            sql.bround(sql.sum(milliseconds) / sql.lit(1000.0)).cast("bigint"), sql.lit(0)
        ).alias("queued_seconds"),
    )


def _machines(runs: DataFrame) -> DataFrame:
    return runs.groupBy(*MACHINE_KEYS).agg(
        sql.count("*").alias("runs"),
        sql.least(sql.count("cpu"), sql.count("ram")).alias("measured_runs"),
        *(_percentile(name, HIGH).alias(f"p95_{name}") for name in ("cpu", "ram")),
        sql.count("median_cpu").alias("median_runs"),
        _percentile("median_cpu", TYPICAL).alias("p50_median_cpu"),
    )


def _class_rates(runs: DataFrame) -> DataFrame:
    """As in `polars.run_statistics`: what runs of a class were charged."""
    counted = runs.filter(
        (sql.col("job_seconds") >= SHORTEST)
        & (sql.col("compute_credits") > 0)
        & (sql.col("containers") >= 1)
        & sql.col("resource_class").isNotNull()
        & sql.col("executor").isNotNull()
    )
    containers = sql.col("containers").cast("double")
    container_seconds = sql.col("job_seconds").cast("double") * containers
    halves = sql.col("compute_credits").cast("double") * sql.lit(2.0) - containers
    rate = halves * sql.lit(float(HALF_A_MINUTE)) / sql.col("container_seconds") + sql.lit(0.5)
    rated = counted.withColumn("container_seconds", container_seconds).withColumn("rate", rate)
    return (
        rated.filter(sql.col("rate") < NO_RATE)
        .withColumns(
            {
                "rate": sql.floor("rate"),
                "in_parallel": sql.col("containers") > 1,
                "containers": sql.col("containers").cast("bigint"),
                "container_seconds": sql.col("container_seconds").cast("bigint"),
            }
        )
        .groupBy(*RATE_KEYS)
        .agg(
            sql.count("*").alias("runs"),
            sql.sum("compute_credits").alias("credits"),
            sql.sum("container_seconds").alias("container_seconds"),
            sql.sum("containers").alias("containers"),
        )
    )


def _workflows(runs: DataFrame, period: Period | None) -> DataFrame:
    never_started = "outcome = 'canceled' AND had_nothing"
    return (
        _workflow_runs(runs)
        .filter(_inside(period))
        .groupBy(*WORKFLOW_KEYS)
        .agg(
            sql.count_if(sql.expr("outcome <> 'running'")).alias("runs"),
            *(
                sql.count_if(sql.col("outcome") == outcome).alias(outcome)
                for outcome in WORKFLOW_OUTCOMES
            ),
            sql.count_if(sql.expr(never_started)).alias("never_started"),
            *_percentiles(
                f"IF(outcome = 'running' OR ({never_started}), NULL, seconds)", "seconds"
            ),
        )
    )


def _workflow_runs(runs: DataFrame) -> DataFrame:
    """As in `polars.run_statistics`: a row per run of a workflow, with its `outcome`."""
    status = sql.col("status")
    outcome = sql.expr(
        "CASE WHEN canceled THEN 'canceled'"
        " WHEN successful OR (untold AND all_passed) THEN 'succeeded'"
        " WHEN NOT stopped AND NOT all_ended THEN 'running'"
        " WHEN waiting AND NOT failed THEN 'on_hold'"
        " ELSE 'failed' END"
    )
    return (
        runs.filter("workflow_run IS NOT NULL")
        .groupBy(*WORKFLOW_KEYS, "workflow_run")
        .agg(
            sql.min("date").alias("date"),
            sql.max("workflow_seconds").alias("seconds"),
            sql.bool_or("workflow_stopped").alias("stopped"),
            _any(sql.col("workflow_successful")).alias("successful"),
            sql.bool_and(sql.col("workflow_successful").isNull()).alias("untold"),
            _all(status == "success").alias("all_passed"),
            _all(status.isin(*OUTCOMES)).alias("all_ended"),
            _any(status == "canceled").alias("canceled"),
            _any(status == "failed").alias("failed"),
            _any(status.isin(*WAITING)).alias("waiting"),
            sql.bool_and("has_nothing").alias("had_nothing"),
        )
        .withColumn("outcome", outcome)
    )


def _any(flag: Column) -> Column:
    """Whether a flag is true in any row; null counts as false."""
    return sql.coalesce(sql.bool_or(flag), sql.lit(False))  # noqa: FBT003


def _all(flag: Column) -> Column:
    """Whether a flag is true in every row; null counts as false."""
    return sql.bool_and(sql.coalesce(flag, sql.lit(False)))  # noqa: FBT003


def _attempts(runs: DataFrame) -> DataFrame:
    """As in `polars.run_statistics`: a row per pipeline and job with its `attempts`."""
    first_failure = sql.min(sql.when(sql.col("status") == "failed", sql.col("order")))
    last_success = sql.max(sql.when(sql.col("status") == "success", sql.col("order")))
    return (
        runs.filter("pipeline IS NOT NULL")
        .groupBy(*JOB_KEYS, "pipeline")
        .agg(
            sql.count("*").alias("attempts"),
            sql.min("order").alias("first"),
            (first_failure < last_success).alias("recovered"),
        )
    )


def _of_attempts(attempts: DataFrame) -> DataFrame:
    return attempts.groupBy(*JOB_KEYS).agg(
        sql.count("*").alias("pipelines"),
        sql.sum(sql.col("attempts") - 1).alias("reruns"),
        sql.count_if("recovered").alias("recovered"),
    )


def _rerun_credits(runs: DataFrame, attempts: DataFrame) -> DataFrame:
    """Credits of the runs after the first of `attempts`, by day, job and credit type."""
    keys = (*JOB_KEYS, "pipeline")
    credits = {f"{kind}_credits": kind for kind in credit_types_of(runs.columns)}
    return (
        _joined(runs, attempts.select(*keys, "first"), keys, how="inner")
        .filter("order > first")
        .groupBy("date", *JOB_KEYS)
        .agg(*(sql.sum(name).alias(kind) for name, kind in credits.items()))
        .unpivot(["date", *JOB_KEYS], [*credits.values()], "credit_type", "credits")
        .filter("credits <> 0")
    )


def _joined(
    left: DataFrame, right: DataFrame, keys: Sequence[str] = JOB_KEYS, how: str = "left"
) -> DataFrame:
    """A join in which null equals null."""
    right = right.withColumnsRenamed({key: f"_{key}" for key in keys})
    alike = [left[key].eqNullSafe(right[f"_{key}"]) for key in keys]
    return left.join(right, alike, how).drop(*(f"_{key}" for key in keys))


def _percentile(column: str, share: float) -> Column:
    return sql.expr(f"percentile_disc({share}) WITHIN GROUP (ORDER BY {column})")


def _percentiles(values: str, unit: str) -> tuple[Column, ...]:
    return (
        sql.count(sql.expr(values)).alias(f"runs_with_{unit}"),
        _percentile(values, TYPICAL).alias(f"p50_{unit}"),
        _percentile(values, HIGH).alias(f"p95_{unit}"),
    )
