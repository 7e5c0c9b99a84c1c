"""What a unit of parts says: its job runs, compact, and their sums.

A unit is read once, some rows at a time, and the few columns that matter are kept. So an export of
any size takes a bounded amount of memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.core.errors import DataError
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import new_credit_columns
from circleci_usage.usage.aggregates import refuse_odd
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
from circleci_usage.usage.polars.parts_reader import AT_A_TIME, PartsReader
from circleci_usage.usage.polars.repeats import contents_of
from circleci_usage.usage.polars.sums import BareSums, added, bare_sums
from circleci_usage.usage.repeats import Content, contents_together
from circleci_usage.usage.row_ends import BlankRowsError, LongRowError
from circleci_usage.usage.units import Unit

_FAULTS: Final = (pl.exceptions.PolarsError, OSError, DataError)

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
    with working_folder() as temporary:
        try:
            read = _read(unit.parts, unit, patterns, folder)
        except BlankRowsError:
            raise
        except LongRowError:
            plain = plain_parts(unit.parts, temporary / "plain")
        except _FAULTS as error:
            if is_no_space(error):
                raise no_space_left() from error
            plain = plain_parts(unit.parts, temporary / "plain")
            if plain == unit.parts:
                raise damage_behind(error, unit.parts) from error
        else:
            if not read.is_doubtful:
                return read.facts, read.sums
            plain = plain_parts(unit.parts, temporary / "plain")
            if plain == unit.parts:
                return read.facts, read.sums
        try:
            read = _read(plain, unit, patterns, folder, are_checked=True)
        except _FAULTS as error:
            raise damage_behind(error, unit.parts) from error
        return read.facts, read.sums


@dataclass(frozen=True)
class _Read:
    """What the fast reader made of the parts."""

    facts: Facts
    sums: BareSums
    is_doubtful: bool


@dataclass(frozen=True)
class _Kept:
    """Some job runs.

    Attributes:
        file: where they are kept.
        sums: their sums.
        contents: what is in each of their parts.
        malformed: the numbers of the parts where a row may be too short or too long.
        is_escaped: whether an unknown column has a backslash.
        is_doubtful: whether an amount may have been rounded, or a time is too long.
    """

    file: RunsFile
    sums: BareSums
    contents: Mapping[int, Content]
    malformed: frozenset[int]
    is_escaped: bool
    is_doubtful: bool


def _read(
    parts: Sequence[Part],
    unit: Unit,
    patterns: NamePatterns,
    folder: Path,
    *,
    are_checked: bool = False,
) -> _Read:
    new = unit.new if parts == unit.parts else _new_of(parts)
    reader = PartsReader(parts, new, identified=unit.identified, are_checked=are_checked)
    numbers = count()

    by_number: dict[int, _Kept] = {}

    def keep_some(_: int) -> None:
        for runs in reader.frames(ROWS_OF_A_FILE):
            number = next(numbers)
            by_number[number] = _keep(runs, patterns, folder, number)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        # A list, so that errors are raised here.
        list(pool.map(keep_some, range(AT_A_TIME)))
    kept = [by_number[number] for number in sorted(by_number)]
    sums = added(each.sums for each in kept)
    every = (sums.days, sums.branches, sums.users)
    for each in every:
        refuse_odd(each)
    has_sign = any(may_be_misread(each, _SIGN) for each in every)
    facts = Facts(
        tuple(each.file for each in kept), contents_together(each.contents for each in kept)
    )
    return _Read(facts, sums, has_sign or _may_be_misread(kept, parts))


def _keep(runs: pl.DataFrame, patterns: NamePatterns, folder: Path, number: int) -> _Kept:
    return _Kept(
        write_compact(runs, folder, number),
        bare_sums(runs, patterns),
        contents_of(runs.lazy()),
        frozenset(runs.filter("malformed")["part"].unique()),
        bool(runs["escaped"].any()),
        bool(runs["doubtful"].any()),
    )


def _may_be_misread(kept: Sequence[_Kept], parts: Sequence[Part]) -> bool:
    """Whether the fast reader may have taken a row for another.

    Raises:
        DataError: it has rounded an amount, or a job ran longer than any.
    """
    if any(each.is_doubtful for each in kept):
        damage = find_damage(parts)
        if damage:
            raise damage
    malformed = sorted(frozenset().union(*(each.malformed for each in kept)))
    return any(each.is_escaped for each in kept) or any(
        has_other_lengths(parts[number]) for number in malformed
    )


def _new_of(parts: Sequence[Part]) -> dict[str, str]:
    """A copy may have a column more: that of a header in the middle of the original."""
    return new_credit_columns(name for part in parts for name in part.columns)


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
