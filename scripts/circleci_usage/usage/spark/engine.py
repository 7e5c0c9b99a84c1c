"""Parts → their sums, on a cluster. Only sums come back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import polars as pl
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sql

from circleci_usage.core.errors import DataError
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.periods import EXPORTED_DAYS, Period
from circleci_usage.core.temporary_folders import WORKING, working_folder
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
from circleci_usage.usage.bounds import have_long_rows
from circleci_usage.usage.cache import cache_beside, read_sums
from circleci_usage.usage.chosen_names import chosen_names
from circleci_usage.usage.damage import find_damage
from circleci_usage.usage.engine import Source
from circleci_usage.usage.file_hashes import FileState, state_of
from circleci_usage.usage.input_files import FoundParts, Part
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.kept_facts import are_kept
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.outside import Outside, outside_names, outside_of, outside_warnings
from circleci_usage.usage.plain import may_be_misread, plain_parts
from circleci_usage.usage.repeats import Origin, are_apart, ledger_warnings, repeat_warnings, strays
from circleci_usage.usage.spark.amounts import zero
from circleci_usage.usage.spark.cluster import explaining_spark
from circleci_usage.usage.spark.input_files import (
    ClusterPart,
    ClusterParts,
    find_cluster_parts,
    shared_parts,
)
from circleci_usage.usage.spark.job_runs import ESCAPED_QUOTE, read_runs, unless_identified
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


class _DoubtError(DataError):
    """Spark may have misunderstood rows."""

    def __init__(self) -> None:
        super().__init__(
            "The files at the URLs have backslashes before quotes, which may be escape signs;"
            " Spark does not support these. Download the files and `merge` them: Spark can read the"
            " merged file."
        )


def on_cluster(spark: SparkSession, found: FoundParts, urls: Sequence[str]) -> Source:
    """Parts as a cluster reads them: files on a path that it shares with this machine, and URLs.

    Raises:
        SettingsError: there is nothing at the URLs, or Spark cannot read them.
        DataError: a file is not a usage export.
        ServiceError: the cluster failed.
    """
    with explaining_spark():
        there = find_cluster_parts(spark, urls) if urls else ClusterParts((), ())
    source = _Cluster(spark, found, there)
    return Source(
        files=len(source.parts),
        size=sum(part.size for part in source.parts),
        read=source.read,
        warnings=(*found.warnings, *there.warnings),
        complete_through=found.complete_through,
        complete=found.complete,
        facts_only=len(found.parts) - len(found.with_files),
    )


@dataclass(frozen=True)
class _Request:
    """What to sum up; see `engine.Read`."""

    period: Period | None
    patterns: NamePatterns
    job_groups: JobGroups


class _Cluster:
    """Reads the parts on this machine's shared path, and those that only the cluster sees."""

    def __init__(self, spark: SparkSession, found: FoundParts, there: ClusterParts) -> None:
        self._every = found.parts
        self._found = replace(found, parts=found.with_files)
        self.parts = (*shared_parts(self._found), *there.parts)
        self._spark = spark
        self._there = there
        self._states = [state_of(part.original) for part in self._found.parts]

    def read(
        self, period: Period | None, patterns: NamePatterns, job_groups: JobGroups = NO_GROUPS
    ) -> Sums:
        """See `engine.Read`."""
        local, every = self._found.parts, self._every
        _refuse_changed(local, self._states)
        if not self._there.parts and (len(every) > len(local) or are_kept(every)):
            # What parts said to this machine is small.
            return read_sums(every, patterns, period, cache_beside(every), job_groups)
        # The workers hold whole rows, too.
        if have_long_rows(local):
            _refuse_damaged(local)
        request = _Request(period, patterns.in_order, job_groups)
        try:
            sums = self._sums_of(self.parts, request)
        except DataError as problem:
            sums = self._sums_of_plain(problem, request)
        _refuse_changed(local, self._states)
        if _may_be_damaged(sums):
            _refuse_damaged(local)
        return sums

    def _sums_of_plain(self, problem: DataError, request: _Request) -> Sums:
        """The sums of plain copies, if they can help with a problem."""
        local, remote = self._found, self._there.parts
        with _plain_beside(local.parts) as plain:
            only_doubt = not remote and isinstance(problem, _DoubtError)
            if plain == local.parts and not only_doubt:
                raise problem
            parts = (*shared_parts(replace(local, parts=plain)), *remote)
            return self._sums_of(parts, request, trusting=not remote)

    def _sums_of(
        self, parts: Sequence[ClusterPart], request: _Request, *, trusting: bool = False
    ) -> Sums:
        with explaining_spark():
            return sum_parts(
                self._spark,
                parts,
                request.patterns,
                request.period,
                request.job_groups,
                trusting=trusting,
            )


def sum_parts(
    spark: SparkSession,
    parts: Sequence[ClusterPart],
    patterns: NamePatterns,
    period: Period | None,
    job_groups: JobGroups = NO_GROUPS,
    *,
    trusting: bool = False,
) -> Sums:
    """As `polars.aggregate.sum_parts`; the parts are read once, and the workers keep what matters.

    Args:
        spark: the session.
        parts: what to read.
        patterns: what branches and users are grouped by.
        period: the days of the run statistics; None for all days.
        job_groups: what jobs are called in the run statistics.
        trusting: whether the parts are plain, so that no row can be misunderstood.

    Raises:
        DataError: a day is not a date; or Spark may have misunderstood escape signs.
        pyspark.errors.PySparkException: a part is damaged, or the cluster is.
    """
    runs = read_runs(spark, parts).persist()
    try:
        once = _each_once(runs, parts)
        counted = once.runs
        kinds = credit_types_of(counted.columns)
        by_day = _summed(with_groups(counted, patterns), DAILY_DIMENSIONS, kinds)
        identified = unless_identified(counted)
        by_branch = _summed(identified, BRANCH_DIMENSIONS, kinds)
        by_user = _summed(identified, USER_DIMENSIONS, kinds)
        if not trusting and _is_doubtful(runs, by_day, by_branch, by_user):
            raise _DoubtError
        with _naming_hostile_rows():
            days = tidy_days(by_day)
            branches, users = tidy_branches(by_branch, days), tidy_users(by_user, days)
        groups = job_groups.renamed(days["job"].unique().cast(pl.String))
        branch_patterns = KnownPatterns.of(counted, "branch", patterns.branches)
        chosen = chosen_names(days, branches, period, patterns.branches)
        statistics = compute_run_statistics(counted, period, chosen, branch_patterns, groups)
        warnings = (*once.warnings, *outside_warnings(_outside(counted, parts, period)))
        return Sums(days, branches, users, statistics, warnings)
    finally:
        runs.unpersist()


def _refuse_changed(parts: Sequence[Part], states: Sequence[FileState]) -> None:
    """Refuse files that changed: Spark opens them several times, and skips what is gone by then.

    Raises:
        DataError: a file is not as it was when it was found.
    """
    for part, state in zip(parts, states, strict=True):
        if not part.original.is_file() or state_of(part.original) != state:
            raise DataError(
                f"{part.original} was changed while it was read; rerun the same command."
            )


def _refuse_damaged(parts: Sequence[Part]) -> None:
    damage = find_damage(parts)
    if damage:
        raise damage


def _may_be_damaged(sums: Sums) -> bool:
    """Whether names show that bytes are not UTF-8, or that text follows a closing quote."""
    signs = pl.col(pl.String, pl.Categorical).cast(pl.String).str.contains('^"|\ufffd').any()
    return any(
        True in frame.select(signs).row(0) for frame in (sums.days, sums.branches, sums.users)
    )


@contextmanager
def _plain_beside(parts: tuple[Part, ...]) -> Iterator[tuple[Part, ...]]:
    """As `plain_parts`, on the path that the workers share; damaged parts stay as they are."""
    if not parts:
        yield parts
        return
    home = parts[0].path.parent
    with translate_os_errors(home), working_folder(home, f".{WORKING}") as folder:
        try:
            plain = plain_parts(parts, folder / "plain")
        except DataError:
            plain = parts
        yield plain


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
