"""Readers of usage files read any bytes as csv and Decimal do, or raise DataError."""

import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from pathlib import Path

from circleci_usage.core.errors import DataError
from circleci_usage.schema.export_columns import NULL_MARKS, REQUIRED_COLUMNS
from circleci_usage.usage.damage import find_damage, has_other_lengths
from circleci_usage.usage.dialect import Inspector
from circleci_usage.usage.input_files import Part, find_parts
from circleci_usage.usage.merge import merge
from circleci_usage.usage.records import records

COLUMNS = tuple(REQUIRED_COLUMNS)
AMOUNTS = [COLUMNS.index("COMPUTE_CREDITS"), COLUMNS.index("TOTAL_CREDITS")]
HEADERS = (
    ",".join(COLUMNS) + "\n",
    ",".join(COLUMNS) + "\r\n",
    ",".join(f'"{name}"' for name in COLUMNS) + "\n",
    "\ufeff" + ", ".join(name.lower() for name in COLUMNS) + "\n",
)
WORDS = (
    "acme",
    "web",
    "build",
    "test",
    "2026-03-02",
    "10",
    "0.5",
    "1e3",
    '"',
    '""',
    ",",
    "\n",
    "\r\n",
    "\\N",
    "\\",
    "\ufeff",
)
"""Building blocks of inputs, for mutation."""

Row = list[str]

_UNIT = Decimal(1).scaleb(-18)
_WIDE = Context(prec=60)


@dataclass(frozen=True)
class Meant:
    """The rows in the bytes below a header; None if csv cannot read them."""

    rows: list[Row] | None


def attack(data: bytes, folder: Path, *, whole: bool = False) -> bool:
    """Read a file with these bytes below a header; return whether it has rows.

    Args:
        data: the first byte chooses the header and whether the file is compressed.
        folder: for files.
        whole: whether the file is also merged, which takes longer.
    """
    style, body = (data[0], data[1:]) if data else (0, b"")
    content = HEADERS[style % len(HEADERS)].encode() + body
    file = folder / "part.csv"
    file.write_bytes(gzip.compress(content, 1, mtime=0) if style & 128 else content)
    (part,) = find_parts([file]).parts
    meant = meaning(body)
    read = _read(part)
    if meant is not None:
        assert read == meant.rows, f"read as {read}, meant as {meant.rows}"
    _look(part, body, read)
    if whole:
        _merge(part, folder / "merged.csv", read)
    return bool(read)


def meaning(body: bytes) -> Meant | None:
    """What csv reads; None for bytes that follow our own rules.

    Those have escape characters, headers, or marks of other systems.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    lone_return = "\r" in text.replace("\r\n", "")
    if lone_return or "JOB_RUN_DATE" in text.upper() or any(sign in text for sign in "\\\0\ufeff"):
        return None
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return Meant(None)
    return Meant(rows if all(len(row) == len(COLUMNS) for row in rows) else None)


def _read(part: Part) -> list[Row] | None:
    try:
        return [record.values() for record in records(part) if record.is_row]
    except DataError:
        return None


def _look(part: Part, body: bytes, rows: list[Row] | None) -> None:
    """Every inspection succeeds, and reports damage where csv and Decimal find some."""
    has_other_lengths(part)
    Inspector(len(COLUMNS)).approves(body)
    damage = find_damage([part])
    if rows is None:
        assert damage is not None
        return
    wrong = [row[index] for row in rows for index in AMOUNTS if not is_amount(row[index])]
    if damage is None:
        assert not wrong, f"{wrong} are accepted as amounts"
    elif "_CREDITS is" in str(damage):
        assert wrong, damage


def is_amount(text: str) -> bool:
    """Whether it is an amount: up to 38 digits, 18 of them decimals."""
    text = text.strip()
    if not text or text in NULL_MARKS:
        return True
    try:
        number = Decimal(text) if text.isascii() and "_" not in text else Decimal("NaN")
    except InvalidOperation:
        return False
    digits = number.as_tuple()
    if not isinstance(digits.exponent, int) or abs(digits.exponent) > 10_000:
        return False
    if not number or abs(number) >= 10**20:
        return not number
    return number == number.quantize(_UNIT, context=_WIDE)


def _merge(part: Part, output: Path, rows: list[Row] | None) -> None:
    try:
        merge([part], output)
    except DataError:
        return
    if rows is None:
        return
    with output.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        header, *merged = csv.reader(file, strict=True)
    if tuple(header) == COLUMNS:
        assert _alike(row for row in merged if row) == _alike(rows)


def _alike(rows: Iterable[Row]) -> list[Row]:
    """With one mark for every null."""
    return [[*map(_without_null, row)] for row in rows]


def _without_null(text: str) -> str:
    # A merged file has no carriage return at the start of a row: csv would read a blank line there.
    # At the end of a row, any number of them is a line end.
    text = text.strip("\r")
    return "" if text in NULL_MARKS else text
