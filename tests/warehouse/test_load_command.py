"""What `load` says: results, mistakes, secrets."""

import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from circleci_usage.schema.export_columns import REQUIRED_COLUMNS
from circleci_usage.warehouse.tables import BY_DAY, TABLES
from commandline import Finished, circleci_usage
from inprocess import run_here
from small_export import small_export

WARNING = "PROJECT_ID: 1 value is not a UUID; loaded as null."


def load(folder: Path, *arguments: str, **env: str) -> Finished:
    return run_here("load", *arguments, cwd=folder, env=env)


def test_a_new_user_loads_files(tmp_path: Path) -> None:
    small_export(tmp_path)
    done = load(tmp_path, "usage.duckdb", "export")
    assert done.code == 0
    assert done.out.splitlines() == [
        "Loaded 3 job runs in 1 window into usage.duckdb; skipped 0 windows.",
        "Updated the daily costs of 1 month.",
        "2026-03-02 to 2026-03-05: 3 job runs, 310.00 credits, 0.19 USD.",
    ]
    assert WARNING in done.err
    again = load(tmp_path, "usage.duckdb", "export")
    assert again.out.splitlines()[:2] == [
        "Loaded 0 job runs in 0 windows into usage.duckdb; skipped 1 window.",
        "Daily costs are unchanged.",
    ]


def test_the_variable_names_the_warehouse(tmp_path: Path) -> None:
    small_export(tmp_path)
    assert load(tmp_path, "--store", "export", WAREHOUSE_URL="sub/my.duckdb").code == 0
    with duckdb.connect(str(tmp_path / "sub/my.duckdb")) as connection:
        tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
    assert {table.name for table in TABLES} <= tables


def test_export_files_are_not_a_warehouse(tmp_path: Path) -> None:
    small_export(tmp_path)
    done = load(tmp_path, "export")
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        "Error: DESTINATION export has export files; name the warehouse first:"
        " `circleci-usage load usage.duckdb export`."
    )
    assert not (tmp_path / "usage.duckdb").exists()


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    small_export(tmp_path)
    for address in ("mysql://me:pa55-w0rd@db/x", "postgresql://me:pa55-w0rd@127.0.0.1:1/x"):
        for flags in ([], ["--verbose"], ["--json"]):
            done = load(tmp_path, *flags, "--store", "export", WAREHOUSE_URL=address)
            assert done.code in {2, 4}
            assert "pa55-w0rd" not in done.out + done.err


def test_another_file_is_not_overwritten(tmp_path: Path) -> None:
    small_export(tmp_path)
    (tmp_path / "notes.duckdb").write_text("notes " * 5000)
    done = load(tmp_path, "notes.duckdb", "export")
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        "Error: notes.duckdb is not a DuckDB file that this version of DuckDB can read; name"
        " another file."
    )
    assert (tmp_path / "notes.duckdb").read_text() == "notes " * 5000


def test_tables_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    small_export(tmp_path)
    load(tmp_path, "usage.duckdb", "export")
    with duckdb.connect(str(tmp_path / "usage.duckdb")) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    done = load(tmp_path, "usage.duckdb", "export")
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        "Error: usage.duckdb has version 99 of the tables, and this circleci-usage knows 1; upgrade"
        " circleci-usage, or load into another file."
    )


def test_a_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_export(tmp_path)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    done = load(tmp_path, "usage.duckdb", "export")
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        "Error: Loading into DuckDB needs duckdb; install it: pip install"
        " 'circleci-usage[warehouse]'."
    )


def test_no_price_is_refused_as_by_report(tmp_path: Path) -> None:
    small_export(tmp_path)
    (tmp_path / "usage.yml").write_text("pricing: [{from: 2026-04-01, price_per_credit: 1}]\n")
    done = load(tmp_path, "--config", "usage.yml", "usage.duckdb", "export")
    assert done.code == 2
    assert "There is usage on days without a price: 2026-03-02, 2026-03-05" in done.err


def test_no_usage_changes_nothing(tmp_path: Path) -> None:
    folder = small_export(tmp_path)
    (folder / "part-1.csv").unlink()
    (folder / "part-0.csv.gz").unlink()
    (folder / "part-0.csv").write_text(",".join(REQUIRED_COLUMNS) + "\n")
    done = load(tmp_path, "usage.duckdb", "export")
    assert (done.code, done.out) == (0, "usage.duckdb: the usage has no job runs.\n")


def test_the_folder_of_the_user_is_not_used(tmp_path: Path) -> None:
    small_export(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    done = circleci_usage("load", "usage.duckdb", "export", cwd=tmp_path, env={"HOME": str(home)})
    assert done.code == 0
    assert not (home / ".duckdb").exists()


def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    small_export(tmp_path)
    (tmp_path / "file").write_text("")
    done = load(tmp_path, "file/usage.duckdb", "export")
    assert done.code == 2
    assert "cannot be written" in done.err.splitlines()[-1]


def test_the_database_says_what_its_columns_mean(tmp_path: Path) -> None:
    small_export(tmp_path)
    load(tmp_path, "usage.duckdb", "export")
    with duckdb.connect(str(tmp_path / "usage.duckdb")) as connection:
        comments = connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
    assert {(table.name, table.meaning) for table in BY_DAY} <= set(comments)


def test_views_and_statistics_are_there(tmp_path: Path) -> None:
    small_export(tmp_path)
    load(tmp_path, "usage.duckdb", "export")
    with duckdb.connect(str(tmp_path / "usage.duckdb")) as connection:
        teams = connection.execute("SELECT team, cost FROM cost_by_team_month").fetchall()
        runs = connection.execute("SELECT SUM(runs), SUM(succeeded) FROM job_days").fetchall()
    assert teams == [("unallocated", Decimal("0.186"))]
    assert runs == [(3, 3)]
