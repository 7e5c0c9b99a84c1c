"""Where a file is damaged: a slow, careful read that runs only after the fast one has failed."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from itertools import groupby
from operator import attrgetter
from tempfile import gettempdir
from typing import BinaryIO, Final

import polars as pl

from circleci_usage.core.decimals import MAX_PLACES, MAX_WHOLE_DIGITS
from circleci_usage.core.errors import DataError, UnfinishedError, UsageExporterError
from circleci_usage.core.os_errors import NO_SPACE
from circleci_usage.core.periods import EXPORTED_DAYS
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.dimensions import EXPORT_NAMES
from circleci_usage.schema.export_columns import (
    CREDIT_COLUMNS,
    LONGEST_NAME,
    NULL_MARKS,
    TOTAL_CREDITS,
    new_credit_columns,
)
from circleci_usage.usage.input_files import Part, open_part
from circleci_usage.usage.job_run_rules import (
    DAY_LENGTH,
    IS_NUMBER,
    LONGEST_RUN,
    SECONDS,
)
from circleci_usage.usage.records import BLANK_LINES, records

_NUMBER: Final = re.compile(IS_NUMBER, re.ASCII)
_NUMBERS: Final = (*CREDIT_COLUMNS.values(), TOTAL_CREDITS, SECONDS)
_SHOWN: Final = 40
_REWRITTEN: Final = (
    "download the file again, and do not save it with a spreadsheet program, which rewrites dates"
    " and numbers."
)
_LARGE: Final = Decimal(10) ** 17
"""Thousands of amounts below this have a sum that is exact."""
_LIMIT: Final = Decimal(10) ** MAX_WHOLE_DIGITS
_LARGEST_EXPONENT: Final = 10_000
_UNIT: Final = Decimal(1).scaleb(-MAX_PLACES)
_WIDE: Final = Context(prec=60)


def has_other_lengths(part: Part) -> bool:
    """Whether a row of the part is shorter or longer than the header, by counting separators.

    To the fast reader, a null in the last column looks like a row that ends early.
    """
    separators = len(part.columns) - 1
    with open_part(part.path) as stream:
        stream.readline()
        return any(
            _separators(row) != separators for row in _rows(stream) if row not in BLANK_LINES
        )


def _rows(stream: BinaryIO) -> Iterator[bytes]:
    """The rows of a CSV file; a quoted field may hold line ends."""
    row: list[bytes] = []
    quoted = False
    for line in stream:
        row.append(line)
        quoted ^= line.count(b'"') % 2 == 1
        if not quoted:
            yield b"".join(row)
            row = []
    yield b"".join(row)


def _separators(row: bytes) -> int:
    if b'"' not in row:
        return row.count(b",")
    # What lies between quotes is text; a doubled quote has nothing in between.
    return sum(piece.count(b",") for piece in row.split(b'"')[::2])


def find_damage(parts: Iterable[Part], below: Decimal = _LIMIT) -> DataError | None:
    """The first damage in the parts, with file and line; None when all rows can be read.

    Amounts must be less than `below`.
    """
    try:
        for part in parts:
            _check(part, below)
    except DataError as damage:
        return damage
    return None


def no_space_left() -> UnfinishedError:
    """The error for a full disk."""
    return UnfinishedError(
        f"There is no space left for temporary files in {gettempdir()}; free some,"
        " or set TMPDIR to another folder, and rerun the same command."
    )


@contextmanager
def watching_space() -> Iterator[None]:
    """Tell what to do when the disk is full; other errors stay as they are.

    Raises:
        UnfinishedError: the disk is full.
    """
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        if is_no_space(error):
            raise no_space_left() from error
        raise


def is_no_space(error: Exception) -> bool:
    """Whether a fast reader failed with `error` because a temporary file could not grow."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return True
    first_line = str(error).partition("\n")[0]
    return any(f"(os error {code})" in first_line for code in NO_SPACE)


def damage_behind(error: Exception, parts: Sequence[Part]) -> UsageExporterError:
    """The error to show when a fast reader failed with `error`: damage, or a full disk."""
    if is_no_space(error):
        return no_space_left()
    first_line = str(error).partition("\n")[0]
    damage = find_damage(parts)
    if damage is None and "overflow" in first_line:
        damage = find_damage(parts, below=_LARGE) or DataError(
            "The amounts of the usage files are too large to be added exactly;"
            " check that the files are as CircleCI exported them."
        )
    named = str(parts[0].original) if len(parts) == 1 else "The usage files"
    return damage or DataError(f"{named} cannot be read: {inert(first_line)}.")


def _check(part: Part, below: Decimal) -> None:
    rows = (record for record in records(part) if record.is_row)
    for columns, alike in groupby(rows, key=attrgetter("columns")):
        numbers = [(columns.index(name), name) for name in _NUMBERS if name in columns]
        new = [(columns.index(name), name) for name in new_credit_columns(columns).values()]
        names = [(columns.index(name), name) for name in EXPORT_NAMES.values() if name in columns]
        day = columns.index("JOB_RUN_DATE")
        for record in alike:
            where = f"{part.path}, line {record.line}"
            _check_text(record.raw, where)
            row = record.values()
            _check_day(row[day], where)
            for index, name in names:
                _check_name(row[index], name, where)
            amounts = [*numbers, *((index, name) for index, name in new if _is_number(row[index]))]
            for index, name in amounts:
                _check_number(row[index], name, where, below)


def _check_text(raw: bytes, where: str) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise DataError(f"{where}: the text is not UTF-8; {_REWRITTEN}") from None


def _check_name(text: str, name: str, where: str) -> None:
    if len(text) > LONGEST_NAME:
        raise DataError(
            f"{where}: {name} has {len(text):,} characters;"
            f" no name in an export is longer than {LONGEST_NAME:,}."
        )


def _check_day(text: str, where: str) -> None:
    if not text or text in NULL_MARKS:
        return
    try:
        # To fast readers only ASCII digits are digits.
        day = (
            datetime.strptime(ascii(text[:DAY_LENGTH])[1:-1], "%Y-%m-%d").replace(tzinfo=UTC).date()
        )
    except ValueError:
        raise DataError(
            f"{where}: JOB_RUN_DATE is {text[:_SHOWN]!r}, not a date as in 2026-01-31; {_REWRITTEN}"
        ) from None
    if day not in EXPORTED_DAYS:
        raise DataError(
            f"{where}: JOB_RUN_DATE is {text[:_SHOWN]!r};"
            f" exports have days from {EXPORTED_DAYS.first} to {EXPORTED_DAYS.last}."
        )


def _is_number(text: str) -> bool:
    try:
        return bool(_NUMBER.fullmatch(text)) and Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _check_number(text: str, name: str, where: str, below: Decimal) -> None:
    text = text.strip()
    if not text or text in NULL_MARKS:
        return
    if not _is_number(text):
        raise DataError(f"{where}: {name} is {text[:_SHOWN]!r}, not a number; {_REWRITTEN}")
    amount = Decimal(text)
    # Not abs, which raises an error for a huge exponent.
    size = amount.copy_abs()
    if name == SECONDS and size >= LONGEST_RUN:
        raise DataError(f"{where}: {name} is {text[:_SHOWN]!r}; no job runs that long.")
    if size >= below or not _is_exact(amount):
        raise DataError(
            f"{where}: {name} is {text[:_SHOWN]!r}; amounts have at most {MAX_PLACES} decimals"
            f" and are less than 10^{below.adjusted()}, so that none is rounded."
        )


def _is_exact(amount: Decimal) -> bool:
    """Whether a number below the limit is kept exactly.

    Readers refuse even a zero with a huge exponent.
    """
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _LARGEST_EXPONENT:
        return False
    return not amount or amount == amount.quantize(_UNIT, context=_WIDE)
