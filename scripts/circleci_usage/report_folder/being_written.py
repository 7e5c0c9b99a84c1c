"""A report folder that is being written: read back quickly, because its daily sums are at hand.

Daily tables may have 100,000 lines. What is written from them needs sums over days, which take
longer to add up from text than everything else that a small report does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from circleci_usage.analysis.daily_tables import DailyTables
from circleci_usage.core.decimals import exact_arithmetic
from circleci_usage.report import Report
from circleci_usage.report_folder.csv_files import cell
from circleci_usage.report_folder.reader import Amounts, Cells, ReportFolder, read_report_folder


@dataclass(frozen=True)
class ReportBeingWritten(ReportFolder):
    """The report of a folder that has its summary and its tables by now.

    Attributes:
        daily: the amounts of its daily tables.
    """

    daily: DailyTables

    def daily_amounts(
        self, table: str, names: Sequence[str], amounts: Sequence[str], *, by_day: bool
    ) -> Iterator[tuple[date, Cells, Amounts]]:
        """As those of the folder; where days do not matter, summed up by names."""
        if by_day or not names:
            yield from super().daily_amounts(table, names, amounts, by_day=by_day)
            return
        with exact_arithmetic():
            sums = self.daily.sums(table, names)
        texts = zip(*(map(cell, sums[name]) for name in names), strict=True)
        numbers = zip(*(map(_number, sums[amount]) for amount in amounts), strict=True)
        for line in zip(texts, numbers, strict=True):
            yield self.period.last, *line


def _number(value: Decimal | int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def report_being_written(report: Report, folder: Path) -> ReportBeingWritten:
    """The report whose summary.json and tables are in a folder already."""
    written = read_report_folder(folder)
    return ReportBeingWritten(written.path, written.summary, report.daily)
