"""A DuckDB file under test, and another process that has it open."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

_OPEN = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(); sys.stdin.read()"


class DuckDBFile:
    """See `warehouse_contract.Warehouse`."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.address, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    @contextmanager
    def locked(self) -> Iterator[None]:
        command = [sys.executable, "-c", _OPEN, self.address]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            yield
            process.communicate()
