"""Parts → their sums, on a cluster. Only sums come back."""

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import polars as pl
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sql

from circleci_usage.columns import credit_types_of, new_credit_columns
from circleci_usage.days import Period
from circleci_usage.errors import DataError
from circleci_usage.usage.outside import Outside, outside_warnings
from circleci_usage.usage.parts import FoundParts
from circleci_usage.usage.repeats import Origin, are_apart, ledger_warnings, repeat_warnings, strays
from circleci_usage.usage.source import Source
from circleci_usage.usage.spark.answers import ask, collected
from circleci_usage.usage.spark.parts import ClusterPart, ClusterParts, find_cluster_parts, shared_parts
from circleci_usage.usage.spark.repeats import contents_of, has_repeats, origins_of, ranked, repeated
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
        once = _each_once(runs, parts)
        counted = once.runs
        kinds = credit_types_of(counted.columns)
        days = _tidy_days(_summed(counted, DIMENSIONS, kinds))
        branches = tidy_branches(_summed(unless_identified(counted), BRANCH_DIMENSIONS, kinds), days)
        warnings = (*once.warnings, *outside_warnings(_outside(counted, parts, period)))
        return Sums(days, branches, ask(counted, period), warnings)
    finally:
        runs.unpersist()


@dataclass(frozen=True)
class _Once:
    """The job runs, each once, and what a reader should know of them."""

    runs: DataFrame
    warnings: tuple[str, ...]


def _each_once(runs: DataFrame, parts: Sequence[ClusterPart]) -> _Once:
    """The runs without rows that repeat a job run; they are not looked for where a ledger says that there are none."""
    origins = origins_of(parts)
    contents, files = contents_of(runs, origins)
    astray = {
        number: _rows_astray(runs.filter(sql.col("file") == files[number]), origins[number])
        for number in strays(origins, contents)
    }
    notes = tuple(ledger_warnings(origins, contents, astray))
    if (are_apart(origins) and not astray) or not has_repeats(runs):
        return _Once(runs, notes)
    with_rank = ranked(runs, origins, contents, files)
    return _Once(with_rank.filter("counts"), (*notes, *repeat_warnings(repeated(with_rank), origins)))


def _rows_astray(runs: DataFrame, origin: Origin) -> int:
    if origin.recorded is None:
        return 0
    days = origin.recorded.days
    return int(runs.filter(~sql.col("date").between(str(days.first), str(days.last))).count())


def _outside(runs: DataFrame, parts: Sequence[ClusterPart], period: Period | None) -> list[Outside]:
    """What TOTAL_CREDITS of the period does not include."""
    new = new_credit_columns(name for part in parts for name in part.columns)
    if not new:
        return []
    if period:
        inside = sql.col("date").between(str(period.first), str(period.last))
        runs = runs.filter(inside | sql.col("date").isNull())
    amounts = [sql.sum(f"{kind}_outside").alias(f"{kind} credits") for kind in new]
    counts = [sql.count(f"{kind}_outside").alias(f"{kind} runs") for kind in new]
    found = runs.agg(*amounts, *counts).collect()[0].asDict()
    return [
        Outside(column, found[f"{kind} credits"], found[f"{kind} runs"])
        for kind, column in new.items()
        if found[f"{kind} runs"]
    ]


def _tidy_days(sums: pl.DataFrame) -> pl.DataFrame:
    try:
        return tidy_days(sums)
    except pl.exceptions.PolarsError:
        raise DataError(
            "In the usage files a JOB_RUN_DATE is not a date; `report` without --engine spark names the line."
        ) from None


def _summed(runs: DataFrame, dimensions: Sequence[str], kinds: Sequence[str]) -> pl.DataFrame:
    sums = collected(sum_runs(nw.from_native(runs), dimensions, kinds).to_native())
    return sums.with_columns(pl.col(pl.String).exclude("date").cast(pl.Categorical))
