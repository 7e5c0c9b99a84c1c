"""`load` into PostgreSQL."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest

from circleci_usage.warehouse.postgresql import PostgreSQL
from postgres import postgres_on_loopback
from postgres_database import Database, made
from warehouse_contract import WarehouseContract


class LoadedDatabase:
    """A database under test."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.address = database.url()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        # The server needs a moment to notice that a load was killed.
        self._database.wait_until(
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'loader'"
        )
        try:
            return self._database.rows(sql)
        except psycopg.errors.UndefinedTable as error:
            raise LookupError from error

    def locked(self) -> AbstractContextManager[object]:
        return PostgreSQL(self.address)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with postgres_on_loopback() as server:
        yield made(server)


class TestPostgreSQL(WarehouseContract):
    """The contract."""

    @pytest.fixture
    def warehouse(self, database: Database) -> LoadedDatabase:
        database.empty()
        return LoadedDatabase(database)
