r"""Parts → one file with one header: the rows themselves, for those who want to look further.

It has one dialect, whatever the parts have: that of CircleCI's own exports. UTF-8 without a mark, lines that end with a
line feed, quotes only where they must be and doubled within quotes, a backslash that is itself, and `\\N` for null.

Parts with the same columns that have it already are copied as they are, byte by byte, several at a time: gzip files one
after the other are one gzip file. Anything else, or rows to leave out, costs a second reading with Polars.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO, Final, TypeVar, cast

import polars as pl
from isal import igzip

from circleci_usage.core.atomic_files import atomic_write
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.machine import cores
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.periods import Period
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS, TOTAL_CREDITS
from circleci_usage.usage.bounds import have_long_rows
from circleci_usage.usage.damage import damage_behind, is_no_space, no_space_left
from circleci_usage.usage.dialect import Inspector, header_line
from circleci_usage.usage.input_files import Part, open_part
from circleci_usage.usage.plain import plain_parts
from circleci_usage.usage.polars.job_runs import DAY_LENGTH
from circleci_usage.usage.polars.repeats import (
    LeftOut,
    Origin,
    are_apart,
    contents_of,
    left_out_of,
    origins_of,
    repeat_warnings,
    strays,
)
from circleci_usage.usage.polars.scan import IDENTITY

_CHUNK: Final = 1 << 20
_AT_A_TIME: Final = 100
_OTHER_NULL, _NULL = NULL_MARKS
_BEYOND: Final = "beyond the last column"
_TORN: Final = "torn"
_MARK: Final = "\0"
_ROW: Final = "the row's place"

T = TypeVar("T")


class _OtherDialectError(Exception):
    """A part cannot be copied byte by byte."""


class _OddRowError(_OtherDialectError):
    """Because of a row that does not fit the header."""


class _MisreadError(Exception):
    """Polars stumbled, or may have misunderstood a row."""


def merge(
    parts: Sequence[Part],
    output: Path,
    *,
    only: Period | None = None,
    has_repeats: bool | None = None,
) -> tuple[str, ...]:
    """Write the job runs of all parts to one file, each once, atomically.

    Args:
        parts: in the order in which their rows are to stand.
        output: the file to write, replaced when it is there: gzip when its name ends with .csv.gz, plain with .csv.
        only: leave out the job runs of other days.
        has_repeats: whether rows repeat job runs, if that is known.

    Returns:
        What a reader should know of the rows that were left out.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
        SettingsError: the output has another ending, or cannot be written.
        UnfinishedError: the disk is full.
    """
    packed = _is_packed(output)
    with atomic_write(output) as merged:
        with suppress(_MisreadError):
            # Those that were summed up before were looked at then.
            if has_repeats is None and have_long_rows(parts):
                raise _MisreadError
            return _merge(
                parts, merged, only, has_repeats=has_repeats, packed=packed, trusting=False
            )
        # Where Polars misreads, all rows are looked at, and what is plain is read instead.
        _empty(merged)
        with working_folder() as folder:
            plain = plain_parts(parts, folder / "plain")
            try:
                return _merge(
                    plain, merged, only, has_repeats=has_repeats, packed=packed, trusting=True
                )
            except _MisreadError as misread:
                raise damage_behind(misread, parts) from misread


def without_output(parts: Sequence[Part], output: Path) -> tuple[Part, ...]:
    """Leave out the file that is to be written, unless it is all that there is: it holds the other parts' rows."""
    with translate_os_errors(output):
        there = os.path.realpath(output)
    others = tuple(part for part in parts if str(part.path) != there)
    return others or tuple(parts)


def _merge(
    parts: Sequence[Part],
    merged: BinaryIO,
    only: Period | None,
    *,
    has_repeats: bool | None,
    packed: bool,
    trusting: bool,
) -> tuple[str, ...]:
    left_out, warnings = (
        (None, ()) if has_repeats is False else _repeats(parts, are_known=bool(has_repeats))
    )
    takes_all = left_out is None and (only is None or not parts)
    if takes_all and _is_copied(parts, merged, packed=packed, trusting=trusting):
        return warnings
    _align(parts, merged, only, left_out, packed=packed, trusting=trusting)
    return warnings


def _is_copied(parts: Sequence[Part], merged: BinaryIO, *, packed: bool, trusting: bool) -> bool:
    """Copy the parts if they have the dialect already; what is odd in them is to be made plain first."""
    if len({part.columns for part in parts}) > 1:
        return False
    try:
        _copy(parts, merged, packed=packed)
    except _OtherDialectError as error:
        if isinstance(error, _OddRowError) and not trusting:
            raise _MisreadError from error
        _empty(merged)
        return False
    return True


def _empty(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()


def _repeats(parts: Sequence[Part], *, are_known: bool) -> tuple[LeftOut | None, tuple[str, ...]]:
    origins = origins_of(parts)
    if not are_known and are_apart(origins) and _keep_to_their_days(parts, origins):
        return None, ()
    with working_folder() as folder, _watching_polars():
        for place, rows in enumerate(_identified(parts)):
            file = folder / f"{place}.parquet"
            rows.sink_parquet(file, compression="lz4", maintain_order=False, statistics=False)
        of_all = pl.scan_parquet(folder / "*.parquet")
        left_out = left_out_of(of_all, origins, contents_of(of_all))
    return left_out, tuple(repeat_warnings(left_out.repeated(), origins)) if left_out else ()


def _keep_to_their_days(parts: Sequence[Part], origins: Sequence[Origin]) -> bool:
    """Whether all rows are of the days that their exports were asked for; nothing but the days is kept of them."""
    with _watching_polars():
        return not any(strays(origins, contents_of(rows)) for rows in _identified(parts))


@contextmanager
def _watching_polars() -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        if is_no_space(error):
            raise no_space_left() from error
        raise _MisreadError(str(error)) from error


def _identified(parts: Sequence[Part]) -> Iterator[pl.LazyFrame]:
    """Of each row what `left_out_of` looks at, some parts at a time."""
    for some in _batches([*enumerate(parts)]):
        yield pl.concat([_identified_in(part, number) for number, part in some])


def _batches(all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many as Polars can have open at a time: of thousands, each has a thread waiting for another."""
    return (
        all_of_them[first : first + _AT_A_TIME] for first in range(0, len(all_of_them), _AT_A_TIME)
    )


def _identified_in(part: Part, number: int) -> pl.LazyFrame:
    def text(name: str) -> pl.Expr:
        if name not in part.columns:
            return pl.lit(None, pl.String)
        return pl.when(~pl.col(name).is_in(list(NULL_MARKS))).then(name)

    return _scan(part).select(
        pl.when(text(IDENTITY).is_not_null()).then(text(IDENTITY).hash()).alias("job_id"),
        pl.lit(number, pl.UInt32).alias("part"),
        pl.col(_ROW).cast(pl.UInt32).alias("row"),
        text("JOB_RUN_DATE").str.head(DAY_LENGTH).alias("date"),
    )


def _is_packed(output: Path) -> bool:
    name = output.name.lower()
    if not name.endswith((".csv", ".csv.gz")):
        raise SettingsError(
            f"{output} must end with .csv for plain CSV or with .csv.gz for gzip; change --output."
        )
    return name.endswith(".gz")


def _copy(parts: Sequence[Part], merged: BinaryIO, *, packed: bool) -> None:
    with _writing(merged, packed=packed) as header:
        header.write(header_line(parts[0].columns if parts else EXPORT_COLUMNS))
    with working_folder() as folder, ThreadPoolExecutor(cores()) as pool:
        copies = [folder / str(number) for number in range(len(parts))]
        for copy in pool.map(partial(_copy_rows, packed=packed), parts, copies):
            with copy.open("rb") as rows:
                copyfileobj(rows, merged, _CHUNK)
            copy.unlink()


def _copy_rows(part: Part, copy: Path, *, packed: bool) -> Path:
    """The rows of a part without its header."""
    inspector = Inspector(len(part.columns))
    with (
        copy.open("wb") as stream,
        _writing(stream, packed=packed) as merged,
        open_part(part.path) as rows,
    ):
        rows.readline(_CHUNK)
        for lines in _whole_lines(rows):
            if not inspector.approves(lines):
                raise _OddRowError if inspector.met_oddity else _OtherDialectError
            merged.write(lines)
    return copy


def _whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    """About a chunk at a time, each with a line end."""
    while chunk := stream.read(_CHUNK):
        lines = chunk if chunk.endswith(b"\n") else chunk + stream.readline(_CHUNK)
        yield lines if lines.endswith(b"\n") else lines + b"\n"


def _align(
    parts: Sequence[Part],
    output: BinaryIO,
    only: Period | None,
    left_out: LeftOut | None,
    *,
    packed: bool,
    trusting: bool,
) -> None:
    columns = _columns_of(parts)
    with _writing(output, packed=packed) as merged:
        merged.write(header_line(columns))
        for some in _batches([*_with_places(parts, left_out)]):
            rows = pl.concat([_texts(part, columns, places) for part, places in some])
            _align_rows(rows, merged, columns[0], only, trusting=trusting)


def _align_rows(
    rows: pl.LazyFrame, merged: BinaryIO, first: str, only: Period | None, *, trusting: bool
) -> None:
    """Write the rows of `_texts`, `first` the name of their first column."""
    if only is not None:
        day = pl.col("JOB_RUN_DATE").str.head(len("2026-01-31"))
        inside = day.is_between(pl.lit(str(only.first)), pl.lit(str(only.last)))
        # A row without a day belongs to no other period either: keep it.
        rows = rows.filter(
            inside | ~day.str.contains(r"^\d").fill_null(value=False) | pl.col(_TORN)
        )
    marked = pl.when(_TORN).then(pl.lit(_MARK)).otherwise(first).alias(first)
    rows = rows.with_columns(pl.col(first) if trusting else marked).drop(_TORN)
    with tempfile.TemporaryFile() as plain:
        with _watching_polars():
            rows.sink_csv(plain, engine="streaming", check_extension=False, include_header=False)
        plain.seek(0)
        for lines in _whole_lines(cast("BinaryIO", plain)):
            if not trusting and _is_doubtful(lines):
                raise _MisreadError
            merged.write(lines)


def _columns_of(parts: Sequence[Part]) -> Sequence[str]:
    """Those of all parts: in their own order if they share it, else in CircleCI's."""
    if len({part.columns for part in parts}) == 1:
        return parts[0].columns
    present = {name for part in parts for name in part.columns}
    extra = sorted(present.difference(EXPORT_COLUMNS))
    return [name for name in EXPORT_COLUMNS if name in present] + extra


def _with_places(
    parts: Sequence[Part], left_out: LeftOut | None
) -> Iterator[tuple[Part, pl.Series]]:
    """Each part with the places of its rows that are left out."""
    by_part = left_out.rows.partition_by("part", as_dict=True) if left_out else {}
    none = pl.Series("row", [], pl.UInt32)
    for number, part in enumerate(parts):
        rows = by_part.get((number,))
        yield part, none if rows is None else rows["row"]


def _scan(part: Part) -> pl.LazyFrame:
    return pl.scan_csv(
        [part.path],
        has_header=False,
        skip_lines=1,
        schema=dict.fromkeys((*part.columns, _BEYOND), pl.String),
        missing_columns="insert",
        null_values=[""],
        glob=False,
        row_index_name=_ROW,
    )


def _texts(part: Part, columns: Sequence[str], left_out: pl.Series) -> pl.LazyFrame:
    """All columns as text, and whether the row is none that Polars can have understood."""
    frame = _scan(part)
    if len(left_out):
        frame = frame.filter(~pl.col(_ROW).is_in(left_out.implode()))
    # To Polars a blank line is a row of nulls; a row that says nothing is of no job run either.
    frame = frame.filter(~pl.all_horizontal(pl.col(*part.columns, _BEYOND).is_null()))
    total = pl.col(TOTAL_CREDITS)
    is_number = (
        total.is_null() | total.is_in(list(NULL_MARKS)) | total.str.contains(r"^\s*[-+.]?\d")
    )
    torn = pl.col(part.columns[-1]).is_null() | pl.col(_BEYOND).is_not_null() | ~is_number
    return frame.select(
        *(_text(name) if name in part.columns else pl.lit(_NULL).alias(name) for name in columns),
        torn.alias(_TORN),
    )


def _text(name: str) -> pl.Expr:
    text = pl.col(name)
    return pl.when(text == _OTHER_NULL).then(pl.lit(_NULL)).otherwise(text).alias(name)


def _is_doubtful(lines: bytes) -> bool:
    r"""Whether a row is torn, or has a backslash that is not part of a null: see `plain.may_be_misread`."""
    return _MARK.encode() in lines or lines.count(b"\\") != len(_NULL[:-1]) * lines.count(
        _NULL.encode()
    )


@contextmanager
def _writing(stream: BinaryIO, *, packed: bool) -> Iterator[BinaryIO]:
    if not packed:
        yield stream
        return
    # isal compresses several times faster than zlib; no time in the header, so that the same rows give the same bytes.
    with igzip.IGzipFile(fileobj=stream, mode="wb", mtime=0) as compressing:
        yield cast("BinaryIO", compressing)
