"""tables/*.csv: every breakdown of the report in full, for spreadsheets and notebooks."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.totals import Breakdown
from circleci_usage.exact import plain

MEASURES: Final = ("credits", "cost", "share", "job_runs")

# What makes a spreadsheet read a cell as a formula, or split it into another cell that is one; the wide forms are what
# an Asian keyboard types. Source: the OWASP page on CSV injection.
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the wide forms are meant


def table_csv(breakdown: Breakdown) -> str:
    """The lines of a breakdown: the names, then credits, cost, share of the cost (0 to 1) and job runs."""
    columns = [*breakdown.keys, *MEASURES]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    cells = ([_cell(value) for value in breakdown.lines[column]] for column in columns)
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
