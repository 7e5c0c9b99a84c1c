"""Parts → their sums, on a cluster. Only sums come back."""

from collections.abc import Sequence

import narwhals as nw
import polars as pl
from pyspark.sql import DataFrame, SparkSession

from circleci_usage.days import Period
from circleci_usage.errors import DataError
from circleci_usage.usage.parts import FoundParts
from circleci_usage.usage.source import Source
from circleci_usage.usage.spark.answers import ask, collected
from circleci_usage.usage.spark.parts import ClusterPart, ClusterParts, find_cluster_parts, shared_parts
from circleci_usage.usage.spark.runs import read_runs, unless_identified
from circleci_usage.usage.spark.session import explaining_spark
from circleci_usage.usage.sums import BRANCH_DIMENSIONS, DIMENSIONS, Sums, sum_runs, tidy_branches, tidy_days


def on_cluster(spark: SparkSession, found: FoundParts, urls: Sequence[str]) -> Source:
    """Parts as a cluster reads them: those on a path that it shares with this machine, and those at URLs.

    Raises:
        SettingsError: there is nothing at the URLs, or Spark cannot read such.
        DataError: a file is not a usage export.
        ServiceError: the cluster could not look.
    """
    with explaining_spark():
        there = find_cluster_parts(spark, urls) if urls else ClusterParts((), ())
    parts = (*shared_parts(found), *there.parts)

    def read(period: Period | None, branch_globs: Sequence[str]) -> Sums:
        with explaining_spark():
            return sum_parts(spark, parts, sorted(set(branch_globs)), period)

    return Source(
        files=len(parts),
        size=sum(part.size for part in parts),
        read=read,
        warnings=(*found.warnings, *there.warnings),
        complete_through=found.complete_through,
        complete=found.complete,
    )


def sum_parts(
    spark: SparkSession, parts: Sequence[ClusterPart], branch_globs: Sequence[str], period: Period | None
) -> Sums:
    """As `heavy_pass.sum_parts`. The parts are read once; what the workers keep of them is asked for everything.

    Raises:
        DataError: a day is no date.
        pyspark.errors.PySparkException: a part is damaged, or the cluster is.
    """
    runs = read_runs(spark, parts, branch_globs).persist()
    try:
        days = _tidy_days(_summed(runs, DIMENSIONS))
        branches = tidy_branches(_summed(unless_identified(runs), BRANCH_DIMENSIONS), days)
        return Sums(days, branches, ask(runs, period))
    finally:
        runs.unpersist()


def _tidy_days(sums: pl.DataFrame) -> pl.DataFrame:
    try:
        return tidy_days(sums)
    except pl.exceptions.PolarsError:
        raise DataError(
            "In the usage files a JOB_RUN_DATE is not a date; `report` without --engine spark names the line."
        ) from None


def _summed(runs: DataFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    sums = collected(sum_runs(nw.from_native(runs), dimensions).to_native())
    return sums.with_columns(pl.col(pl.String).exclude("date").cast(pl.Categorical))
