"""Values of a table's line as JSON has them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from circleci_usage.core.decimals import plain
from circleci_usage.report_folder.columns import Column


def named_values(columns: Iterable[Column], values: Iterable[object]) -> dict[str, Any]:
    """Values by the names of their columns; exact numbers and days are texts.

    >>> from circleci_usage.report_folder.columns import money, text
    >>> named_values((text("job", ""), money("cost", "")), ("test", Decimal("1.50")))
    {'job': 'test', 'cost': '1.5'}
    """
    return {column.name: json_value(value) for column, value in zip(columns, values, strict=True)}


def json_value(value: object) -> object:
    """A value; exact numbers and days as texts."""
    if isinstance(value, Decimal):
        return plain(value)
    return str(value) if isinstance(value, date) else value
