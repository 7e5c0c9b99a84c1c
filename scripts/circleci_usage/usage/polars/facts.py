"""What a unit of parts says: its job runs, compact, and their sums.

A unit is read once, some rows at a time, and only the few columns that matter; they are summed and
kept while the reader reads on. So an export of any size takes a bounded amount of memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

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
from circleci_usage.usage.polars.sums import BareSums, RunningSums, added, bare_sums
from circleci_usage.usage.repeats import Content
from circleci_usage.usage.units import Unit

_SMALL: Final = 24 << 20
"""Bytes of a unit that is read beside another one."""

Turn = AbstractContextManager[object]
"""What readers hold that would take too much memory beside one another."""

AT_ONCE: Final[Turn] = nullcontext()

_DOUBTS: Final = ("malformed", "escaped", "doubtful")

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


def read_facts(
    unit: Unit, patterns: NamePatterns, folder: Path, turn: Turn = AT_ONCE
) -> tuple[Facts, BareSums]:
    """Read the parts of a unit; if that fails or is doubtful, check all rows, read plain copies.

    Args:
        unit: what to read.
        patterns: what branches and users are grouped by in the sums.
        folder: where the job runs are kept; other files in it are of no use.
        turn: held while rows are read.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
        UnfinishedError: the disk is full.
    """
    parts = unit.parts
    with working_folder() as temporary:
        if have_long_rows(parts):
            parts = plain_parts(parts, temporary / "short")
        try:
            with turn:
                read = _read(parts, unit, patterns, folder)
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
            with turn:
                read = _read(plain, unit, patterns, folder)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise damage_behind(error, parts) from error
        return read.facts, read.sums


@dataclass(frozen=True)
class _Read:
    """What the fast reader made of the parts."""

    facts: Facts
    sums: BareSums
    is_doubtful: bool


def _read(parts: Sequence[Part], unit: Unit, patterns: NamePatterns, folder: Path) -> _Read:
    new = unit.new if parts == unit.parts else _new_of(parts)

    def runs(amounts: Amounts) -> pl.LazyFrame:
        return typed_runs(scan_parts(parts, amounts, new=new, identified=unit.identified))

    try:
        return _kept(runs(WHOLE), parts, patterns, folder)
    except (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError):
        # Most often the first fraction; if it was damage, the second attempt finds it again.
        return _kept(runs(NUMBER), parts, patterns, folder)


def _kept(runs: pl.LazyFrame, parts: Sequence[Part], patterns: NamePatterns, folder: Path) -> _Read:
    """Keep the job runs, and sum them."""
    files, doubts, sums = [], [], RunningSums()
    for number, rows in enumerate(in_batches(runs, ROWS_OF_A_FILE)):
        doubts.append(rows.group_by("part").agg(pl.col(_DOUBTS).sum()))
        files.append(write_compact(rows, folder, number))
        sums.add(bare_sums(rows, patterns))
    is_doubtful = _is_doubtful(pl.concat(doubts), parts)
    of_all = sums.total()
    every = (of_all.days, of_all.branches, of_all.users)
    for each in every:
        refuse_odd(each)
    has_sign = any(may_be_misread(each, _SIGN) for each in every)
    kept = JobRuns(tuple(files))
    facts = Facts(kept.files, contents_of(kept.parts_and_days()))
    return _Read(facts, of_all, is_doubtful or has_sign)


def is_small(unit: Unit) -> bool:
    """Whether another unit can be read at the same time without much more memory."""
    return sum(part.path.stat().st_size for part in unit.parts if not part.is_gone) <= _SMALL


def _new_of(parts: Sequence[Part]) -> dict[str, str]:
    """A copy may have a column more: that of a header in the middle of the original."""
    return new_credit_columns(name for part in parts for name in part.columns)


def _is_doubtful(doubts: pl.DataFrame, parts: Sequence[Part]) -> bool:
    """Whether the fast reader may have taken a row for another.

    Args:
        doubts: `part`, and how many of its rows are `_DOUBTS`; a part may have several rows.
        parts: what was read.

    Raises:
        DataError: it has rounded an amount, or a job ran longer than any.
    """
    if doubts["doubtful"].sum():
        damage = find_damage(parts)
        if damage:
            raise damage
    malformed = doubts.filter(pl.col("malformed") > 0)["part"].unique().sort()
    return bool(doubts["escaped"].sum()) or any(
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
