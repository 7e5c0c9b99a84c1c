"""Parts → their sums, on this machine.

The parts are read once, streamed into a temporary Parquet file with the few columns that matter, a
twentieth of their size; everything else is read from that (`job_runs`, `run_statistics`). So an
export of any size takes a bounded amount of memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import OTHER, credit_types_of, new_credit_columns
from circleci_usage.usage.aggregates import (
    BRANCH_DIMENSIONS,
    DAILY_DIMENSIONS,
    NUMBER,
    Sums,
    tidy_branches,
    tidy_days,
)
from circleci_usage.usage.bounds import have_long_rows
from circleci_usage.usage.damage import (
    damage_behind,
    find_damage,
    has_other_lengths,
    is_no_space,
    no_space_left,
)
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.outside import Outside, outside_names, outside_of, outside_warnings
from circleci_usage.usage.plain import may_be_misread, plain_parts
from circleci_usage.usage.polars.job_runs import in_batches, unless_identified, write_runs
from circleci_usage.usage.polars.repeats import contents_of, left_out_of, without
from circleci_usage.usage.polars.run_statistics import compute_run_statistics
from circleci_usage.usage.polars.scan import WHOLE, scan_parts
from circleci_usage.usage.repeats import (
    Content,
    Origin,
    are_apart,
    ledger_warnings,
    origins_of,
    repeat_warnings,
    strays,
)

_AT_A_TIME: Final = 800_000
_SIGN: Final = "\\"
"""Polars takes an escaped quote for the end of a text, drops it, and leaves the backslash."""


@dataclass(frozen=True)
class _Written:
    """The job runs on disk, each once.

    Attributes:
        runs: the rows of the temporary file.
        warnings: what a reader should know of them.
        has_repeats: whether rows were left out.
        may_be_misread: whether rows may have been misunderstood.
    """

    runs: pl.LazyFrame
    warnings: tuple[str, ...]
    has_repeats: bool
    may_be_misread: bool


@dataclass(frozen=True)
class _Read:
    """What the fast reader made of the parts; `days` and `branches` are as in `Sums`."""

    written: _Written
    days: pl.DataFrame
    branches: pl.DataFrame
    may_be_misread: bool


def sum_parts(
    parts: Sequence[Part],
    branch_globs: Sequence[str],
    period: Period | None,
    job_groups: JobGroups = NO_GROUPS,
) -> Sums:
    """The sums of all parts, each job run counted once, and the run statistics of a period.

    The sums are by the names of jobs, the run statistics by those of their groups.

    Args:
        parts: what to read.
        branch_globs: the globs that branches are grouped by.
        period: the days of the run statistics; None for all days.
        job_groups: what jobs are called in the run statistics.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
        UnfinishedError: the disk is full.
    """
    with working_folder() as folder:
        read = _read_plain(parts, branch_globs, folder)
        runs = read.written.runs
        groups = job_groups.renamed(read.days["job"].unique().cast(pl.String))
        warnings = (*read.written.warnings, *outside_warnings(_outside(runs, parts, period)))
        return Sums(
            read.days,
            read.branches,
            compute_run_statistics(runs, period, groups),
            warnings,
            read.written.has_repeats,
        )


def _read_plain(parts: Sequence[Part], branch_globs: Sequence[str], folder: Path) -> _Read:
    """Read the parts; if that fails or is doubtful, check all rows and read plain copies."""
    if have_long_rows(parts):
        parts = plain_parts(parts, folder / "short")
    try:
        read = _read(parts, branch_globs, folder / "first")
    except (pl.exceptions.PolarsError, OSError) as error:
        if is_no_space(error):
            raise no_space_left() from error
        plain = plain_parts(parts, folder / "plain")
        if plain == tuple(parts):
            raise damage_behind(error, parts) from error
    else:
        plain = plain_parts(parts, folder / "plain") if read.may_be_misread else tuple(parts)
        if plain == tuple(parts):
            return read
    try:
        return _read(plain, branch_globs, folder / "second")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise damage_behind(error, parts) from error


def _read(parts: Sequence[Part], branch_globs: Sequence[str], folder: Path) -> _Read:
    folder.mkdir()
    written = _written_once(parts, branch_globs, folder)
    credit_types = _credit_types(written.runs)
    by_day = _summed(written.runs, DAILY_DIMENSIONS, credit_types)
    by_branch = _summed(unless_identified(written.runs), BRANCH_DIMENSIONS, credit_types)
    days = tidy_days(by_day)
    has_sign = any(may_be_misread(sums, _SIGN) for sums in (by_day, by_branch))
    return _Read(
        written,
        days,
        tidy_branches(by_branch, days),
        may_be_misread=written.may_be_misread or has_sign,
    )


def _written_once(parts: Sequence[Part], branch_globs: Sequence[str], folder: Path) -> _Written:
    """The temporary file, without rows that repeat a job run.

    Looking for these takes time. It is skipped where a ledger rules them out, unless a part has
    days outside its window.
    """
    origins = origins_of(parts)
    identified = not are_apart(origins)
    runs = pl.scan_parquet(_written(parts, branch_globs, folder, identified=identified))
    is_doubtful = _is_doubtful(runs, parts)
    contents = contents_of(runs)
    astray = strays(origins, contents)
    if astray and not identified:
        again = folder / "identified"
        again.mkdir()
        runs = pl.scan_parquet(_written(parts, branch_globs, again, identified=True))
    counted = {number: _rows_astray(runs, number, origins[number]) for number in astray}
    notes = tuple(ledger_warnings(origins, contents, counted))
    if identified or astray:
        once = _each_once(runs, origins, contents, folder, notes)
        return replace(once, may_be_misread=is_doubtful)
    return _Written(runs, notes, has_repeats=False, may_be_misread=is_doubtful)


def _each_once(
    runs: pl.LazyFrame,
    origins: Sequence[Origin],
    contents: dict[int, Content],
    folder: Path,
    notes: tuple[str, ...],
) -> _Written:
    left_out = left_out_of(runs, origins, contents)
    if left_out is None:
        return _Written(runs, notes, has_repeats=False, may_be_misread=False)
    warnings = (*notes, *repeat_warnings(left_out.repeated(), origins))
    once = without(runs, left_out, folder / "once")
    return _Written(once, warnings, has_repeats=True, may_be_misread=False)


def _rows_astray(runs: pl.LazyFrame, number: int, origin: Origin) -> int:
    days = origin.recorded.days if origin.recorded else None
    if days is None:
        return 0
    is_inside = pl.col("date").is_between(pl.lit(str(days.first)), pl.lit(str(days.last)))
    rows = runs.filter((pl.col("part") == number) & ~is_inside)
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def _is_doubtful(runs: pl.LazyFrame, parts: Sequence[Part]) -> bool:
    """Whether the fast reader may have taken a row for another.

    Raises:
        DataError: it has rounded an amount, or a job ran longer than any.
    """
    checked = (
        runs.group_by("part")
        .agg(pl.col("malformed", "escaped", "doubtful").sum())
        .collect(engine="streaming")
    )
    if checked["doubtful"].sum():
        damage = find_damage(parts)
        if damage:
            raise damage
    malformed = checked.filter(pl.col("malformed") > 0)["part"].sort()
    return bool(checked["escaped"].sum()) or any(
        has_other_lengths(parts[number]) for number in malformed
    )


def _written(
    parts: Sequence[Part], branch_globs: Sequence[str], folder: Path, *, identified: bool
) -> Path:
    """The file with the rows of the parts.

    Each attempt has its own file: the writers of a failed one go on for a moment.
    """
    whole, exact = folder / "whole.parquet", folder / "exact.parquet"
    try:
        write_runs(scan_parts(parts, branch_globs, WHOLE, identified=identified), whole)
    except (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError):
        # Most often the first fraction; if it was damage, the second attempt finds it again.
        write_runs(scan_parts(parts, branch_globs, NUMBER, identified=identified), exact)
        return exact
    return whole


def _summed(
    runs: pl.LazyFrame, dimensions: Sequence[str], credit_types: Sequence[str]
) -> pl.DataFrame:
    """Sums of the sums of some runs at a time."""
    sums = [
        _sums_of(some, dimensions, credit_types).collect(engine="streaming")
        for some in in_batches(runs, _AT_A_TIME)
    ]
    if len(sums) == 1:
        return sums[0]
    return pl.concat(sums).lazy().group_by(dimensions).sum().collect(engine="streaming")


def _sums_of(
    runs: pl.LazyFrame, dimensions: Sequence[str], credit_types: Sequence[str]
) -> pl.LazyFrame:
    """Job runs → their sums by some dimensions; credit types that no run has may be left out.

        date       | job | total_credits | compute_credits | other_credits
        2026-03-01 | a   | 10            | 10              | null
        2026-03-01 | a   | 5             | 5               | null

    becomes (null is written for zero, so that only rows with an amount are counted)

        date       | job | job_runs | total_credits | unreconciled_rows | compute_runs …
        2026-03-01 | a   | 2        | 15            | 0                 | 2
    """
    credits = [f"{kind}_credits" for kind in credit_types]
    counts = [pl.col(f"{kind}_credits").count().alias(f"{kind}_runs") for kind in credit_types]
    return runs.group_by(*dimensions).agg(
        pl.len().alias("job_runs"),
        pl.col("job_seconds").sum(),
        pl.col("total_credits").sum(),
        pl.col(f"{OTHER}_credits").count().alias("unreconciled_rows"),
        pl.col(credits).sum(),
        *counts,
    )


def _credit_types(runs: pl.LazyFrame) -> list[str]:
    """The credit types in use. Few exports have all, and the others take as much time to sum."""
    kinds = credit_types_of(runs.collect_schema().names())
    used = runs.select(pl.col(f"{kind}_credits").is_not_null().any().alias(kind) for kind in kinds)
    return [
        kind
        for kind, is_used in used.collect(engine="streaming").row(0, named=True).items()
        if is_used
    ]


def _outside(runs: pl.LazyFrame, parts: Sequence[Part], period: Period | None) -> list[Outside]:
    """What TOTAL_CREDITS of the period does not include, or perhaps not."""
    new = new_credit_columns(name for part in parts for name in part.columns)
    if not new:
        return []
    if period:
        other_days = ~pl.col("date").is_between(pl.lit(str(period.first)), pl.lit(str(period.last)))
        runs = runs.filter(~other_days.fill_null(value=False))
    names = outside_names(new)
    sums = runs.select(pl.col(names).sum()).collect(engine="streaming").row(0, named=True)
    counts = runs.select(pl.col(names).count()).collect(engine="streaming").row(0, named=True)
    return [*outside_of(new, sums, counts)]
