"""The statements of a warehouse in DuckDB. Only our own names are in their text; values are not."""
# ruff: noqa: S608 - see above

from collections.abc import Iterator
from typing import Any, Final

from circleci_usage.warehouse.destination import Days, Load
from circleci_usage.warehouse.load_lines import line_of
from circleci_usage.warehouse.tables import (
    EXACT_DECIMALS,
    EXACT_DIGITS,
    LOADS,
    Column,
    Type,
    WarehouseTable,
)
from circleci_usage.warehouse.views import View

Statement = tuple[str, list[Any]]
"""Its text and its values."""

_TYPES: Final = {
    Type.TEXT: "VARCHAR",
    Type.UUID: "UUID",
    Type.DAY: "DATE",
    Type.MOMENT: "TIMESTAMP WITH TIME ZONE",
    Type.EXACT: f"DECIMAL({EXACT_DIGITS}, {EXACT_DECIMALS})",
    Type.INTEGER: "BIGINT",
    Type.NUMBER: "DOUBLE",
    Type.FLAG: "BOOLEAN",
}
_VERSION: Final = "schema_version"

MAKE_VERSION: Final = f"CREATE TABLE IF NOT EXISTS {_VERSION} (version INTEGER NOT NULL)"
READ_VERSION: Final = f"SELECT max(version) FROM {_VERSION}"
READ_LOADS: Final = f"SELECT {', '.join(column.name for column in LOADS.columns)} FROM {LOADS.name}"


def set_version(version: int) -> Statement:
    """Record the version of the tables."""
    return f"INSERT INTO {_VERSION} VALUES (?)", [version]


def make_table(table: WarehouseTable) -> Iterator[str]:
    """Make a table, and say in the database what it and its columns mean.

    >>> [*make_table(LOADS)][1]
    "COMMENT ON TABLE loads IS 'What was loaded, so that the same rows are not loaded again.'"
    """
    columns = ", ".join(f"{column.name} {_TYPES[column.type]}" for column in table.columns)
    yield f"CREATE TABLE {table.name} ({columns})"
    yield f"COMMENT ON TABLE {table.name} IS {_quoted(table.meaning)}"
    for column in table.columns:
        if column.meaning:
            yield f"COMMENT ON COLUMN {table.name}.{column.name} IS {_quoted(column.meaning)}"


def make_view(view: View) -> Iterator[str]:
    """Make a view in place of its former self, and say in the database what it means."""
    yield f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}"
    yield f"COMMENT ON VIEW {view.name} IS {_quoted(view.meaning)}"


def empty(table: WarehouseTable) -> str:
    """Remove all rows."""
    return f"DELETE FROM {table.name}"


def clear(table: WarehouseTable, days: Days) -> Statement:
    """Remove the rows of some days of some organizations."""
    condition = f"{table.day} IS NULL"
    values: list[Any] = []
    if days.period is not None:
        condition = f"{table.day} BETWEEN ? AND ?"
        values += [days.period.first, days.period.last]
    if days.organizations:
        marks = ", ".join("TRY_CAST(? AS UUID)" for _ in days.organizations)
        condition += f" AND (organization_id IS NULL OR organization_id IN ({marks}))"
        values += sorted(days.organizations)
    return f"{empty(table)} WHERE {condition}", values


def add(table: WarehouseTable, file: str) -> Statement:
    """Add the rows of a Parquet file."""
    names = ", ".join(column.name for column in table.columns)
    typed = ", ".join(map(_typed, table.columns))
    return f"INSERT INTO {table.name} ({names}) SELECT {typed} FROM read_parquet(?)", [file]


def forget(name: str) -> Statement:
    """Remove a line of `loads`."""
    return f"{empty(LOADS)} WHERE name = ?", [name]


def record(load: Load) -> Statement:
    """Add a line of `loads`."""
    values = line_of(load)
    return f"INSERT INTO {LOADS.name} VALUES ({', '.join('?' for _ in values)})", values


def _typed(column: Column) -> str:
    return f"CAST({column.name} AS {_TYPES[column.type]})"


def _quoted(text: str) -> str:
    """A text of ours as a literal, where no parameter is possible."""
    return "'" + text.replace("'", "''") + "'"
