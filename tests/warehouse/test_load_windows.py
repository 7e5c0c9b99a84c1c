"""Stores whose windows do not keep apart, and the same usage loaded in several ways."""

from pathlib import Path

import pytest

from duckdb_file import DuckDBFile
from loaded_usage import month_of_runs
from recorded_store import Export, store_with
from warehouse_contract import APRIL, MAY, assert_equals_report, export_of, load

APRIL_RUNS = month_of_runs(APRIL, 1000)
MAY_RUNS = month_of_runs(MAY, 2000)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBFile:
    return DuckDBFile(tmp_path / "usage.duckdb")


def test_windows_that_overlap(warehouse: DuckDBFile, tmp_path: Path) -> None:
    early = [row for row in APRIL_RUNS if row[25] <= "2026-04-20"]
    late = [row for row in APRIL_RUNS if row[25] >= "2026-04-10"]
    store_with(
        tmp_path / "store",
        Export("2026-04-01", "2026-04-20", "2026-04-21", [early]),
        Export("2026-04-10", "2026-05-31", "2026-06-02", [[*late, *MAY_RUNS]]),
    )
    assert load(warehouse, tmp_path)["job_runs_loaded"] == 82
    assert_equals_report(warehouse, tmp_path)
    assert load(warehouse, tmp_path)["windows_skipped"] == 1


def test_job_runs_outside_their_window(warehouse: DuckDBFile, tmp_path: Path) -> None:
    exports = [export_of(APRIL, [*APRIL_RUNS, MAY_RUNS[0]]), export_of(MAY, MAY_RUNS[1:])]
    store_with(tmp_path / "store", *exports)
    assert load(warehouse, tmp_path)["job_runs_loaded"] == 82
    assert_equals_report(warehouse, tmp_path)


def test_a_window_of_two_months(warehouse: DuckDBFile, tmp_path: Path) -> None:
    rows = [[*APRIL_RUNS, *MAY_RUNS]]
    store_with(tmp_path / "store", Export("2026-04-01", "2026-05-31", "2026-06-02", rows))
    loaded = load(warehouse, tmp_path)
    assert (loaded["job_runs_loaded"], loaded["windows_loaded"]) == (82, 1)
    assert_equals_report(warehouse, tmp_path)
    assert load(warehouse, tmp_path)["windows_skipped"] == 1


def test_the_store_then_its_files_then_the_store(warehouse: DuckDBFile, tmp_path: Path) -> None:
    store_with(tmp_path / "store", export_of(APRIL, APRIL_RUNS), export_of(MAY, MAY_RUNS))
    load(warehouse, tmp_path)
    [file, _] = sorted((tmp_path / "store/parts").glob("*.csv.gz"))
    loaded = load(warehouse, tmp_path, str(file))
    assert loaded["job_runs_loaded"] == 41
    assert warehouse.query("SELECT count(*) FROM job_runs") == [(82,)]
    again = load(warehouse, tmp_path)
    assert (again["windows_loaded"], again["windows_skipped"]) == (1, 1)
    assert_equals_report(warehouse, tmp_path)
