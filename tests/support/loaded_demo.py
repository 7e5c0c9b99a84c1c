"""The report of the sample company, and the same usage in a warehouse."""

import csv
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from circleci_usage.demo.tour import DEMO_SETTINGS
from commandline import circleci_usage
from postgres import postgres


@dataclass(frozen=True)
class LoadedDemo:
    """The sample company's report and warehouse.

    Attributes:
        folder: with `usage-report`, and with the settings where they are found by themselves.
        address: of the PostgreSQL database that has its usage.
        server: the variables with which `psql` finds the server.
    """

    folder: Path
    address: str
    server: dict[str, str]


@contextmanager
def make_loaded_demo(folder: Path) -> Iterator[LoadedDemo]:
    """Load the report in a folder of `make_demo`; skips where PostgreSQL is not installed."""
    with postgres() as server:
        address = f"postgresql:///postgres?host={server['PGHOST']}&user={server['PGUSER']}"
        load_demo(folder, address)
        yield LoadedDemo(folder, address, server)


def load_demo(folder: Path, address: str) -> None:
    """Load the usage of such a folder."""
    usage = folder / "usage-report" / "merged.csv.gz"
    done = circleci_usage("load", address, usage, cwd=folder)
    assert done.code == 0, done.err


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The lines of a table of the report."""
    file = folder / "usage-report" / "tables" / f"{name}.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        return [*csv.DictReader(stream)]


def sums(folder: Path, name: str, column: str, amount: str = "cost") -> dict[str, Decimal]:
    """Value of a column → its amount in a table of the report, unless that is 0."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in table(folder, name):
        found[line[column]] += Decimal(line[amount])
    return {value: total for value, total in found.items() if total}


def make_demo(folder: Path) -> None:
    """Make the report of `demo` in a folder, and its settings where they are found."""
    assert circleci_usage("demo", "--output", "usage-report", cwd=folder).code == 0
    (folder / ".circleci").mkdir()
    shutil.copy(DEMO_SETTINGS, folder / ".circleci" / "usage.yml")
