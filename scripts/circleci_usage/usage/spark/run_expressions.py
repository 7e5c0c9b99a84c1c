"""What run statistics on a cluster are made of: keys, percentiles, time, and joins with nulls."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sql

from circleci_usage.core.periods import Period
from circleci_usage.schema.export_columns import credit_types_of
from circleci_usage.usage.job_run_rules import GRAINS, HIGH, JOB_KEYS, TYPICAL


def collected(frame: DataFrame) -> pl.DataFrame:
    """Bring a small frame back from the cluster."""
    table: pa.Table = frame.toArrow()
    return pl.DataFrame(table)


def brought(frame: pl.DataFrame, like: DataFrame) -> DataFrame:
    """A small frame of texts on the cluster of another one, whole on each worker."""
    texts = pa.schema([(name, pa.string()) for name in frame.columns])
    table = pa.table(frame.to_dict(as_series=False), schema=texts)
    return sql.broadcast(like.sparkSession.createDataFrame(table))


def inside(period: Period | None) -> Column:
    """Whether the day lies in the period."""
    if period is None:
        return sql.lit(True)  # noqa: FBT003
    return sql.col("date").between(str(period.first), str(period.last))


def over_time(runs: DataFrame) -> DataFrame:
    """The runs that have a day, once for each grain: with `grain`, and its first day as `date`."""
    day = sql.col("date").try_cast("date")
    starts = [
        sql.struct(
            sql.lit(grain).alias("grain"),
            sql.date_trunc(grain, day).cast("date").cast("string").alias("date"),
        )
        for grain in GRAINS
    ]
    others = [name for name in runs.columns if name != "date"]
    return runs.filter(day.isNotNull()).select(*others, sql.inline(sql.array(*starts)))


def joined(
    left: DataFrame, right: DataFrame, keys: Sequence[str] = JOB_KEYS, how: str = "left"
) -> DataFrame:
    """A join in which null equals null."""
    right = right.withColumnsRenamed({key: f"_{key}" for key in keys})
    alike = [left[key].eqNullSafe(right[f"_{key}"]) for key in keys]
    return left.join(right, alike, how).drop(*(f"_{key}" for key in keys))


def credits_by_type(runs: DataFrame, keys: Sequence[str]) -> DataFrame:
    """The credits of runs by some keys, once per credit type that is not zero."""
    credits = {f"{kind}_credits": kind for kind in credit_types_of(runs.columns)}
    return (
        runs.groupBy(*keys)
        .agg(*(sql.sum(name).alias(kind) for name, kind in credits.items()))
        .unpivot([*keys], [*credits.values()], "credit_type", "credits")
        .filter("credits <> 0")
    )


def thousandths(column: str) -> Column:
    """A number as whole thousandths, whose sums do not depend on the order."""
    return sql.rint(sql.col(column).cast("double") * 1000).cast("bigint")


def percentile(column: str, share: float) -> Column:
    """The nearest-rank percentile; null where there are no values."""
    return sql.expr(f"percentile_disc({share}) WITHIN GROUP (ORDER BY {column})")


def percentiles(values: str, unit: str) -> tuple[Column, ...]:
    """The percentiles that are shown, and the number of runs behind them."""
    return (
        sql.count(sql.expr(values)).alias(f"runs_with_{unit}"),
        percentile(values, TYPICAL).alias(f"p50_{unit}"),
        percentile(values, HIGH).alias(f"p95_{unit}"),
    )
