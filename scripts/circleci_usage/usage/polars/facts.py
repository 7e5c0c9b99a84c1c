"""What a unit of parts says: its job runs, compact, and their sums.

A unit is read once, streamed into a temporary Parquet file with the few columns that matter;
everything else is made from that, some rows at a time. So an export of any size takes a bounded
amount of memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.core.machine import cores
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import new_credit_columns
from circleci_usage.usage.aggregates import NUMBER, refuse_odd
from circleci_usage.usage.bounds import have_long_rows
from circleci_usage.usage.damage import (
    damage_behind,
    find_damage,
    has_other_lengths,
    is_no_space,
    no_space_left,
)
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.plain import may_be_misread, plain_parts
from circleci_usage.usage.polars.compact_runs import (
    ROWS_OF_A_FILE,
    JobRuns,
    RunsFile,
    scan_compact,
    write_compact,
)
from circleci_usage.usage.polars.job_runs import in_batches, typed_runs
from circleci_usage.usage.polars.repeats import contents_of
from circleci_usage.usage.polars.scan import WHOLE, Amounts, scan_parts
from circleci_usage.usage.polars.sums import BareSums, added, bare_sums
from circleci_usage.usage.repeats import Content
from circleci_usage.usage.units import Unit

_AT_A_TIME: Final = 2
_SMALL: Final = 24 << 20
"""Bytes of a unit that is read beside another one."""

_SIGN: Final = "\\"
"""Polars takes an escaped quote for the end of a text, drops it, and leaves the backslash."""


@dataclass(frozen=True)
class Facts:
    """What a unit says.

    Attributes:
        files: its job runs; `part` is the number of the part in its unit.
        contents: what is in each part that has rows, by its number.
    """

    files: tuple[RunsFile, ...]
    contents: Mapping[int, Content]

    def sums(self, patterns: NamePatterns) -> BareSums:
        """The sums of its job runs."""
        return sums_of(self.files, patterns)


def sums_of(files: Iterable[RunsFile], patterns: NamePatterns) -> BareSums:
    """The sums of the job runs of files, a file at a time."""
    frames = (scan_compact(file).collect(engine="streaming") for file in files)
    return added(bare_sums(frame, patterns) for frame in frames)


def read_facts(unit: Unit, patterns: NamePatterns, folder: Path) -> tuple[Facts, BareSums]:
    """Read the parts of a unit; if that fails or is doubtful, check all rows, read plain copies.

    Args:
        unit: what to read.
        patterns: what branches and users are grouped by in the sums.
        folder: where the job runs are kept; other files in it are of no use.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
        UnfinishedError: the disk is full.
    """
    parts = unit.parts
    with working_folder() as temporary:
        if have_long_rows(parts):
            parts = plain_parts(parts, temporary / "short")
        try:
            read = _read(parts, unit, patterns, temporary / "first", folder)
        except (pl.exceptions.PolarsError, OSError) as error:
            if is_no_space(error):
                raise no_space_left() from error
            plain = plain_parts(parts, temporary / "plain")
            if plain == tuple(parts):
                raise damage_behind(error, parts) from error
        else:
            plain = plain_parts(parts, temporary / "plain") if read.is_doubtful else tuple(parts)
            if plain == tuple(parts):
                return read.facts, read.sums
        try:
            read = _read(plain, unit, patterns, temporary / "second", folder)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise damage_behind(error, parts) from error
        return read.facts, read.sums


@dataclass(frozen=True)
class _Read:
    """What the fast reader made of the parts."""

    facts: Facts
    sums: BareSums
    is_doubtful: bool


def _read(
    parts: Sequence[Part],
    unit: Unit,
    patterns: NamePatterns,
    temporary: Path,
    folder: Path,
) -> _Read:
    temporary.mkdir()
    runs = _runs_of(parts, unit, temporary)
    is_doubtful = _is_doubtful(runs, parts)

    def kept(number: int, some: pl.LazyFrame) -> tuple[RunsFile, BareSums]:
        rows = some.collect()
        return write_compact(rows, folder, number), bare_sums(rows, patterns)

    with ThreadPoolExecutor(min(cores(), _AT_A_TIME)) as pool:
        made = [*pool.map(kept, count(), in_batches(runs, ROWS_OF_A_FILE))]
    files = tuple(file for file, _ in made)
    of_all = added(sums for _, sums in made)
    every = (of_all.days, of_all.branches, of_all.users)
    for sums in every:
        refuse_odd(sums)
    has_sign = any(may_be_misread(sums, _SIGN) for sums in every)
    return _Read(Facts(files, contents_of(runs)), of_all, is_doubtful or has_sign)


def _runs_of(parts: Sequence[Part], unit: Unit, folder: Path) -> pl.LazyFrame:
    """The rows of the parts, in a temporary file.

    Each attempt has its own file: the writers of a failed one go on for a moment.
    """
    new = unit.new if parts == unit.parts else _new_of(parts)

    def runs(amounts: Amounts) -> pl.LazyFrame:
        return typed_runs(scan_parts(parts, amounts, new=new, identified=unit.identified))

    try:
        return _written(runs(WHOLE), folder / "whole.parquet")
    except (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError):
        # Most often the first fraction; if it was damage, the second attempt finds it again.
        return _written(runs(NUMBER), folder / "exact.parquet")


def is_small(unit: Unit) -> bool:
    """Whether another unit can be read at the same time without much more memory."""
    return sum(part.path.stat().st_size for part in unit.parts if not part.is_gone) <= _SMALL


def _written(runs: pl.LazyFrame, file: Path) -> pl.LazyFrame:
    # Not collected with a limit where they are few: Polars then skips rows that it cannot read.
    runs.sink_parquet(file, compression="lz4", maintain_order=False, statistics=False)
    return pl.scan_parquet(file)


def _new_of(parts: Sequence[Part]) -> dict[str, str]:
    """A copy may have a column more: that of a header in the middle of the original."""
    return new_credit_columns(name for part in parts for name in part.columns)


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


def job_runs_of(facts: Sequence[Facts], first_parts: Sequence[int]) -> JobRuns:
    """The job runs of units.

    Args:
        facts: what the units say.
        first_parts: the number of the first part of each unit among all parts.
    """
    numbered = zip(facts, first_parts, strict=True)
    return JobRuns(
        tuple(replace(file, first_part=first) for each, first in numbered for file in each.files)
    )


def contents_of_units(facts: Sequence[Facts], first_parts: Sequence[int]) -> dict[int, Content]:
    """What is in each part that has rows, numbered through all units; see `job_runs_of`."""
    return {
        first + number: content
        for each, first in zip(facts, first_parts, strict=True)
        for number, content in each.contents.items()
    }
