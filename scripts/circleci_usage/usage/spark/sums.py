"""Job runs on a cluster → their sums. Only sums come back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sql

from circleci_usage.core.errors import DataError
from circleci_usage.core.periods import EXPORTED_DAYS, Period
from circleci_usage.schema.export_columns import (
    LONGEST_NAME,
    OTHER,
    credit_types_of,
    new_credit_columns,
)
from circleci_usage.usage.aggregates import (
    BRANCH_DIMENSIONS,
    DAILY_DIMENSIONS,
    USER_DIMENSIONS,
    Sums,
    tidy_branches,
    tidy_days,
    tidy_users,
)
from circleci_usage.usage.chosen_names import chosen_names
from circleci_usage.usage.job_groups import JobGroups
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.outside import Outside, outside_names, outside_of, outside_warnings
from circleci_usage.usage.plain import may_be_misread
from circleci_usage.usage.repeats import Origin, are_apart, ledger_warnings, repeat_warnings, strays
from circleci_usage.usage.spark.amounts import zero
from circleci_usage.usage.spark.input_files import ClusterPart
from circleci_usage.usage.spark.job_runs import ESCAPED_QUOTE, unless_identified
from circleci_usage.usage.spark.name_groups import KnownPatterns, with_groups
from circleci_usage.usage.spark.repeats import (
    contents_of,
    has_repeats,
    origins_of,
    ranked,
    repeated,
)
from circleci_usage.usage.spark.run_expressions import collected
from circleci_usage.usage.spark.run_statistics import compute_run_statistics

SUMMING = "Summing job runs"
STATISTICS = "Run statistics"
"""What the cluster's own pages call the two phases; the first one reads."""


class DoubtError(DataError):
    """Spark may have misunderstood rows."""

    def __init__(self) -> None:
        super().__init__(
            "The files at the URLs have backslashes before quotes, which may be escape signs;"
            " Spark does not support these. Download the files and `merge` them: Spark can read the"
            " merged file."
        )


@dataclass(frozen=True)
class Request:
    """What to sum up; see `engine.Read`."""

    period: Period | None
    patterns: NamePatterns
    job_groups: JobGroups


def sum_runs(
    runs: DataFrame, parts: Sequence[ClusterPart], request: Request, *, trusting: bool
) -> Sums:
    """As `polars.aggregate.sum_parts`; the runs are read once, and the workers keep what matters.

    Args:
        runs: the columns of `job_runs.read_runs`.
        parts: what the runs are from.
        request: what to sum up.
        trusting: whether no row can have been misunderstood.

    Raises:
        DataError: a day is not a date; or Spark may have misunderstood escape signs.
        pyspark.errors.PySparkException: a part is damaged, or the cluster is.
    """
    describe = _describer(runs.sparkSession)
    patterns, period = request.patterns, request.period
    runs = runs.persist()
    try:
        describe(SUMMING)
        once = _each_once(runs, parts)
        counted = once.runs
        kinds = credit_types_of(counted.columns)
        by_day = _summed(with_groups(counted, patterns), DAILY_DIMENSIONS, kinds)
        identified = unless_identified(counted)
        by_branch = _summed(identified, BRANCH_DIMENSIONS, kinds)
        by_user = _summed(identified, USER_DIMENSIONS, kinds)
        if not trusting and _is_doubtful(runs, by_day, by_branch, by_user):
            raise DoubtError
        with _naming_hostile_rows():
            days = tidy_days(by_day)
            branches, users = tidy_branches(by_branch, days), tidy_users(by_user, days)
        describe(STATISTICS)
        groups = request.job_groups.renamed(days["job"].unique().cast(pl.String))
        branch_patterns = KnownPatterns.of(counted, "branch", patterns.branches)
        chosen = chosen_names(days, branches, period, patterns.branches)
        statistics = compute_run_statistics(counted, period, chosen, branch_patterns, groups)
        warnings = (*once.warnings, *outside_warnings(_outside(counted, parts, period)))
        return Sums(days, branches, users, statistics, warnings)
    finally:
        runs.unpersist()
        describe(None)


def _describer(spark: SparkSession) -> Callable[[str | None], None]:
    """Names what follows on the cluster's own pages and in its event log."""

    def describe(phase: str | None) -> None:
        spark.sparkContext.setLocalProperty("spark.job.description", phase)

    return describe


def _is_doubtful(runs: DataFrame, *sums: pl.DataFrame) -> bool:
    shown = any(may_be_misread(each, ESCAPED_QUOTE) for each in sums)
    return shown or not runs.filter("escaped = 1").isEmpty()


@dataclass(frozen=True)
class _Once:
    """The job runs, each once, and what a reader should know of them."""

    runs: DataFrame
    warnings: tuple[str, ...]


def _each_once(runs: DataFrame, parts: Sequence[ClusterPart]) -> _Once:
    """The runs without rows that repeat a job run, unless a ledger rules these out."""
    origins = origins_of(parts)
    contents, files = contents_of(runs, parts)
    astray = {
        number: _rows_astray(runs.filter(sql.col("file") == files[number]), origins[number])
        for number in strays(origins, contents)
    }
    notes = tuple(ledger_warnings(origins, contents, astray))
    if (are_apart(origins) and not astray) or not has_repeats(runs):
        return _Once(runs, notes)
    with_rank = ranked(runs, origins, contents, files)
    return _Once(
        with_rank.filter("counts"), (*notes, *repeat_warnings(repeated(with_rank), origins))
    )


def _rows_astray(runs: DataFrame, origin: Origin) -> int:
    if origin.recorded is None:
        return 0
    days = origin.recorded.days
    return int(runs.filter(~sql.col("date").between(str(days.first), str(days.last))).count())


def _outside(runs: DataFrame, parts: Sequence[ClusterPart], period: Period | None) -> list[Outside]:
    """What TOTAL_CREDITS of the period does not include, or perhaps not."""
    new = new_credit_columns(name for part in parts for name in part.columns)
    if not new:
        return []
    if period:
        inside = sql.col("date").between(str(period.first), str(period.last))
        runs = runs.filter(inside | sql.col("date").isNull())
    names = outside_names(new)
    sums = runs.agg(*(sql.sum(name).alias(name) for name in names)).collect()[0].asDict()
    counts = runs.agg(*(sql.count(name).alias(name) for name in names)).collect()[0].asDict()
    return [*outside_of(new, sums, counts)]


@contextmanager
def _naming_hostile_rows() -> Iterator[None]:
    names_the_line = "`report` without --engine spark names the line."
    try:
        yield
    except pl.exceptions.ComputeError:
        raise DataError(
            "In the usage files a JOB_RUN_DATE is not"
            f" from {EXPORTED_DAYS.first} to {EXPORTED_DAYS.last}, or a name is longer than"
            f" {LONGEST_NAME:,} characters; {names_the_line}"
        ) from None
    except pl.exceptions.PolarsError:
        raise DataError(
            f"In the usage files a JOB_RUN_DATE is not a date; {names_the_line}"
        ) from None


def _summed(runs: DataFrame, dimensions: Sequence[str], kinds: Sequence[str]) -> pl.DataFrame:
    """As in `polars.aggregate`: the sums of the job runs by some dimensions."""
    sums = collected(
        runs.groupBy(*dimensions).agg(
            sql.count("*").alias("job_runs"),
            sql.sum("job_seconds").alias("job_seconds"),
            sql.sum("total_credits").alias("total_credits"),
            sql.count(f"{OTHER}_credits").alias("unreconciled_rows"),
            *(_sum_or_zero(f"{kind}_credits") for kind in kinds),
            *(sql.count(f"{kind}_credits").alias(f"{kind}_runs") for kind in kinds),
        )
    )
    return sums.with_columns(pl.col(pl.String).exclude("date").cast(pl.Categorical))


def _sum_or_zero(amount: str) -> Column:
    """The sum of a column; zero is written as null, and Spark's sum of nulls is null."""
    return sql.coalesce(sql.sum(amount), zero()).alias(amount)
