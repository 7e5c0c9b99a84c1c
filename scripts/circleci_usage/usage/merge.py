r"""Parts → one file with one header: the rows themselves, for those who want to look further.

It has one dialect, whatever the parts have: that of CircleCI's own exports. UTF-8 without a mark,
lines that end with a line feed, quotes only where they must be and doubled within quotes, a
backslash that is itself, and `\\N` for null.

Parts with the same columns that have it already are copied as they are, byte by byte, several at a
time: gzip files one after the other are one gzip file. Anything else, or rows to leave out, costs a
second reading with Polars (`polars.merged_rows`).
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from typing import Final

from circleci_usage.core.atomic_files import atomic_write
from circleci_usage.core.machine import cores
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import BYTES, NullProgress, Progress
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from circleci_usage.usage.bounds import have_long_rows
from circleci_usage.usage.damage import damage_behind
from circleci_usage.usage.dialect import Inspector, header_line
from circleci_usage.usage.input_files import Part, open_part
from circleci_usage.usage.merged_file import CHUNK, MergedFile, is_packed, whole_lines
from circleci_usage.usage.plain import plain_parts
from circleci_usage.usage.polars.merged_rows import MisreadError, align, repeats_in
from circleci_usage.usage.polars.repeats import LeftOut

_SILENT: Final = NullProgress()


class _OtherDialectError(Exception):
    """A part cannot be copied byte by byte."""


class _OddRowError(_OtherDialectError):
    """Because of a row that does not fit the header."""


def merge(
    parts: Sequence[Part],
    output: Path,
    *,
    only: Period | None = None,
    has_repeats: bool | None = None,
    progress: Progress = _SILENT,
) -> tuple[str, ...]:
    """Write the job runs of all parts to one file, each once, atomically.

    Args:
        parts: in the order of their rows.
        output: the file to write or replace: gzip if its name ends with .csv.gz, plain with .csv.
        only: leave out the job runs of other days.
        has_repeats: whether rows repeat job runs; None when that is not known.
        progress: shows how far it is.

    Returns:
        What a reader should know of the rows that were left out.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
        SettingsError: the output has another ending, or cannot be written.
        UnfinishedError: the disk is full.
    """
    packed = is_packed(output)
    label = f"Writing {output.name} from {counted(len(parts), 'usage file')}"
    with progress.task(label), atomic_write(output) as stream:
        merged = MergedFile(stream, packed)
        with suppress(MisreadError):
            # Parts that were summed before were checked then.
            if has_repeats is None and have_long_rows(parts):
                raise MisreadError
            return _merge(parts, merged, only, progress, has_repeats=has_repeats, trusting=False)
        # Where Polars misreads, all rows are checked, and plain copies are read instead.
        merged.empty()
        with working_folder() as folder:
            plain = plain_parts(parts, folder / "plain")
            try:
                return _merge(plain, merged, only, progress, has_repeats=has_repeats, trusting=True)
            except MisreadError as misread:
                raise damage_behind(misread, parts) from misread


def without_output(parts: Sequence[Part], output: Path) -> tuple[Part, ...]:
    """The parts without the file to be written, unless it is the only one.

    An earlier merged file has the rows of the other parts.
    """
    with translate_os_errors(output):
        there = os.path.realpath(output)
    others = tuple(part for part in parts if str(part.path) != there)
    return others or tuple(parts)


def _merge(
    parts: Sequence[Part],
    merged: MergedFile,
    only: Period | None,
    progress: Progress,
    *,
    has_repeats: bool | None,
    trusting: bool,
) -> tuple[str, ...]:
    left_out: LeftOut | None = None
    warnings: tuple[str, ...] = ()
    if has_repeats is not False:
        left_out, warnings = repeats_in(parts, are_known=bool(has_repeats))
    takes_all = left_out is None and (only is None or not parts)
    if takes_all and _is_copied(parts, merged, progress, trusting=trusting):
        return warnings
    align(parts, merged, only, left_out, trusting=trusting)
    return warnings


def _is_copied(
    parts: Sequence[Part], merged: MergedFile, progress: Progress, *, trusting: bool
) -> bool:
    """Copy the parts if they have the dialect already; an odd row must be made plain first."""
    if len({part.columns for part in parts}) > 1:
        return False
    try:
        _copy(parts, merged, progress)
    except _OtherDialectError as error:
        if isinstance(error, _OddRowError) and not trusting:
            raise MisreadError from error
        merged.empty()
        return False
    return True


def _copy(parts: Sequence[Part], merged: MergedFile, progress: Progress) -> None:
    sizes = [part.path.stat().st_size for part in parts]
    label = f"Copying {counted(len(parts), 'usage file')}"
    with merged.writing() as stream:
        stream.write(header_line(parts[0].columns if parts else EXPORT_COLUMNS))
    with (
        working_folder() as folder,
        ThreadPoolExecutor(cores()) as pool,
        progress.task(label, sum(sizes), BYTES) as task,
    ):
        copies = [folder / str(number) for number in range(len(parts))]
        copied = pool.map(partial(_copy_rows, packed=merged.packed), parts, copies)
        for size, copy in zip(sizes, copied, strict=True):
            with copy.open("rb") as rows:
                copyfileobj(rows, merged.stream, CHUNK)
            copy.unlink()
            task.advance(size)


def _copy_rows(part: Part, copy: Path, *, packed: bool) -> Path:
    """The rows of a part without its header."""
    inspector = Inspector(len(part.columns))
    with (
        copy.open("wb") as stream,
        MergedFile(stream, packed).writing() as merged,
        open_part(part.path) as rows,
    ):
        rows.readline(CHUNK)
        for lines in whole_lines(rows):
            if not inspector.approves(lines):
                raise _OddRowError if inspector.met_oddity else _OtherDialectError
            merged.write(lines)
    return copy
