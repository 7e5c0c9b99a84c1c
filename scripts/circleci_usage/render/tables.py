"""tables/*.csv: every breakdown of the report in full, for spreadsheets and notebooks."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.totals import Breakdown
from circleci_usage.exact import plain

# What makes a spreadsheet read a cell as a formula, or split it into another cell that is one; the wide forms are what
# an Asian keyboard types. Source: the OWASP page on CSV injection.
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the wide forms are meant


def table_csv(breakdown: Breakdown) -> str:
    """The lines of a breakdown: the names, then credits, cost, its share (0 to 1), job runs and more."""
    return lines_csv(breakdown.lines)


def lines_csv(lines: pd.DataFrame) -> str:
    """A frame as it is, with a header: exact numbers, ISO days, names that no spreadsheet takes for formulas."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(lines.columns)
    cells = ([_cell(value) for value in values] for _, values in lines.items())
    writer.writerows(zip(*cells, strict=True))
    return text.getvalue()


def neutral(name: str) -> str:
    """A name that no spreadsheet takes for a formula: an apostrophe before it says that it is text."""
    return f"'{name}" if name.startswith(_FORMULA_STARTS) else name


def _cell(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return neutral(str(value))
