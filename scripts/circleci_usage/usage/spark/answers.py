"""`usage.answers.Answers` from a cluster: the same questions in Spark's words.

Narwhals has no nearest-rank percentiles for Spark, so that these are not written once for both engines; the tests hold
them together.
"""

from collections.abc import Sequence

import narwhals as nw
import polars as pl
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sql

from circleci_usage.columns import CREDIT_TYPES
from circleci_usage.days import Period
from circleci_usage.usage.answers import HIGH, JOB_KEYS, MACHINE_KEYS, OUTCOMES, TYPICAL, WORKFLOW_KEYS, Answers
from circleci_usage.usage.class_rates import class_rates
from circleci_usage.usage.spark.runs import unless_identified


def ask(runs: DataFrame, period: Period | None) -> Answers:
    """As `usage.answers.ask`, of the runs of `runs.read_runs`."""
    ended = sql.col("status").isin(*OUTCOMES) & sql.col("job").isNotNull()
    if period:
        ended &= sql.col("date").between(str(period.first), str(period.last))
    runs = unless_identified(runs.filter(ended))
    tries = _tries(runs)
    return Answers(
        jobs=collected(_joined(_jobs(runs), _of_tries(tries)).fillna(0, ["pipelines", "reruns", "recovered"])),
        machines=collected(_machines(runs)),
        workflows=collected(_workflows(runs)),
        reruns=collected(_credits_again(runs, tries.filter("tries > 1"))),
        classes=collected(class_rates(nw.from_native(runs)).to_native()),
    )


def collected(frame: DataFrame) -> pl.DataFrame:
    """Bring a small frame back from the cluster."""
    table: pa.Table = frame.toArrow()
    return pl.DataFrame(table)


def _jobs(runs: DataFrame) -> DataFrame:
    milliseconds = sql.round(sql.col("queued").cast("double") * 1000).cast("bigint")
    return runs.groupBy(*JOB_KEYS).agg(
        sql.count("*").alias("runs"),
        *(sql.count_if(sql.col("status") == status).alias(name) for status, name in OUTCOMES.items()),
        *_percentiles("seconds", "seconds"),
        *_percentiles("queued", "queued"),
        sql.coalesce(sql.bround(sql.sum(milliseconds) / sql.lit(1000.0)).cast("bigint"), sql.lit(0)).alias(
            "queued_seconds"
        ),
    )


def _machines(runs: DataFrame) -> DataFrame:
    return runs.groupBy(*MACHINE_KEYS).agg(
        sql.count("*").alias("runs"),
        sql.least(sql.count("cpu"), sql.count("ram")).alias("measured_runs"),
        *(_percentile(name, HIGH).alias(f"p95_{name}") for name in ("cpu", "ram")),
        sql.count("median_cpu").alias("median_runs"),
        _percentile("median_cpu", TYPICAL).alias("p50_median_cpu"),
    )


def _workflows(runs: DataFrame) -> DataFrame:
    whole = (
        runs.filter("workflow_run IS NOT NULL AND workflow_seconds IS NOT NULL")
        .groupBy(*WORKFLOW_KEYS, "workflow_run")
        .agg(
            sql.max("workflow_seconds").alias("seconds"),
            sql.coalesce(sql.bool_or("workflow_successful"), sql.lit(False)).alias("successful"),  # noqa: FBT003
            sql.bool_or(sql.col("status") == "canceled").alias("canceled"),
        )
    )
    return whole.groupBy(*WORKFLOW_KEYS).agg(
        sql.count("*").alias("runs"),
        sql.count_if("successful").alias("succeeded"),
        sql.count_if(sql.expr("canceled AND NOT successful")).alias("canceled"),
        *_percentiles("seconds", "seconds"),
    )


def _tries(runs: DataFrame) -> DataFrame:
    """A row per pipeline and job: how many runs it had, the first of them, whether one passed after one had failed."""
    first_failure = sql.min(sql.when(sql.col("status") == "failed", sql.col("order")))
    last_success = sql.max(sql.when(sql.col("status") == "success", sql.col("order")))
    return (
        runs.filter("pipeline IS NOT NULL")
        .groupBy(*JOB_KEYS, "pipeline")
        .agg(
            sql.count("*").alias("tries"),
            sql.min("order").alias("first"),
            (first_failure < last_success).alias("recovered"),
        )
    )


def _of_tries(tries: DataFrame) -> DataFrame:
    return tries.groupBy(*JOB_KEYS).agg(
        sql.count("*").alias("pipelines"),
        sql.sum(sql.col("tries") - 1).alias("reruns"),
        sql.count_if("recovered").alias("recovered"),
    )


def _credits_again(runs: DataFrame, tries: DataFrame) -> DataFrame:
    """Credits of the runs after the first of `tries`, by day, job and credit type."""
    keys = (*JOB_KEYS, "pipeline")
    credits = {f"{kind}_credits": kind for kind in CREDIT_TYPES}
    return (
        _joined(runs, tries.select(*keys, "first"), keys, how="inner")
        .filter("order > first")
        .groupBy("date", *JOB_KEYS)
        .agg(*(sql.sum(name).alias(kind) for name, kind in credits.items()))
        .unpivot(["date", *JOB_KEYS], list(CREDIT_TYPES), "credit_type", "credits")
        .filter("credits <> 0")
    )


def _joined(left: DataFrame, right: DataFrame, keys: Sequence[str] = JOB_KEYS, how: str = "left") -> DataFrame:
    """Rows with the same keys, a null being one too."""
    right = right.withColumnsRenamed({key: f"_{key}" for key in keys})
    alike = [left[key].eqNullSafe(right[f"_{key}"]) for key in keys]
    return left.join(right, alike, how).drop(*(f"_{key}" for key in keys))


def _percentile(column: str, share: float) -> Column:
    return sql.expr(f"percentile_disc({share}) WITHIN GROUP (ORDER BY {column})")


def _percentiles(column: str, unit: str) -> tuple[Column, Column]:
    return _percentile(column, TYPICAL).alias(f"p50_{unit}"), _percentile(column, HIGH).alias(f"p95_{unit}")
