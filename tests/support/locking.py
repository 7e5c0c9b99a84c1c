"""Another process that has a DuckDB file open."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OPEN = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(); sys.stdin.read()"


@contextmanager
def duckdb_held_by_another_process(path: Path) -> Iterator[None]:
    command = [sys.executable, "-c", _OPEN, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield
        process.communicate()
