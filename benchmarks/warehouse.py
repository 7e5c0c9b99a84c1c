"""`python -m benchmarks.warehouse`: how many job runs a second are written to each warehouse.

PostgreSQL is started on loopback, with TLS and durable commits. Job runs are staged before, and
written in one transaction. `--whole` measures the whole command as well, from the parts of an
export to all tables.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import gettempdir
from time import perf_counter

from benchmarks.generate import Size, generate
from benchmarks.measure import run_once
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import NullProgress
from circleci_usage.usage.input_files import find_parts
from circleci_usage.warehouse.addresses import destination_at
from circleci_usage.warehouse.destination import Change, Days, Staged
from circleci_usage.warehouse.staging import stage_runs
from circleci_usage.warehouse.tables import JOB_RUNS

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from postgres import postgres_on_loopback

MONTH = Period(date(2025, 12, 1), date(2026, 1, 1))
"""The days of the synthetic export."""


def main() -> None:
    """Measure each kind of warehouse, and print a line for each."""
    arguments = _arguments()
    parts, folder = arguments.folder / f"{arguments.rows}-rows", arguments.folder / "warehouse"
    generate(parts, Size(arguments.rows))
    shutil.rmtree(folder, ignore_errors=True)
    staged = _staged(parts, folder / "staged")
    print(f"{staged.rows:,} job runs, {os.cpu_count()} cores.")
    with _addresses(folder) as addresses:
        for address in addresses:
            _show(f"job runs into {_kind(address)}", _job_runs(address, staged), staged)
            if arguments.whole:
                _show(f"`load` into {_kind(address)}", _command(address, parts), staged)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warehouse", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="job runs in the export")
    parser.add_argument("--folder", type=Path, default=Path(gettempdir()) / "circleci-usage-load")
    parser.add_argument("--whole", action="store_true", help="measure the command as well")
    return parser.parse_args()


@contextmanager
def _addresses(folder: Path) -> Iterator[tuple[str, ...]]:
    """An empty warehouse of each kind."""
    with postgres_on_loopback(fsync="on") as server:
        yield f"{folder}/usage.duckdb", server.url(), f"{folder}/parquet"


def _kind(address: str) -> str:
    return type(destination_at(address)).__name__


def _staged(parts: Path, folder: Path) -> Staged:
    runs = stage_runs(find_parts([parts]).parts, folder, NullProgress())
    return runs.of_month(MONTH.start, folder / "month.parquet")


def _command(address: str, parts: Path) -> float:
    """Seconds of the whole command, its start included."""
    command = [sys.executable, "-m", "circleci_usage", "load", "--quiet", address, str(parts)]
    return run_once(command).wall


def _job_runs(address: str, staged: Staged) -> float:
    """Seconds of a transaction that writes the job runs alone."""
    change = Change(MONTH.start, {JOB_RUNS: (Days(MONTH, frozenset()),)}, (staged,), ())
    with destination_at(address) as warehouse:
        begin = perf_counter()
        warehouse.apply(change)
        return perf_counter() - begin


def _show(what: str, seconds: float, staged: Staged) -> None:
    busy = os.getloadavg()[0]
    rate = staged.rows / seconds
    print(f"{what}: {seconds:.1f} s, {rate:,.0f} a second, load average {busy:.1f}")


if __name__ == "__main__":
    main()
