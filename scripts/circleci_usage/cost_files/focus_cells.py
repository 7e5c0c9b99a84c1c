"""How a cell of focus.csv is written: numbers, moments, names."""

from datetime import date
from decimal import Decimal

from circleci_usage.core.decimals import plain
from circleci_usage.report_folder.csv_files import Verbatim
from circleci_usage.schema.export_columns import NO_NAME


def number_cell(value: Decimal) -> Verbatim:
    """With a decimal point always: readers do not take a column of whole credits for integers."""
    text = plain(value)
    return Verbatim(text if "." in text else f"{text}.0")


def moment_cell(day: date) -> str:
    """The beginning of a UTC day.

    >>> moment_cell(date(2026, 3, 1))
    '2026-03-01T00:00:00Z'
    """
    return f"{day:%Y-%m-%d}T00:00:00Z"


def name_cell(*names: str) -> str:
    """The first of the names that there is; empty, which is a null, without any."""
    return next((name for name in names if name and name != NO_NAME), "")
