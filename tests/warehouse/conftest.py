"""The sample company's usage, loaded once for all tests that only read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from loaded_demo import load_demo, make_demo
from postgres import postgres


@dataclass(frozen=True)
class LoadedDemo:
    """The sample company's report and warehouse.

    Attributes:
        folder: with `usage-report`.
        address: of the PostgreSQL database that has its usage.
        server: the variables with which `psql` finds the server.
    """

    folder: Path
    address: str
    server: dict[str, str]


@pytest.fixture(scope="session")
def loaded_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedDemo]:
    folder = make_demo(tmp_path_factory.mktemp("demo"))
    with postgres() as server:
        address = f"postgresql:///postgres?host={server['PGHOST']}&user={server['PGUSER']}"
        load_demo(folder, address)
        yield LoadedDemo(folder, address, server)
