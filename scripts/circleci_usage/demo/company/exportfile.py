"""Writes job runs as one part of an export, in any of the formats that CircleCI is known to use."""

import csv
import gzip
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Final

from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS

_LATER_COLUMNS: Final = ("JOB_RUN_QUEUED_AT", "JOB_RUN_STARTED_AT", "JOB_RUN_STOPPED_AT")
COLUMNS_45: Final = tuple(name for name in EXPORT_COLUMNS if name not in _LATER_COLUMNS)
"""The columns of older exports."""

ExportRow = tuple[str, ...]
"""One job run: a string for each of `EXPORT_COLUMNS`."""


@dataclass(frozen=True)
class Dialect:
    r"""How a part is written. The default is that of real exports of 2025: `\N`, unquoted, LF."""

    null: str = NULL_MARKS[1]
    quoted: bool = False
    crlf: bool = False
    bom: bool = False
    columns: tuple[str, ...] = EXPORT_COLUMNS
    compress: bool = True


def write_part(
    target: Path | IO[bytes], rows: Iterable[ExportRow], dialect: Dialect = Dialect()
) -> None:
    """Write the header and the rows to a path or an open binary file.

    The same rows always give the same bytes. Columns of the dialect that job runs do not have are
    null.
    """
    with target.open("wb") if isinstance(target, Path) else nullcontext(target) as file:
        if dialect.compress:
            # No name and no time in the gzip header, and the level that costs the demo the least
            # time.
            with gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as packed:
                _write_text(packed, rows, dialect)
        else:
            _write_text(file, rows, dialect)


def _write_text(
    file: IO[bytes] | gzip.GzipFile, rows: Iterable[ExportRow], dialect: Dialect
) -> None:
    text = TextIOWrapper(
        file, "utf-8-sig" if dialect.bom else "utf-8", newline="", write_through=False
    )
    writer = csv.writer(
        text,
        lineterminator="\r\n" if dialect.crlf else "\n",
        quoting=csv.QUOTE_ALL if dialect.quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerow(dialect.columns)
    for row in _in_dialect(rows, dialect):
        line = ",".join(row)
        is_plain = line and line.count(",") == len(row) - 1 and not _has_quoted_sign(line)
        if is_plain and not dialect.quoted:
            # What the writer would write, in a third of its time.
            text.write(line + writer.dialect.lineterminator)
        else:
            writer.writerow(row)
    text.flush()
    text.detach()


def _has_quoted_sign(line: str) -> bool:
    return '"' in line or "\r" in line or "\n" in line


def _in_dialect(rows: Iterable[ExportRow], dialect: Dialect) -> Iterable[Sequence[str]]:
    null = NULL_MARKS[1]
    if dialect.columns == EXPORT_COLUMNS and dialect.null == null:
        return rows
    places = [
        EXPORT_COLUMNS.index(name) if name in EXPORT_COLUMNS else None for name in dialect.columns
    ]
    return (_in_order(row, places, dialect.null) for row in rows)


def _in_order(row: ExportRow, places: Sequence[int | None], null: str) -> Sequence[str]:
    """The cells at these places of a row; `null` where there is no place or no value."""
    cells = []
    for place in places:
        is_null = place is None or row[place] == NULL_MARKS[1]
        cells.append(null if place is None or is_null else row[place])
    return cells
