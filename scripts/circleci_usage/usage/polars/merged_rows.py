"""The rows that `merge` writes where bytes cannot be copied: read again with Polars, as texts."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, Final, TypeVar, cast

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS, TOTAL_CREDITS
from circleci_usage.usage.damage import is_no_space, no_space_left
from circleci_usage.usage.dialect import header_line
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.job_run_rules import DAY_LENGTH, IDENTITY
from circleci_usage.usage.merged_file import MergedFile, whole_lines
from circleci_usage.usage.polars.repeats import LeftOut, contents_of, left_out_of
from circleci_usage.usage.repeats import (
    Origin,
    are_apart,
    origins_of,
    repeat_warnings,
    strays,
)

_AT_A_TIME: Final = 100
_OTHER_NULL, _NULL = NULL_MARKS
_BEYOND: Final = "beyond the last column"
_MALFORMED: Final = "malformed"
_MARK: Final = "\0"
_ROW: Final = "the row's place"

T = TypeVar("T")


class MisreadError(Exception):
    """Polars stumbled, or may have misunderstood a row."""


def repeats_in(parts: Sequence[Part], *, are_known: bool) -> tuple[LeftOut | None, tuple[str, ...]]:
    """The rows that repeat a job run and do not count, and what a reader should know of them.

    Args:
        parts: what to look at.
        are_known: whether it is known that there are any; otherwise a ledger may rule them out.
    """
    origins = origins_of(parts)
    if not are_known and are_apart(origins) and _keep_to_their_days(parts, origins):
        return None, ()
    with working_folder() as folder, _watching_polars():
        for place, rows in enumerate(_identified(parts)):
            file = folder / f"{place}.parquet"
            rows.sink_parquet(file, compression="lz4", maintain_order=False, statistics=False)
        of_all = pl.scan_parquet(folder / "*.parquet")
        left_out = left_out_of(of_all, origins, contents_of(of_all))
    if left_out is None:
        return None, ()
    return left_out, tuple(repeat_warnings(left_out.repeated(), origins))


def align(
    parts: Sequence[Part],
    merged: MergedFile,
    only: Period | None,
    left_out: LeftOut | None,
    *,
    trusting: bool,
) -> None:
    """Write the rows of all parts with the columns of all of them.

    Args:
        parts: in the order of their rows.
        merged: the file to write.
        only: leave out the job runs of other days.
        left_out: leave out these rows.
        trusting: whether the parts are plain, so that no row can be misread.

    Raises:
        MisreadError: a row may have been misread.
    """
    columns = _columns_of(parts)
    with merged.writing() as stream:
        stream.write(header_line(columns))
        for some in _batches([*_with_places(parts, left_out)]):
            rows = pl.concat([_texts(part, columns, places) for part, places in some])
            if only is not None:
                rows = _within(rows, only)
            _write_rows(rows, stream, columns[0], trusting=trusting)


def _write_rows(rows: pl.LazyFrame, stream: BinaryIO, first: str, *, trusting: bool) -> None:
    """Write the rows of `_texts`; `first` is the name of their first column."""
    if not trusting:
        marked = pl.when(_MALFORMED).then(pl.lit(_MARK)).otherwise(first)
        rows = rows.with_columns(marked.alias(first))
    with tempfile.TemporaryFile() as plain:
        with _watching_polars():
            rows.drop(_MALFORMED).sink_csv(
                plain, engine="streaming", check_extension=False, include_header=False
            )
        plain.seek(0)
        for lines in whole_lines(cast("BinaryIO", plain)):
            if not trusting and _is_doubtful(lines):
                raise MisreadError
            stream.write(lines)


def _within(rows: pl.LazyFrame, only: Period) -> pl.LazyFrame:
    """The rows of a period; malformed ones are kept, because they are checked later."""
    day = pl.col("JOB_RUN_DATE").str.head(DAY_LENGTH)
    inside = day.is_between(pl.lit(str(only.first)), pl.lit(str(only.last)))
    # A row without a day belongs to no other period either: keep it.
    has_no_day = ~day.str.contains(r"^\d").fill_null(value=False)
    return rows.filter(inside | has_no_day | pl.col(_MALFORMED))


def _is_doubtful(lines: bytes) -> bool:
    r"""Whether a row is malformed, or has a backslash outside of a null.

    See `plain.may_be_misread`.
    """
    of_nulls = len(_NULL[:-1]) * lines.count(_NULL.encode())
    return _MARK.encode() in lines or lines.count(b"\\") != of_nulls


def _keep_to_their_days(parts: Sequence[Part], origins: Sequence[Origin]) -> bool:
    """Whether all rows are of the days that their exports are for; only the days are kept."""
    with _watching_polars():
        return not any(strays(origins, contents_of(rows)) for rows in _identified(parts))


@contextmanager
def _watching_polars() -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        if is_no_space(error):
            raise no_space_left() from error
        raise MisreadError(str(error)) from error


def _identified(parts: Sequence[Part]) -> Iterator[pl.LazyFrame]:
    """Of each row what `left_out_of` needs, some parts at a time."""
    for some in _batches([*enumerate(parts)]):
        yield pl.concat([_identified_in(part, number) for number, part in some])


def _batches(all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many as Polars can have open at a time: of thousands, each thread waits for another."""
    for first in range(0, len(all_of_them), _AT_A_TIME):
        yield all_of_them[first : first + _AT_A_TIME]


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
    """All columns as text, and whether Polars cannot have understood the row."""
    frame = _scan(part)
    if len(left_out):
        frame = frame.filter(~pl.col(_ROW).is_in(left_out.implode()))
    # To Polars a blank line is a row of nulls, which is not a job run.
    frame = frame.filter(~pl.all_horizontal(pl.col(*part.columns, _BEYOND).is_null()))
    total = pl.col(TOTAL_CREDITS)
    is_number = (
        total.is_null() | total.is_in(list(NULL_MARKS)) | total.str.contains(r"^\s*[-+.]?\d")
    )
    malformed = pl.col(part.columns[-1]).is_null() | pl.col(_BEYOND).is_not_null() | ~is_number
    texts = [_text(name, part) for name in columns]
    return frame.select(*texts, malformed.alias(_MALFORMED))


def _text(name: str, part: Part) -> pl.Expr:
    if name not in part.columns:
        return pl.lit(_NULL).alias(name)
    text = pl.col(name)
    return pl.when(text == _OTHER_NULL).then(pl.lit(_NULL)).otherwise(text).alias(name)
