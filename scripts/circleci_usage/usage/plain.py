"""Parts → parts that every fast reader understands alike.

Fast readers do not support backslashes as escape signs, headers in the middle of a file or zeros
behind gzip data. Where they stumble, or may have misunderstood, all rows are checked (`records`),
and only the files that need it are rewritten, as temporary ones.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BufferedWriter, RawIOBase
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

import polars as pl
from isal import igzip

from circleci_usage.core.machine import cores
from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.usage.damage import watching_space
from circleci_usage.usage.dialect import dialect_line, header_line
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.padding import is_padded
from circleci_usage.usage.records import Field, Record, records

_NULL: Final = Field(NULL_MARKS[1], quoted=False)
_FASTEST: Final = 0
_CHUNK: Final = 1 << 20


class _Checked(NamedTuple):
    """Whether a fast reader may misunderstand a part, and the columns of all its headers."""

    is_odd: bool
    columns: tuple[str, ...]


def plain_parts(parts: Sequence[Part], folder: Path) -> tuple[Part, ...]:
    """The same rows in files without escape signs and headers in the middle.

    Args:
        parts: what to check.
        folder: for the rewritten copies; it is made when it is needed.

    Returns:
        The parts in their order, with copies instead of the odd ones. A copy has the columns of all
        headers of its original.

    Raises:
        DataError: a row does not fit its header; the message names file and line.
        UnfinishedError: the disk is full.
    """
    with ThreadPoolExecutor(cores()) as pool:
        checked = [*pool.map(_check, parts)]
    plain = []
    for place, (part, found) in enumerate(zip(parts, checked, strict=True)):
        # Not .csv.gz: what a killed run leaves must not look like part of an export.
        copy = folder / f"{place}.gz"
        plain.append(_rewritten(part, found.columns, copy) if found.is_odd else part)
    return tuple(plain)


def may_be_misread(frame: pl.DataFrame, sign: str) -> bool:
    """Whether a text has the sign that a fast reader leaves of a misunderstood escaped quote."""
    texts = [series for series in frame if series.dtype in (pl.String, pl.Categorical)]
    return any(_has(series.unique().cast(pl.String), sign) for series in texts)


def _has(texts: pl.Series, sign: str) -> bool:
    return bool(texts.str.contains(sign, literal=True).any())


def _check(part: Part) -> _Checked:
    is_odd, columns = False, dict.fromkeys(part.columns)
    # To the end, because behind an odd row there may be damage.
    for record in records(part):
        if record.header:
            columns |= dict.fromkeys(record.columns)
        is_odd = is_odd or record.odd or not record.is_row
    return _Checked(is_odd or is_padded(part.path), tuple(columns))


def _rewritten(part: Part, columns: tuple[str, ...], file: Path) -> Part:
    copy = replace(part, path=file, columns=columns, copied_from=part.original)
    with watching_space():
        file.parent.mkdir(parents=True, exist_ok=True)
        with (
            file.open("wb") as raw,
            _packing(raw) as packed,
            BufferedWriter(packed, _CHUNK) as stream,
        ):
            stream.write(header_line(columns))
            for record in records(part):
                if record.is_row:
                    stream.write(_line(record, columns))
    return copy


def _line(record: Record, columns: tuple[str, ...]) -> bytes:
    if record.columns == columns and not record.fields:
        return record.raw if record.raw.endswith(b"\n") else record.raw + b"\n"
    fields = record.fields or [Field(text, quoted=False) for text in record.values()]
    if record.columns == columns:
        return dialect_line(fields)
    there = dict(zip(record.columns, fields, strict=True))
    return dialect_line(there.get(column, _NULL) for column in columns)


def _packing(file: BinaryIO) -> RawIOBase:
    return cast(
        "RawIOBase", igzip.IGzipFile(fileobj=file, mode="wb", compresslevel=_FASTEST, mtime=0)
    )
