"""The columns of the tables: name, type, unit and meaning; those of many tables are said once.

A column that is only sometimes there says when in `only`.

    >>> money("cost", "What is charged.")
    Column(name='cost', type='decimal', unit='currency', meaning='What is charged.', only='')
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from circleci_usage.schema.dimensions import DIMENSIONS


class Column(NamedTuple):
    """A column of a table, or a key of summary.json.

    Attributes:
        name: as it is written.
        type: `text`, `decimal`, `integer`, `number`, `day`; in summary.json also `yes/no`.
        unit: of a number; empty for what has none.
        meaning: one or two sentences.
        only: when the column is there; empty for always.
    """

    name: str
    type: str
    unit: str
    meaning: str
    only: str = ""


@dataclass(frozen=True)
class CatalogTable:
    """A table of the report folder.

    Attributes:
        name: its file is tables/NAME.csv.
        title: its heading.
        line: what one of its lines is.
        columns: in their order; see `Column.only` for those that are not always there.
    """

    name: str
    title: str
    line: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The header of the table, where every column is there."""
        return tuple(column.name for column in self.columns)


def text(name: str, meaning: str, only: str = "") -> Column:
    """A column of names or words."""
    return Column(name, "text", "", meaning, only)


def day(name: str, meaning: str, only: str = "") -> Column:
    """A column of UTC days, written as in 2026-03-31."""
    return Column(name, "day", "", meaning, only)


def yes_no(name: str, meaning: str) -> Column:
    """A key of summary.json that is true or false."""
    return Column(name, "yes/no", "", meaning)


def money(name: str, meaning: str, only: str = "") -> Column:
    """A column of exact amounts in the currency of the report."""
    return Column(name, "decimal", "currency", meaning, only)


def credit_amount(name: str, meaning: str, only: str = "") -> Column:
    """A column of exact numbers of credits."""
    return Column(name, "decimal", "credits", meaning, only)


def share(name: str, meaning: str, only: str = "") -> Column:
    """A column of shares: 0.25 is 25%."""
    return Column(name, "decimal", "share", meaning, only)


def exact(name: str, unit: str, meaning: str, only: str = "") -> Column:
    """A column of exact numbers that need not be whole."""
    return Column(name, "decimal", unit, meaning, only)


def number(name: str, unit: str, meaning: str, only: str = "") -> Column:
    """A column of measured numbers, with the digits that a double has."""
    return Column(name, "number", unit, meaning, only)


def count(name: str, unit: str, meaning: str, only: str = "") -> Column:
    """A column of whole numbers."""
    return Column(name, "integer", unit, meaning, only)


LIST_PRICED: Final = "with `list_price_per_credit` in the settings file"
WITH_INCLUDED: Final = "with `included_credits` or `free_seats` in the settings file"
WITH_UNPRICED: Final = "with `--allow-unpriced`"

CREDITS: Final = credit_amount("credits", "Credits used.")
UNPRICED: Final = credit_amount("unpriced_credits", "Credits without a price.", WITH_UNPRICED)
FREE: Final = credit_amount(
    "free_credits", "Free credits used (included credits and free seats).", WITH_INCLUDED
)
LIST_COST: Final = money("list_cost", "Cost of the credits at the list price.", LIST_PRICED)
CONTRACTED_COST: Final = money(
    "contracted_cost", "Contract price × credits, before free credits are deducted.", WITH_INCLUDED
)
COST: Final = money("cost", "What is charged; empty if none of the credits has a price.")
JOB_RUNS: Final = count("job_runs", "job runs", "Job runs, also those that cost nothing.")
CURRENCY: Final = text("currency", "Currency of the amounts, as in ISO 4217.")

AMOUNT_COLUMNS: Final = (CREDITS, UNPRICED, LIST_COST, CONTRACTED_COST, COST)

SPENT: Final = money("spent", "Actual cost so far.")
EXPECTED: Final = money("expected", "Forecast for the end; empty where too little is known.")
LOW: Final = money("low", "Lower bound of the forecast's 80% interval.")
HIGH: Final = money("high", "Upper bound of the forecast's 80% interval.")

_DIMENSIONS: Final = {dimension.name: dimension for dimension in DIMENSIONS}


def dimension(name: str, only: str = "") -> Column:
    """The column of a dimension, as the schema describes it."""
    meaning = _DIMENSIONS[name].meaning
    return day(name, meaning, only) if name == "date" else text(name, meaning, only)


def dimensions(names: Iterable[str], only: str = "") -> tuple[Column, ...]:
    """The columns of some dimensions."""
    return tuple(dimension(name, only) for name in names)
