"""tables/*.csv: every breakdown of the report in full, for spreadsheets and notebooks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.report import Report
from circleci_usage.report_folder.csv_files import cells, csv_header, csv_lines
from circleci_usage.report_folder.finding_tables import Table, found_tables
from circleci_usage.report_folder.priced_amounts import known_amounts, known_lines
from circleci_usage.schema.report_files import CHARGEBACK, CUBE, PRICING

_AT_A_TIME: Final = 20_000

_Lines = pd.DataFrame | ScaledLines | Table


def tables(report: Report) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and lines of every table: breakdowns, days, all dimensions at once, what finance posts, prices, findings."""
    for name, lines in _all_tables(report):
        yield name, lines if isinstance(lines, pd.DataFrame) else lines.frame


def write_tables(report: Report, folder: Path) -> None:
    """Write every table into an existing folder, some lines at a time."""
    for name, lines in _all_tables(report):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(_csv(lines))


def _all_tables(report: Report) -> Iterator[tuple[str, _Lines]]:
    for name, breakdown in report.breakdowns.items():
        yield name, known_lines(breakdown.lines, report.prices)
    yield from report.daily.tables.items()
    yield CUBE, known_lines(report.cube, report.prices)
    yield CHARGEBACK, chargeback_table(report)
    yield PRICING, pricing_table(report)
    yield from found_tables(report)


def chargeback_table(report: Report) -> pd.DataFrame:
    """What finance posts: a line per month and team, with a column for each tag of the settings."""
    charged = report.chargeback
    tags = {
        name: [values.get(team, "") for team in charged["team"]]
        for name, values in report.ownership.tags.items()
    }
    period = charged["first"].astype(str) + "/" + charged["last"].astype(str)
    amounts = {"direct": charged["direct"], "shared": charged["shared"], "total": charged["cost"]}
    return pd.DataFrame({"period": period, "team": charged["team"], **tags, **amounts}).assign(
        currency=report.currency
    )


def pricing_table(report: Report) -> pd.DataFrame:
    """The audit trail: which credits were charged at which price, and the checksum of the settings that say so."""
    used = report.prices_used.rename(
        columns={"first": "from", "last": "to", "price": "price_per_credit"}
    )
    used = used[known_amounts(used.columns, report.prices)]
    return used.assign(currency=report.currency, settings_sha256=report.prices.checksum)


def lines_csv(lines: pd.DataFrame) -> str:
    """A frame as it is, with a header: exact numbers, ISO days, names that no spreadsheet takes for formulas."""
    return "".join(_csv(lines))


def _csv(lines: _Lines) -> Iterator[str]:
    yield csv_header(lines.columns)
    for columns in _pieces(lines):
        yield from csv_lines(cells(values) for values in columns)


def _pieces(lines: _Lines) -> Iterator[Sequence[Sequence[Any]]]:
    """The values of the columns, of some lines at a time."""
    if isinstance(lines, Table):
        yield from lines.pieces(_AT_A_TIME)
        return
    frames = (
        lines.pieces(_AT_A_TIME)
        if isinstance(lines, ScaledLines)
        else (lines.iloc[first : first + _AT_A_TIME] for first in range(0, len(lines), _AT_A_TIME))
    )
    for frame in frames:
        yield [values.tolist() for _, values in frame.items()]
