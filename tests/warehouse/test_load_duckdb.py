"""`load` into a DuckDB file."""

from pathlib import Path

import pytest

from duckdb_file import DuckDBFile
from warehouse_contract import WarehouseContract


class TestDuckDB(WarehouseContract):
    """The contract."""

    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> DuckDBFile:
        return DuckDBFile(tmp_path / "usage.duckdb")
