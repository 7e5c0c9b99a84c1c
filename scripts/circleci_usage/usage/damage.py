"""Where a damaged file is damaged: a slow, careful read that runs only after the fast one has failed."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from tempfile import gettempdir
from typing import Final

from circleci_usage.columns import CREDIT_COLUMNS, NULL_MARKS, TOTAL_CREDITS
from circleci_usage.errors import DataError, UnfinishedError, UsageExporterError
from circleci_usage.files import NO_SPACE
from circleci_usage.plurals import counted
from circleci_usage.usage.parts import Part, open_part

_NUMBERS: Final = (*CREDIT_COLUMNS.values(), TOTAL_CREDITS, "JOB_RUN_SECONDS")
_FIELD_LIMIT: Final = 1 << 24
_SHOWN: Final = 40


def find_damage(parts: Iterable[Part]) -> DataError | None:
    """The first thing wrong in the parts, with file and line; nothing when all rows can be read."""
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        for part in parts:
            _check(part)
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
    return find_damage(parts) or DataError(f"The usage files cannot be read: {first_line}.")


def _check(part: Part) -> None:
    numbers = [(part.columns.index(name), name) for name in _NUMBERS if name in part.columns]
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
                        _check_number(row[index], name, where)
        except csv.Error as error:
            raise DataError(f"{part.path}, line {reader.line_num}: this is not CSV ({error}).") from None


def _check_text(row: list[str], where: str) -> None:
    try:
        "".join(row).encode()
    except UnicodeEncodeError:  # bytes that were no UTF-8 are surrogates now
        raise DataError(f"{where}: the text is not UTF-8.") from None


def _check_length(row: list[str], expected: int, where: str) -> None:
    if len(row) != expected:
        raise DataError(
            f"{where}: the row has {counted(len(row), 'field')}, the header {expected}; download the file again."
        )


def _check_day(text: str, where: str) -> None:
    if text and text not in NULL_MARKS:
        try:
            date.fromisoformat(text[:10])
        except ValueError:
            raise DataError(f"{where}: JOB_RUN_DATE is {text[:_SHOWN]!r}, not a date.") from None


def _check_number(text: str, name: str, where: str) -> None:
    if text and text not in NULL_MARKS:
        try:
            sound = Decimal(text).is_finite()
        except InvalidOperation:
            sound = False
        if not sound:
            raise DataError(f"{where}: {name} is {text[:_SHOWN]!r}, not a number.")
