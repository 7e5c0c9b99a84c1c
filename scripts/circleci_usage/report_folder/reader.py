"""The report folder, read back: everything that is pushed comes from its files, nothing from the usage itself."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, BinaryIO, Final

from circleci_usage.core.errors import DataError
from circleci_usage.core.guarded_open import open_own
from circleci_usage.core.periods import CIRCLECI_BEGAN, END_OF_TIME, Period
from circleci_usage.core.untrusted_text import inert
from circleci_usage.report_folder.summary_file import read_summary
from circleci_usage.schema.report_files import SUMMARY_NAME

TOTALS: Final = ("credits", "cost", "job_runs")

_SHOWN: Final = 40
_ROW_LIMIT: Final = 4 << 20
"""Bytes that a row may have: of a few names, none of which is longer than 10,000 characters."""
_AGAIN: Final = "make the report again with circleci-usage report"


@dataclass(frozen=True)
class ReportFolder:
    """A report that was written before.

    Attributes:
        path: the folder.
        period: the days reported on.
        currency: of all money.
        totals: each of `TOTALS` over everything; a cost that is not known, because there is no price, is 0.
        summary: all of summary.json.
    """

    path: Path
    period: Period
    currency: str
    totals: Mapping[str, Decimal]
    summary: Mapping[str, Any]

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        return self._file(table).is_file()

    def columns(self, table: str) -> tuple[str, ...]:
        """The header of a table.

        Raises:
            DataError: there is no such table.
        """
        return next(self._lines(table))[1]

    def rows(
        self, table: str, names: Sequence[str], amounts: Sequence[str]
    ) -> Iterator[tuple[tuple[str, ...], tuple[Decimal | None, ...]]]:
        """The lines of a table: some of its columns as they are, others as numbers, None where there is none.

        Raises:
            DataError: there is no such table or column, or something is no number.
        """
        lines = self._lines(table)
        _, header = next(lines)
        missing = [name for name in (*names, *amounts) if name not in header]
        if missing:
            raise DataError(f"{self._file(table)} has no column {missing[0]}; {_AGAIN}.")
        texts, numbers = ([header.index(name) for name in wanted] for wanted in (names, amounts))
        for position, line in lines:
            try:
                yield (
                    tuple(line[at] for at in texts),
                    tuple(number(line[at]) if line[at] else None for at in numbers),
                )
            except (IndexError, ValueError):
                raise self._damaged(table, position) from None

    def day(self, text: str, table: str) -> date:
        """A day of a table.

        Raises:
            DataError: it is none.
        """
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if not CIRCLECI_BEGAN <= day < END_OF_TIME:
            raise DataError(
                f"{inert(self._file(table))} has {inert(text, _SHOWN)!r} for a day; {_AGAIN}."
            )
        return day

    def damaged_summary(self) -> DataError:
        """The error of who finds summary.json other than it should be."""
        return DataError(f"{self.path / SUMMARY_NAME} is damaged; {_AGAIN}.")

    def _file(self, table: str) -> Path:
        return self.path / "tables" / f"{table}.csv"

    def _lines(self, table: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The lines with their numbers, the header first, which may be empty."""
        file = self._file(table)
        try:
            with open_own(file) as stream:
                lines = csv.reader(_texts(stream))
                yield 1, tuple(next(lines, ()))
                for line in lines:
                    yield lines.line_num, tuple(line)
        except FileNotFoundError:
            raise DataError(
                f"{self.path} has no {file.relative_to(self.path)}; {_AGAIN}."
            ) from None
        except OSError as error:
            raise DataError(
                f"{inert(file)} cannot be read: {error.strerror or error}; {_AGAIN}."
            ) from None
        except (ValueError, csv.Error):
            raise DataError(f"{inert(file)} is damaged; {_AGAIN}.") from None

    def _damaged(self, table: str, line: int) -> DataError:
        return DataError(f"Line {line} of {self._file(table)} is damaged; {_AGAIN}.")


def _texts(stream: BinaryIO) -> Iterator[str]:
    """The lines of a table, unless a row has no end.

    Raises:
        ValueError: so it is, or a line is not UTF-8.
    """
    room, quoted = _ROW_LIMIT, False
    while line := stream.readline(room):
        room -= len(line)
        if not room:
            raise ValueError("the row is too long")
        quoted ^= line.count(b'"') % 2 == 1
        if not quoted:
            room = _ROW_LIMIT
        yield line.decode()


def read_report_folder(path: Path) -> ReportFolder:
    """Read what a report says about itself.

    Raises:
        SettingsError: there is no report, or another version made it.
        DataError: it is damaged.
    """
    summary = read_summary(path)
    try:
        return ReportFolder(
            path=path,
            period=_period(*(date.fromisoformat(summary["period"][end]) for end in ("from", "to"))),
            currency=str(summary["currency"]),
            totals={name: number(str(summary["totals"][name] or 0)) for name in TOTALS},
            summary=summary,
        )
    except (KeyError, TypeError, ValueError):
        raise DataError(
            f"{path / SUMMARY_NAME} does not say what was spent when; {_AGAIN}."
        ) from None


def _period(first: date, last: date) -> Period:
    if not CIRCLECI_BEGAN <= first <= last < END_OF_TIME:
        raise ValueError(f"no report is on {first} to {last}")
    return Period.of_days(first, last)


def number(text: str) -> Decimal:
    """An exact number that Datadog can keep, which has doubles.

    Raises:
        ValueError: it is none.
    """
    try:
        value = Decimal(text)
        sound = math.isfinite(float(value))
    except (InvalidOperation, OverflowError):
        sound = False
    if not sound:
        raise ValueError(f"{text!r} is no finite number")
    return value
