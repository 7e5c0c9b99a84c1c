"""Parts → their sums, on a cluster. Only sums come back.

The cluster reads what is kept of the parts (`kept_runs`), or else their rows (`job_runs`). What
this machine sums up sooner never reaches it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import polars as pl
from pyspark.sql import SparkSession

from circleci_usage.core.errors import DataError
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.periods import Period
from circleci_usage.core.temporary_folders import WORKING, working_folder
from circleci_usage.usage.aggregates import Sums
from circleci_usage.usage.bounds import have_long_rows
from circleci_usage.usage.cache import cache_beside, read_sums
from circleci_usage.usage.damage import find_damage
from circleci_usage.usage.engine import Source
from circleci_usage.usage.file_hashes import FileState, state_of
from circleci_usage.usage.input_files import FoundParts, Part
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.plain import plain_parts
from circleci_usage.usage.spark.cluster import explaining_spark
from circleci_usage.usage.spark.input_files import (
    ClusterPart,
    ClusterParts,
    find_cluster_parts,
    shared_parts,
)
from circleci_usage.usage.spark.job_runs import read_runs
from circleci_usage.usage.spark.kept_runs import KeptRuns, kept_runs, read_kept, read_missing
from circleci_usage.usage.spark.sums import DoubtError, Request, sum_runs

FEW: Final = 20_000_000
"""Kept job runs that this machine sums up in about the time that a small cluster takes."""


def on_cluster(
    spark: SparkSession, found: FoundParts, urls: Sequence[str], *, few: int = FEW
) -> Source:
    """Parts as a cluster reads them: files on a path that it shares with this machine, and URLs.

    Args:
        spark: the session.
        found: the files, and those of which only facts are kept.
        urls: what only the cluster sees.
        few: up to how many kept job runs are summed up on this machine.

    Raises:
        SettingsError: there is nothing at the URLs, or Spark cannot read them.
        DataError: a file is not a usage export.
        ServiceError: the cluster failed.
    """
    with explaining_spark():
        there = find_cluster_parts(spark, urls) if urls else ClusterParts((), ())
    source = _Cluster(spark, found, there, few)
    return Source(
        files=len(source.parts),
        size=sum(part.size for part in source.parts),
        read=source.read,
        warnings=(*found.warnings, *there.warnings),
        complete_through=found.complete_through,
        complete=found.complete,
        facts_only=len(found.parts) - len(found.with_files),
    )


class _Cluster:
    """Reads the parts on this machine's shared path, and those that only the cluster sees."""

    def __init__(
        self, spark: SparkSession, found: FoundParts, there: ClusterParts, few: int
    ) -> None:
        self._every = found.parts
        self._found = replace(found, parts=found.with_files)
        self.parts = (*shared_parts(self._found.parts), *there.parts)
        self._spark = spark
        self._there = there
        self._few = few
        self._states = [state_of(part.original) for part in self._found.parts]

    def read(
        self, period: Period | None, patterns: NamePatterns, job_groups: JobGroups = NO_GROUPS
    ) -> Sums:
        """See `engine.Read`."""
        request = Request(period, patterns.in_order, job_groups)
        _refuse_changed(self._found.parts, self._states)
        sums = None if self._there.parts else self._sums_of_kept(request)
        return sums or self._sums_of_rows(request)

    def _sums_of_kept(self, request: Request) -> Sums | None:
        """The sums of what is kept; None where the rows are read instead."""
        every = self._every
        kept = kept_runs(every)
        if kept is None and read_missing(every, request.patterns):
            kept = kept_runs(every)
        if kept and kept.rows > self._few:
            try:
                return self._sums_there(kept, request)
            except DataError:
                # What is kept cannot be used, or was removed meanwhile.
                kept = None
        if kept is None and len(every) == len(self._found.parts):
            return None
        cache = cache_beside(every)
        return read_sums(every, request.patterns, request.period, cache, request.job_groups)

    def _sums_there(self, kept: KeptRuns, request: Request) -> Sums:
        parts = shared_parts(self._every)
        with explaining_spark():
            runs = read_kept(self._spark, kept, parts)
            return sum_runs(runs, parts, request, trusting=True)

    def _sums_of_rows(self, request: Request) -> Sums:
        local = self._found.parts
        # The workers hold whole rows, too.
        if have_long_rows(local):
            _refuse_damaged(local)
        try:
            sums = self._sums_of(self.parts, request)
        except DataError as problem:
            sums = self._sums_of_plain(problem, request)
        _refuse_changed(local, self._states)
        if _may_be_damaged(sums):
            _refuse_damaged(local)
        return sums

    def _sums_of_plain(self, problem: DataError, request: Request) -> Sums:
        """The sums of plain copies, if they can help with a problem."""
        local, remote = self._found.parts, self._there.parts
        with _plain_beside(local) as plain:
            only_doubt = not remote and isinstance(problem, DoubtError)
            if plain == local and not only_doubt:
                raise problem
            parts = (*shared_parts(plain), *remote)
            return self._sums_of(parts, request, trusting=not remote)

    def _sums_of(
        self, parts: Sequence[ClusterPart], request: Request, *, trusting: bool = False
    ) -> Sums:
        with explaining_spark():
            runs = read_runs(self._spark, parts)
            return sum_runs(runs, parts, request, trusting=trusting)


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
