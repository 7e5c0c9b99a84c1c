"""`load` into a DuckDB file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from locking import duckdb_held_by_another_process
from warehouse_contract import WarehouseContract


class File:
    """A DuckDB file under test."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.address = str(path)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.address, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    @contextmanager
    def locked(self) -> Iterator[None]:
        with duckdb_held_by_another_process(self._path):
            yield


class TestDuckDB(WarehouseContract):
    """The contract."""

    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> File:
        return File(tmp_path / "usage.duckdb")
