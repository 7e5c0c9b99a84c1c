"""Tables of a warehouse with rows of a test, in DuckDB and in PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from circleci_usage.warehouse.tables import Column, Type, WarehouseTable

Rows = Sequence[Mapping[str, Any]]
Execute = Callable[..., Any]
"""`execute` of a connection: a query and its parameters."""

_SQL_TYPES: Final = {
    Type.TEXT: "text",
    Type.UUID: "uuid",
    Type.DAY: "date",
    Type.MOMENT: "timestamp with time zone",
    Type.EXACT: "numeric(38, 18)",
    Type.INTEGER: "bigint",
    Type.NUMBER: "double precision",
    Type.FLAG: "boolean",
}


def create(execute: Execute, table: WarehouseTable, rows: Rows, mark: str) -> None:
    """Make a table with rows; columns that a row lacks are NULL.

    Args:
        execute: of the connection.
        table: its columns.
        rows: column → value.
        mark: the driver's placeholder of a parameter.
    """
    names = [column.name for column in table.columns]
    execute(f"CREATE TABLE {table.name} ({', '.join(map(_declared, table.columns))})")
    for row in rows:
        marks = ", ".join([mark] * len(names))
        execute(f"INSERT INTO {table.name} VALUES ({marks})", [row.get(name) for name in names])


def _declared(column: Column) -> str:
    return f"{column.name} {_SQL_TYPES[column.type]}"
