"""`load` into Parquet files, in a folder and in S3: the sums are the report's."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.warehouse.parquet import ParquetFolder
from inprocess import run_here
from loaded_usage import SETTINGS, month_of_runs
from parquet_warehouses import answer, downloaded
from recorded_store import store_with
from s3_server import SECRET, S3Server
from warehouse_contract import APRIL, WarehouseContract, assert_equals_report, export_of


class ParquetFiles:
    """A folder, read by DuckDB."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return answer(self.folder(), sql)

    def locked(self) -> AbstractContextManager[object]:
        return ParquetFolder(self.address)

    def folder(self) -> Path:
        return Path(self.address)


class ObjectsInS3(ParquetFiles):
    """A prefix, downloaded for each query."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self._folder = folder

    def folder(self) -> Path:
        return downloaded(self.address, self._folder)


class TestFolder(WarehouseContract):
    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> ParquetFiles:
        return ParquetFiles(tmp_path / "history")


def test_s3(s3: S3Server, tmp_path: Path) -> None:
    """Once through, and again: what S3 does differently is in test_parquet_buckets.py."""
    address = "s3://usage-history/ci"
    rows = month_of_runs(APRIL, 1000)
    store_with(tmp_path / "store", export_of(APRIL, rows))
    (tmp_path / "settings.yml").write_text(SETTINGS, encoding="utf-8")
    command = ["load", address, "--config", "settings.yml", "--allow-unpriced"]

    first = run_here(*command, "--store", "store", cwd=tmp_path, env=s3.variables)
    second = run_here(*command, "--store", "store", cwd=tmp_path, env=s3.variables)

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert f"Loaded {len(rows)} job runs in 1 window into {address}; skipped 0" in first.out
    assert f"Loaded 0 job runs in 0 windows into {address}; skipped 1 window." in second.out
    assert_equals_report(ObjectsInS3(address, tmp_path / "downloaded"), tmp_path)


def test_secrets_of_s3_are_not_shown(s3: S3Server, tmp_path: Path) -> None:
    write_part(tmp_path / "usage.csv.gz", month_of_runs(APRIL, 1000))
    command = ["load", "s3://nobodys/ci", "usage.csv.gz", "--price-per-credit", "1", "--verbose"]

    finished = run_here(*command, cwd=tmp_path, env=s3.variables)

    assert finished.code == 2
    assert "The bucket of s3://nobodys/ci does not exist; create it, or check" in finished.err
    assert SECRET not in finished.out + finished.err
