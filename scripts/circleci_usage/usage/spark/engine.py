"""Parts → their sums, on a cluster. Only sums come back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import narwhals as nw
import polars as pl
from pyspark.sql import DataFrame, SparkSession

from circleci_usage.days import Period
from circleci_usage.errors import DataError
from circleci_usage.files import explaining
from circleci_usage.usage.parts import FoundParts, Part
from circleci_usage.usage.plain import may_be_misread, plain_parts
from circleci_usage.usage.source import Source
from circleci_usage.usage.spark.answers import ask, collected
from circleci_usage.usage.spark.parts import ClusterPart, ClusterParts, find_cluster_parts, shared_parts
from circleci_usage.usage.spark.runs import ESCAPED_QUOTE, read_runs, unless_identified
from circleci_usage.usage.spark.session import explaining_spark
from circleci_usage.usage.sums import BRANCH_DIMENSIONS, DIMENSIONS, Sums, sum_runs, tidy_branches, tidy_days


class _DoubtError(DataError):
    """Spark may have misunderstood rows."""

    def __init__(self) -> None:
        super().__init__(
            "The files at the URLs have backslashes before quotes, which may be escape signs; Spark does not know them."
            " Bring the files here and `merge` them: Spark reads what that writes."
        )


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
        def sums_of(parts: Sequence[ClusterPart], *, trusting: bool = False) -> Sums:
            with explaining_spark():
                return sum_parts(spark, parts, sorted(set(branch_globs)), period, trusting=trusting)

        try:
            return sums_of(parts)
        except DataError as problem:
            with _plain_beside(found.parts) as plain:
                sure = not there.parts and isinstance(problem, _DoubtError)
                if plain == found.parts and not sure:
                    raise
                return sums_of((*shared_parts(replace(found, parts=plain)), *there.parts), trusting=not there.parts)

    return Source(
        files=len(parts),
        size=sum(part.size for part in parts),
        read=read,
        warnings=(*found.warnings, *there.warnings),
        complete_through=found.complete_through,
    )


def sum_parts(
    spark: SparkSession,
    parts: Sequence[ClusterPart],
    branch_globs: Sequence[str],
    period: Period | None,
    *,
    trusting: bool = False,
) -> Sums:
    """As `heavy_pass.sum_parts`. The parts are read once; what the workers keep of them is asked for everything.

    Raises:
        DataError: a day is no date; or, unless `trusting`, Spark may have misunderstood escape signs.
        pyspark.errors.PySparkException: a part is damaged, or the cluster is.
    """
    runs = read_runs(spark, parts, branch_globs).persist()
    try:
        by_day = _summed(runs, DIMENSIONS)
        by_branch = _summed(unless_identified(runs), BRANCH_DIMENSIONS)
        if not trusting and _is_doubtful(by_day, by_branch):
            raise _DoubtError
        days = _tidy_days(by_day)
        return Sums(days, tidy_branches(by_branch, days), ask(runs, period))
    finally:
        runs.unpersist()


@contextmanager
def _plain_beside(parts: tuple[Part, ...]) -> Iterator[tuple[Part, ...]]:
    """As `plain_parts`, on the path that the workers share; the parts themselves where they are damaged."""
    if not parts:
        yield parts
        return
    home = parts[0].path.parent
    with explaining(home), TemporaryDirectory(prefix=".circleci-usage-", dir=home) as folder:
        try:
            plain = plain_parts(parts, Path(folder) / "plain")
        except DataError:
            plain = parts
        yield plain


def _is_doubtful(by_day: pl.DataFrame, by_branch: pl.DataFrame) -> bool:
    return bool(by_day["torn_rows"].sum()) or any(may_be_misread(sums, ESCAPED_QUOTE) for sums in (by_day, by_branch))


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
