"""Where a damaged file is damaged: a slow, careful read that runs only after the fast one has failed."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Context, Decimal, InvalidOperation
from tempfile import gettempdir
from typing import BinaryIO, Final

from circleci_usage.columns import CREDIT_COLUMNS, NULL_MARKS, TOTAL_CREDITS, new_credit_columns
from circleci_usage.errors import DataError, UnfinishedError, UsageExporterError
from circleci_usage.files import NO_SPACE
from circleci_usage.usage.parts import Part, open_part

_NUMBERS: Final = (*CREDIT_COLUMNS.values(), TOTAL_CREDITS, "JOB_RUN_SECONDS")
_FIELD_LIMIT: Final = 1 << 24
_SHOWN: Final = 40
_PLACES: Final = 18
_LARGE: Final = Decimal(10) ** 17
"""Thousands of amounts below this have a sum that is exact."""
_LIMIT: Final = Decimal(10) ** 20
_UNIT: Final = Decimal(1).scaleb(-_PLACES)
_WIDE: Final = Context(prec=60)


def has_other_lengths(part: Part) -> bool:
    """Whether a row of the part is shorter or longer than the header: a quick look at where its fields end.

    A null in the last column looks like a row that ends early to the fast reader.
    """
    separators = len(part.columns) - 1
    with open_part(part.path) as stream:
        stream.readline()
        return any(_separators(row) != separators for row in _rows(stream) if row.strip())


def _rows(stream: BinaryIO) -> Iterator[bytes]:
    """The rows of a CSV file; a quoted field may hold line ends."""
    row = b""
    for line in stream:
        row += line
        if b'"' not in row or row.count(b'"') % 2 == 0:
            yield row
            row = b""
    if row:
        yield row


def _separators(row: bytes) -> int:
    if b'"' not in row:
        return row.count(b",")
    # What lies between quotes is text; a doubled quote has nothing in between.
    return sum(piece.count(b",") for piece in row.split(b'"')[::2])


def find_damage(parts: Iterable[Part], below: Decimal = _LIMIT) -> DataError | None:
    """The first thing wrong in the parts, with file and line; nothing when all rows can be read.

    Amounts are to be less than `below`.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        for part in parts:
            _check(part, below)
    except DataError as damage:
        return damage
    return None


def damage_behind(error: Exception, parts: Sequence[Part]) -> UsageExporterError:
    """What to tell a person when a fast reader gave up with `error`: it writes temporary files, too."""
    first_line = str(error).partition("\n")[0]
    if any(f"(os error {code})" in first_line for code in NO_SPACE):
        return UnfinishedError(
            f"There is no space left for temporary files in {gettempdir()}; free some, or set TMPDIR to another folder,"
            " and run the same command again."
        )
    damage = find_damage(parts)
    if damage is None and "overflow" in first_line:
        damage = find_damage(parts, below=_LARGE) or DataError(
            "The amounts of the usage files are too large to be added exactly; are they the export's own?"
        )
    return damage or DataError(f"The usage files cannot be read: {first_line}.")


def _check(part: Part, below: Decimal) -> None:
    numbers = [(part.columns.index(name), name) for name in _NUMBERS if name in part.columns]
    new = [(part.columns.index(name), name) for name in new_credit_columns(part.columns).values()]
    day = part.columns.index("JOB_RUN_DATE")
    with open_part(part.path) as stream:
        reader = csv.reader(io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline=""), strict=True)
        try:
            next(reader)
            for row in reader:
                if row:
                    where = f"{part.path}, line {reader.line_num}"
                    _check_text(row, where)
                    _check_length(row, len(part.columns), where)
                    _check_day(row[day], where)
                    for index, name in numbers:
                        _check_number(row[index], name, where, below)
                    for index, name in new:
                        if _is_number(row[index]):
                            _check_number(row[index], name, where, below)
        except csv.Error as error:
            raise DataError(f"{part.path}, line {reader.line_num}: this is not CSV ({error}).") from None


def _check_text(row: list[str], where: str) -> None:
    try:
        "".join(row).encode()
    except UnicodeEncodeError:  # bytes that were no UTF-8 are surrogates now
        raise DataError(f"{where}: the text is not UTF-8.") from None


def _check_length(row: list[str], expected: int, where: str) -> None:
    if len(row) != expected:
        raise DataError(f"{where}: the row has {len(row)} fields, the header {expected}; download the file again.")


def _check_day(text: str, where: str) -> None:
    if text and text not in NULL_MARKS:
        try:
            date.fromisoformat(text[:10])
        except ValueError:
            raise DataError(f"{where}: JOB_RUN_DATE is {text[:_SHOWN]!r}, not a date.") from None


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _check_number(text: str, name: str, where: str, below: Decimal) -> None:
    if not text or text in NULL_MARKS:
        return
    if not _is_number(text):
        raise DataError(f"{where}: {name} is {text[:_SHOWN]!r}, not a number.")
    amount = Decimal(text)
    if amount and (abs(amount) >= below or amount != amount.quantize(_UNIT, context=_WIDE)):
        raise DataError(
            f"{where}: {name} is {text[:_SHOWN]!r}; amounts have at most {_PLACES} decimals and are less than"
            f" 10^{below.adjusted()}, so that none is rounded."
        )
