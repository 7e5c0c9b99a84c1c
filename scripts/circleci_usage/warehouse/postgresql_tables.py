"""The statements that make the tables of the warehouse in PostgreSQL."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

from psycopg.sql import SQL, Composed, Identifier, Literal

from circleci_usage.warehouse.tables import (
    EXACT_DECIMALS,
    EXACT_DIGITS,
    TABLES,
    Column,
    Type,
    WarehouseTable,
)
from circleci_usage.warehouse.views import VIEWS, View

Statement = SQL | Composed

VERSION_TABLE: Final = "schema_version"

_TYPES: Final[Mapping[Type, Statement]] = {
    Type.TEXT: SQL("text"),
    Type.UUID: SQL("uuid"),
    Type.DAY: SQL("date"),
    Type.MOMENT: SQL("timestamptz"),
    Type.EXACT: SQL("numeric({}, {})").format(Literal(EXACT_DIGITS), Literal(EXACT_DECIMALS)),
    Type.INTEGER: SQL("bigint"),
    Type.NUMBER: SQL("double precision"),
    Type.FLAG: SQL("boolean"),
}

_MAKE_VERSION_TABLE: Final = (
    SQL("""
CREATE TABLE IF NOT EXISTS schema_version (
    version integer NOT NULL,
    definitions text NOT NULL
)"""),
    SQL("COMMENT ON TABLE schema_version IS 'Which version of the tables load made.'"),
)

MIGRATIONS: Final[Mapping[int, tuple[SQL, ...]]] = {}
"""Version → the statements that make the tables of the next version of it."""


def relation_names() -> list[str]:
    """The names of all tables and views."""
    return [VERSION_TABLE, *(each.name for each in (*TABLES, *VIEWS))]


def definitions() -> tuple[Statement, ...]:
    """What makes all that is missing; existing tables stay as they are."""
    tables = (each for table in TABLES for each in _define(table))
    views = (each for view in VIEWS for each in _define_view(view))
    return (*_MAKE_VERSION_TABLE, *tables, *views)


def fingerprint_of(statements: tuple[Statement, ...]) -> str:
    """The same for the same statements."""
    text = ";\n".join(statement.as_string(None) for statement in statements)
    return sha256(text.encode()).hexdigest()


def _define(table: WarehouseTable) -> Iterator[Statement]:
    columns = SQL(", ").join(_column(column) for column in table.columns)
    name = Identifier(table.name)
    yield SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(name, columns)
    if table.day:
        yield _day_index(table.name, table.day)
    yield from _comment("TABLE", table)


def _define_view(view: View) -> Iterator[Statement]:
    # Who may read the view stays.
    yield SQL("CREATE OR REPLACE VIEW {} AS {}").format(Identifier(view.name), SQL(view.sql))
    yield from _comment("VIEW", view)


def _comment(kind: str, described: WarehouseTable | View) -> Iterator[Statement]:
    name = Identifier(described.name)
    yield SQL("COMMENT ON {} {} IS {}").format(SQL(kind), name, Literal(described.meaning))
    for column in described.columns:
        if column.meaning:
            yield SQL("COMMENT ON COLUMN {} IS {}").format(
                Identifier(described.name, column.name), Literal(column.meaning)
            )


def _column(column: Column) -> Statement:
    return SQL("{} {}").format(Identifier(column.name), _TYPES[column.type])


def _day_index(table: str, day: str) -> Statement:
    """The index by day, with which rows are replaced; another one costs an eighth of the rate."""
    return SQL("CREATE INDEX IF NOT EXISTS {} ON {} ({})").format(
        Identifier(f"{table}_day"), Identifier(table), Identifier(day)
    )
