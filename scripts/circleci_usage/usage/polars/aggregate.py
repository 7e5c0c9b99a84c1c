"""Parts → their sums, on this machine.

Each unit of parts is read once (`facts`); what it says is kept (`kept_facts`) and put together
here. Only rows that repeat a job run of another unit cost a second look, at the compact job runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import polars as pl

from circleci_usage.core.machine import cores
from circleci_usage.core.periods import Period
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import new_credit_columns
from circleci_usage.usage.aggregates import Sums, tidy_branches, tidy_days, tidy_users
from circleci_usage.usage.chosen_names import chosen_names
from circleci_usage.usage.day_statistics import DayStatistics
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.kept_facts import KeptFacts
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.outside import Outside, outside_names, outside_of, outside_warnings
from circleci_usage.usage.polars.compact_runs import JobRuns
from circleci_usage.usage.polars.day_statistics import compute_day_statistics
from circleci_usage.usage.polars.facts import (
    AT_ONCE,
    Facts,
    contents_of_units,
    is_small,
    job_runs_of,
    sums_of,
)
from circleci_usage.usage.polars.repeats import LeftOut, left_out_of, without
from circleci_usage.usage.polars.run_statistics import compute_run_statistics
from circleci_usage.usage.polars.sums import BareSums, RunningSums
from circleci_usage.usage.repeats import (
    Content,
    Origin,
    are_apart,
    ledger_warnings,
    origins_of,
    repeat_warnings,
    strays,
)
from circleci_usage.usage.units import Unit, first_parts, units_of

_AT_A_TIME: Final = 2
_KEPT_FAILED: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True)
class Gathered:
    """What all units say together.

    Attributes:
        runs: the job runs, each once.
        sums: their sums, tidy.
        warnings: what a reader should know of them.
        has_repeats: whether rows were left out.
    """

    runs: JobRuns
    sums: BareSums
    warnings: tuple[str, ...]
    has_repeats: bool = False


def sum_parts(
    parts: Sequence[Part],
    patterns: NamePatterns,
    period: Period | None,
    job_groups: JobGroups = NO_GROUPS,
    home: Path | None = None,
) -> Sums:
    """The sums of all parts, each job run counted once, and the run statistics of a period.

    The sums are by the names of jobs, the run statistics by those of their groups.

    Args:
        parts: what to read.
        patterns: what branches and users are grouped by.
        period: the days of the run statistics; None for all days.
        job_groups: what jobs are called in the run statistics.
        home: the folder where what the parts say is kept.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
        UnfinishedError: the disk is full.
    """
    try:
        return _sum_parts(parts, patterns, period, job_groups, home)
    except _KEPT_FAILED:
        if home is None:
            raise
        # What is kept cannot be used, or was removed meanwhile: read everything.
        return _sum_parts(parts, patterns, period, job_groups, None)


def _sum_parts(
    parts: Sequence[Part],
    patterns: NamePatterns,
    period: Period | None,
    job_groups: JobGroups,
    home: Path | None,
) -> Sums:
    with _gathered(parts, patterns, job_groups, home) as (gathered, groups):
        outside = outside_warnings(_outside(gathered.runs, parts, period))
        sums = gathered.sums
        chosen = chosen_names(sums.days, sums.branches, period, patterns.branches)
        return Sums(
            sums.days,
            sums.branches,
            sums.users,
            compute_run_statistics(gathered.runs, period, chosen, patterns.branches, groups),
            (*gathered.warnings, *outside),
            gathered.has_repeats,
        )


def read_day_statistics(
    parts: Sequence[Part],
    patterns: NamePatterns,
    job_groups: JobGroups = NO_GROUPS,
    home: Path | None = None,
) -> DayStatistics:
    """The statistics of the runs of each day. Arguments and errors are as of `sum_parts`."""
    with _gathered(parts, patterns, job_groups, home) as (gathered, groups):
        return compute_day_statistics(gathered.runs, patterns.branches, groups, gathered.sums.days)


@contextmanager
def _gathered(
    parts: Sequence[Part],
    patterns: NamePatterns,
    job_groups: JobGroups,
    home: Path | None,
) -> Iterator[tuple[Gathered, Mapping[str, str]]]:
    """What the parts say, and the names that jobs get from their groups."""
    with working_folder() as folder:
        gathered = gather(parts, patterns, KeptFacts(home, folder), folder)
        jobs = gathered.sums.days["job"].unique().cast(pl.String)
        yield gathered, job_groups.renamed(jobs)


def gather(
    parts: Sequence[Part], patterns: NamePatterns, kept: KeptFacts, folder: Path
) -> Gathered:
    """Put together what the units of the parts say.

    Looking for rows that repeat a job run takes time. It is skipped where a ledger rules them out,
    unless a part has days outside its window.

    Args:
        parts: what to read.
        patterns: what branches and users are grouped by in the sums.
        kept: what is known.
        folder: for files that are needed as long as the job runs are.
    """
    origins = origins_of(parts)
    identified = not are_apart(origins)
    units = _of_units(parts, patterns, kept, identified=identified)
    astray = strays(origins, units.contents)
    if astray and not identified:
        units = _of_units(parts, patterns, kept, identified=True)
    counted = {number: _rows_astray(units.runs, number, origins[number]) for number in astray}
    notes = tuple(ledger_warnings(origins, units.contents, counted))
    left_out = None
    if identified or astray:
        left_out = left_out_of(units.runs.all(), origins, units.contents)
    if left_out is None:
        return Gathered(units.runs, _tidy(units.sums), notes)
    repeated = repeat_warnings(left_out.repeated(), origins)
    return _each_once(units.runs, left_out, patterns, folder, (*notes, *repeated))


@dataclass(frozen=True)
class _OfUnits:
    """What units say.

    Attributes:
        runs: the job runs of all.
        sums: of all, untidied.
        contents: what is in the parts of all.
    """

    runs: JobRuns
    sums: BareSums
    contents: Mapping[int, Content]


def _of_units(
    parts: Sequence[Part], patterns: NamePatterns, kept: KeptFacts, *, identified: bool
) -> _OfUnits:
    units = units_of(parts, identified=identified)
    facts, sums = _found(units, patterns, kept)
    firsts = first_parts(units)
    return _OfUnits(job_runs_of(facts, firsts), sums, contents_of_units(facts, firsts))


def _found(
    units: Sequence[Unit], patterns: NamePatterns, kept: KeptFacts
) -> tuple[list[Facts], BareSums]:
    """What each unit says, and their sums.

    While one is read, another one is checked before or kept afterwards, which uses one core. Small
    ones are also read beside each other: parts of that use one core, too.
    """
    turn = AT_ONCE if all(map(is_small, units)) else Lock()
    facts, sums = [], RunningSums()
    with ThreadPoolExecutor(min(cores(), _AT_A_TIME)) as pool:
        for of_unit, its_sums in pool.map(lambda unit: kept.of(unit, patterns, turn), units):
            facts.append(of_unit)
            sums.add(its_sums)
    kept.sweep()
    return facts, sums.total()


def _each_once(
    runs: JobRuns,
    left_out: LeftOut,
    patterns: NamePatterns,
    folder: Path,
    warnings: tuple[str, ...],
) -> Gathered:
    """The job runs without rows that repeat one."""
    once = without(runs, left_out, folder / "once")
    sums = _tidy(sums_of(once.files, patterns))
    return Gathered(once, sums, warnings, has_repeats=True)


def _tidy(sums: BareSums) -> BareSums:
    days = tidy_days(sums.days)
    return BareSums(days, tidy_branches(sums.branches, days), tidy_users(sums.users, days))


def _rows_astray(runs: JobRuns, number: int, origin: Origin) -> int:
    days = origin.recorded.days if origin.recorded else None
    if days is None:
        return 0
    is_inside = pl.col("date").is_between(pl.lit(str(days.first)), pl.lit(str(days.last)))
    rows = runs.all().filter((pl.col("part") == number) & ~is_inside)
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def _outside(runs: JobRuns, parts: Sequence[Part], period: Period | None) -> list[Outside]:
    """What TOTAL_CREDITS of the period does not include, or perhaps not."""
    new = new_credit_columns(name for part in parts for name in part.columns)
    if not new:
        return []
    every = runs.all()
    if period:
        other_days = ~pl.col("date").is_between(pl.lit(str(period.first)), pl.lit(str(period.last)))
        every = every.filter(~other_days.fill_null(value=False))
    names = outside_names(new)
    sums = every.select(pl.col(names).sum()).collect(engine="streaming").row(0, named=True)
    counts = every.select(pl.col(names).count()).collect(engine="streaming").row(0, named=True)
    return [*outside_of(new, sums, counts)]
