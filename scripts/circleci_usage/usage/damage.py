"""Where a damaged file is damaged: a slow, careful read that runs only after the fast one has failed."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import groupby
from operator import attrgetter
from tempfile import gettempdir
from typing import Final

from circleci_usage.columns import CREDIT_COLUMNS, NULL_MARKS, TOTAL_CREDITS
from circleci_usage.errors import DataError, UnfinishedError, UsageExporterError
from circleci_usage.files import NO_SPACE
from circleci_usage.usage.parts import Part
from circleci_usage.usage.records import records

_NUMBERS: Final = (*CREDIT_COLUMNS.values(), TOTAL_CREDITS, "JOB_RUN_SECONDS")
_SHOWN: Final = 40


def find_damage(parts: Iterable[Part]) -> DataError | None:
    """The first thing wrong in the parts, with file and line; nothing when all rows can be read."""
    try:
        for part in parts:
            _check(part)
    except DataError as damage:
        return damage
    return None


def no_space_left() -> UnfinishedError:
    """What to tell a person when temporary files cannot be written for want of space."""
    return UnfinishedError(
        f"There is no space left for temporary files in {gettempdir()}; free some, or set TMPDIR to another folder,"
        " and run the same command again."
    )


def is_no_space(error: Exception) -> bool:
    """Whether a fast reader gave up with `error` because a temporary file could not grow."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return True
    first_line = str(error).partition("\n")[0]
    return any(f"(os error {code})" in first_line for code in NO_SPACE)


def damage_behind(error: Exception, parts: Sequence[Part]) -> UsageExporterError:
    """What to tell a person when a fast reader gave up with `error`: it writes temporary files, too."""
    if is_no_space(error):
        return no_space_left()
    first_line = str(error).partition("\n")[0]
    return find_damage(parts) or DataError(f"The usage files cannot be read: {first_line}.")


def _check(part: Part) -> None:
    rows = (record for record in records(part) if not record.header)
    for columns, alike in groupby(rows, key=attrgetter("columns")):
        numbers = [(columns.index(name), name) for name in _NUMBERS if name in columns]
        day = columns.index("JOB_RUN_DATE")
        for record in alike:
            where = f"{part.path}, line {record.line}"
            _check_text(record.raw, where)
            row = record.values()
            _check_day(row[day], where)
            for index, name in numbers:
                _check_number(row[index], name, where)


def _check_text(raw: bytes, where: str) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise DataError(f"{where}: the text is not UTF-8.") from None


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
