"""The one reader of a report folder, for everything that takes a report from its files.

`push` and `check` read no usage: what they know of a report comes from here. A report of another
version is refused, because its keys and columns may mean something else.
"""

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.guarded_open import open_own, read_own
from circleci_usage.core.paths import exists, is_file
from circleci_usage.core.periods import CIRCLECI_BEGAN, END_OF_TIME, Period
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.report_files import SCHEMA_VERSION, SUMMARY_NAME, table_file
from circleci_usage.usage.input_files import is_store

if TYPE_CHECKING:
    from circleci_usage.analysis.budgets import Spending

TOTALS: Final = ("credits", "cost", "job_runs")

_SHOWN: Final = 40
_SUMMARY_LIMIT: Final = 1 << 30
_LARGEST_VERSION: Final = 10**6
_ROW_LIMIT: Final = 4 << 20
"""Bytes that a row may have: a few names of at most 10,000 characters each."""
_AGAIN: Final = "make the report again with circleci-usage report"

Cells = tuple[str, ...]
Amounts = tuple[Decimal | None, ...]


@dataclass(frozen=True)
class ReportFolder:
    """A report that was written before.

    Every property raises DataError where summary.json does not hold what it says.

    Attributes:
        path: the folder.
        summary: all of summary.json.
    """

    path: Path
    summary: Mapping[str, Any]

    @cached_property
    def period(self) -> Period:
        """The days reported on."""
        try:
            first, last = (
                date.fromisoformat(self.summary["period"][end]) for end in ("from", "to")
            )
            is_possible = CIRCLECI_BEGAN <= first <= last < END_OF_TIME
        except (KeyError, TypeError, ValueError):
            is_possible = False
        if not is_possible:
            raise self.damaged_summary(": it does not say what was spent when")
        return Period.of_days(first, last)

    @cached_property
    def currency(self) -> str:
        """The currency of all money."""
        if "currency" not in self.summary:
            raise self.damaged_summary(": it does not say what was spent when")
        return str(self.summary["currency"])

    @cached_property
    def totals(self) -> Mapping[str, Decimal]:
        """Each of `TOTALS` over everything; a cost that is not known, for want of a price, is 0."""
        try:
            return {name: decimal_from(str(self.summary["totals"][name] or 0)) for name in TOTALS}
        except (KeyError, TypeError, ValueError):
            raise self.damaged_summary(": it does not say what was spent when") from None

    @property
    def settings_checksum(self) -> str | None:
        """The checksum of the settings that decide what things cost and whose costs they are."""
        checksum = self.summary.get("settings_checksum")
        return None if checksum is None else str(checksum)

    @cached_property
    def budget_spending(self) -> "Spending":
        """What budgets are checked against."""
        # pandas comes with it, for which `push` has no use.
        from circleci_usage.report_folder.budget_spending_json import (  # noqa: PLC0415
            spending_from_json,
        )

        try:
            return spending_from_json(self.summary)
        except (AttributeError, KeyError, ValueError, TypeError, ArithmeticError):
            raise self.damaged_summary(": it does not say what budgets need") from None

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        return self._file(table).is_file()

    def columns(self, table: str) -> Cells:
        """The header of a table.

        Raises:
            DataError: there is no such table.
        """
        return next(self._lines(table))[1]

    def rows(
        self, table: str, names: Sequence[str], amounts: Sequence[str]
    ) -> Iterator[tuple[Cells, Amounts]]:
        """Some columns of a table, line by line.

        Args:
            table: its name.
            names: the columns that are given as they are.
            amounts: the columns that are given as numbers; None for an empty cell.

        Raises:
            DataError: there is no such table or column, or a cell is not a number.
        """
        lines = self._lines(table)
        _, header = next(lines)
        missing = [name for name in (*names, *amounts) if name not in header]
        if missing:
            raise DataError(f"{self._file(table)} has no column {missing[0]}; {_AGAIN}.")
        of_names = [header.index(name) for name in names]
        of_amounts = [header.index(name) for name in amounts]
        for position, line in lines:
            try:
                texts = tuple(line[at] for at in of_names)
                numbers = tuple(_number_or_none(line[at]) for at in of_amounts)
            except (IndexError, ValueError):
                raise self._damaged(table, position) from None
            yield texts, numbers

    def daily_amounts(
        self, table: str, names: Sequence[str], amounts: Sequence[str], *, by_day: bool
    ) -> Iterator[tuple[date, Cells, Amounts]]:
        """As `rows`, of a table whose lines are of one day each.

        The same names may come again, also on the same day: whoever reads them sums them up.

        Args:
            table: its name.
            names: the columns that are given as they are, besides the day.
            amounts: the columns that are given as numbers; None for an empty cell.
            by_day: whether the day matters; otherwise it may be any of the report's.

        Raises:
            DataError: as `rows`, or a day is not one of the report's.
        """
        del by_day  # the days have to be read in any case: they may be damaged
        for (day, *texts), numbers in self.rows(table, ["date", *names], amounts):
            yield self._day(day, table), tuple(texts), numbers

    def _day(self, text: str, table: str) -> date:
        """A day of a table.

        Raises:
            DataError: it is none, or not of the period.
        """
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if not CIRCLECI_BEGAN <= day < END_OF_TIME:
            raise DataError(
                f"{inert(self._file(table))} has {inert(text, _SHOWN)!r} for a day; {_AGAIN}."
            )
        if day not in self.period:
            raise DataError(f"The table {table} of {self.path} has a day outside of {self.period}.")
        return day

    def damaged_summary(self, why: str = "") -> DataError:
        """The error to raise where summary.json is not as it should be."""
        return _damaged_summary(self.path, why)

    def _file(self, table: str) -> Path:
        return self.path / table_file(table)

    def _lines(self, table: str) -> Iterator[tuple[int, Cells]]:
        """The lines with their numbers, the header first, which may be empty."""
        file = self._file(table)
        try:
            with open_own(file) as stream:
                lines = csv.reader(_texts(stream))
                yield 1, tuple(next(lines, ()))
                for line in lines:
                    yield lines.line_num, tuple(line)
        except FileNotFoundError:
            raise DataError(f"{self.path} has no {table_file(table)}; {_AGAIN}.") from None
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"{inert(file)} cannot be read: {reason}; {_AGAIN}.") from None
        except (ValueError, csv.Error):
            raise DataError(f"{inert(file)} is damaged; {_AGAIN}.") from None

    def _damaged(self, table: str, line: int) -> DataError:
        return DataError(f"Line {line} of {self._file(table)} is damaged; {_AGAIN}.")


def read_report_folder(path: Path) -> ReportFolder:
    """Read what a report says about itself.

    Raises:
        SettingsError: there is no report, or another version made it.
        DataError: its summary cannot be read.
    """
    summary = _read_summary(path)
    version = summary.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        raise SettingsError(
            f"{inert(path / SUMMARY_NAME)} was made by another version of circleci-usage"
            f" (schema_version {_shown(version)}, this one writes {SCHEMA_VERSION}); make the"
            " report again with this version."
        )
    return ReportFolder(path, summary)


def _read_summary(folder: Path) -> Mapping[str, Any]:
    path = folder / SUMMARY_NAME
    try:
        summary = json.loads(read_own(path, _SUMMARY_LIMIT).decode())
    except (FileNotFoundError, NotADirectoryError):
        raise _no_report(folder) from None
    except OSError as error:
        raise SettingsError(f"{inert(path)} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise _damaged_summary(folder, ": it cannot be read as JSON") from None
    if not isinstance(summary, dict):
        raise _damaged_summary(folder, ": it is not the summary of a report")
    return summary


def _no_report(folder: Path) -> SettingsError:
    shown = inert(folder)
    if is_file(folder):
        fault = f"{shown} is a file, not a report folder"
    elif is_store(folder):
        return SettingsError(
            f"{shown} is a store, not a report folder; make a report from it with `circleci-usage"
            f" report --store {shown}`, then name the report's folder with --report (OUTPUT_DIR)."
        )
    elif exists(folder):
        fault = f"{shown} is not a report folder: there is no {SUMMARY_NAME}"
    else:
        fault = f"There is no report folder {shown}"
    return SettingsError(
        f"{fault}; make a report with `circleci-usage run` or `circleci-usage report`, or name its"
        " folder with --report (OUTPUT_DIR). `circleci-usage demo` makes one without an account."
    )


def _damaged_summary(folder: Path, why: str) -> DataError:
    return DataError(f"{inert(folder / SUMMARY_NAME)} is damaged{why}; {_AGAIN}.")


def _shown(version: object) -> str:
    is_sound = type(version) is int and 0 <= version < _LARGEST_VERSION
    return str(version) if is_sound else "unknown"


def _texts(stream: BinaryIO) -> Iterator[str]:
    """The lines of a table, unless a row has no end.

    Raises:
        ValueError: so it is, or a line is not UTF-8.
    """
    room, is_quoted = _ROW_LIMIT, False
    while line := stream.readline(room):
        room -= len(line)
        if not room:
            raise ValueError("the row is too long")
        is_quoted ^= line.count(b'"') % 2 == 1
        if not is_quoted:
            room = _ROW_LIMIT
        yield line.decode()


def decimal_from(text: str) -> Decimal:
    """An exact number that also fits into a double, as Datadog keeps it.

    Raises:
        ValueError: it is not a number, or does not fit.
    """
    try:
        value = Decimal(text)
        is_sound = math.isfinite(float(value))
    except (InvalidOperation, OverflowError):
        is_sound = False
    if not is_sound:
        raise ValueError(f"{text!r} is not a finite number")
    return value


def _number_or_none(text: str) -> Decimal | None:
    return decimal_from(text) if text else None
