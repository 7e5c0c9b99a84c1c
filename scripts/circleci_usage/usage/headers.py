"""The first line of an export file: the names of its columns, or what the file is instead."""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Collection
from typing import Final

from circleci_usage.core.errors import DataError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.export_columns import REQUIRED_COLUMNS, new_credit_columns
from circleci_usage.usage.foreign_files import foreign_format, foreign_table

HEADER_LIMIT: Final = 64 * 1024

_MOST_COLUMNS: Final = 1_000
_MOST_NEW_CREDITS: Final = 100
_MARK: Final = b"JOB_RUN_DATE"


def header_columns(line: bytes, file: str) -> tuple[str, ...]:
    """The column names of an export file, upper case, in the file's order.

    Args:
        line: the first line of the file, or its first `HEADER_LIMIT` bytes.
        file: names the file in messages.

    Raises:
        DataError: it is not the header of an export; the message says what the file is.
    """
    if not line.removeprefix(BOM_UTF8):
        raise DataError(
            f"{file} is empty: a usage export has at least a header line;"
            " delete it or download it again."
        )
    fault = foreign_format(line)
    if fault is None and len(line) >= HEADER_LIMIT:
        fault = f"its first line is longer than {HEADER_LIMIT >> 10} KiB; download the file again"
    columns = () if fault else _names_or_none(line)
    if columns is None:
        fault = "its first line is not a CSV header; download the file again"
    fault = fault or _fault_of(line, columns or ())
    if fault:
        raise DataError(f"{file} is not a usage export: {fault}.")
    return columns or ()


def is_header(line: bytes) -> bool:
    """Whether a line below the first is another header, as after `cat` of several files."""
    if _MARK not in line.upper():
        return False
    names = _names_or_none(line)
    return names is not None and not _missing(names)


def is_run_together(line: bytes, width: int) -> bool:
    """Whether a header follows a row of so many fields in the same line.

    That happens when `cat` joins a file whose last line has no line end.
    """
    if _MARK not in line.upper():
        return False
    try:
        last, *header = _names_in(line)[width - 1 :]
    except (ValueError, csv.Error):
        return False
    first = last.rstrip('"')
    return all(name in header or first.endswith(name) for name in REQUIRED_COLUMNS)


def _fault_of(line: bytes, columns: tuple[str, ...]) -> str | None:
    if not any(columns):
        return "its first line is blank; delete the lines above the header"
    if _missing(columns):
        return foreign_table(line.decode("utf-8-sig"), columns)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        return f"it has the column {inert(', '.join(twice))} twice; download the file again"
    if len(columns) > _MOST_COLUMNS or len(new_credit_columns(columns)) > _MOST_NEW_CREDITS:
        return f"it has {len(columns):,} columns; download the file again"
    return None


def _names_or_none(line: bytes) -> tuple[str, ...] | None:
    try:
        return _names_in(line)
    except (UnicodeDecodeError, csv.Error):
        return None


def _names_in(line: bytes) -> tuple[str, ...]:
    names = next(csv.reader(io.StringIO(line.decode("utf-8-sig")), skipinitialspace=True), [])
    return tuple(name.strip().upper() for name in names)


def _missing(columns: Collection[str]) -> list[str]:
    return [name for name in REQUIRED_COLUMNS if name not in columns]
