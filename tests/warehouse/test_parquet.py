"""Parquet files in a local folder, read by DuckDB as a user would."""

import os
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from circleci_usage.core.errors import (
    DataError,
    SettingsError,
    UnfinishedError,
)
from circleci_usage.warehouse.destination import Change, Days, Load
from circleci_usage.warehouse.parquet import ParquetFolder
from circleci_usage.warehouse.tables import JOB_RUNS, PRICES, TEAMS
from parquet_warehouses import (
    FIRST_HALF,
    FIRST_ROWS,
    SECOND_HALF,
    TOTAL,
    load_both_halves,
    queried,
    sums,
)
from paths import ROOT, SUPPORT
from staged_months import ACME, OCTOBER, OTHER, job_run, staged, window_change


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A folder for staged rows."""
    folder = tmp_path / "rows"
    folder.mkdir()
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


def test_duckdb_reads_exact_amounts(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)

    assert sums(place) == (TOTAL, TOTAL)
    assert queried(place, "job_runs", "month, organization_id::uuid::text") == [("2026-10", ACME)]


def test_types_row_groups_and_statistics(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)

    file = str(place / "job_runs" / "month=2026-10" / "data.parquet")
    with duckdb.connect() as connection:
        described = connection.execute("describe from read_parquet(?)", [file]).fetchall()
        kinds = {name: kind for name, kind, *_ in described}
        found = connection.execute(
            "select compression, stats_max_value from parquet_metadata(?)"
            " where path_in_schema = 'job_run_date'",
            [file],
        ).fetchall()
    assert kinds["total_credits"] == "DECIMAL(38,18)"
    assert kinds["job_run_queued_at"] == "TIMESTAMP WITH TIME ZONE"
    assert kinds["job_run_date"] == "DATE"
    assert kinds["is_workflow_successful"] == "BOOLEAN"
    assert found == [("ZSTD", "2026-10-16")]


def test_a_window_is_replaced_and_the_rest_of_the_month_stays(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)

    with ParquetFolder(str(place)) as warehouse:
        changed = [(date(2026, 10, 2), "100")]
        warehouse.apply(window_change(rows, FIRST_HALF, changed, name="first", fingerprint="2"))
        loads = {load.name: load.fingerprint for load in warehouse.loads()}

    assert sums(place) == (Decimal(104), Decimal(104))
    assert loads == {"first": "2", "second": "1"}


def test_loading_twice_changes_no_sum(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)
    before = sums(place)

    load_both_halves(str(place), rows)

    assert sums(place) == before


def test_rows_of_another_organization_stay(place: Path, rows: Path) -> None:
    with ParquetFolder(str(place)) as warehouse:
        warehouse.apply(window_change(rows, FIRST_HALF, FIRST_ROWS, organization=OTHER, name="o"))
        warehouse.apply(window_change(rows, FIRST_HALF, FIRST_ROWS, name="a"))
        warehouse.apply(window_change(rows, FIRST_HALF, [], name="a", fingerprint="2"))

    assert queried(place, "job_runs", "organization_id, count(*)") == [(OTHER, 2)]


def test_rows_without_organization_belong_to_every_one(place: Path, rows: Path) -> None:
    run = job_run(date(2026, 10, 3), "5", None)
    days = Days(FIRST_HALF, frozenset({OTHER}))
    orphans = Change(OCTOBER, {}, (staged(rows, JOB_RUNS, [run]),), (Load("x", days, "1", 1),))

    with ParquetFolder(str(place)) as warehouse:
        warehouse.apply(orphans)
        warehouse.apply(window_change(rows, FIRST_HALF, FIRST_ROWS))

    assert sums(place)[0] == Decimal("3.000000000000000001")


def test_rows_without_a_day(place: Path, rows: Path) -> None:
    with ParquetFolder(str(place)) as warehouse:
        warehouse.apply(window_change(rows, FIRST_HALF, FIRST_ROWS))
        for amount in ("8", "9"):
            warehouse.apply(window_change(rows, None, [(None, amount)], name="no day"))
        assert Load("no day", Days(None, frozenset({ACME})), "1", 1) in warehouse.loads()

    months = queried(place, "job_runs", "month, sum(total_credits)")
    assert months == [("2026-10", Decimal("3.000000000000000001")), (None, Decimal(9))]


def test_loads_are_there_again(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)

    with ParquetFolder(str(place)) as warehouse:
        loads = warehouse.loads()

    assert loads == (
        Load("first", Days(FIRST_HALF, frozenset({ACME})), "1", 2),
        Load("second", Days(SECOND_HALF, frozenset({ACME})), "1", 1),
    )


def test_a_line_is_forgotten(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)
    days = Days(FIRST_HALF, frozenset({ACME}))

    with ParquetFolder(str(place)) as warehouse:
        warehouse.apply(Change(OCTOBER, {JOB_RUNS: (days,)}, (), (), forgotten=("first",)))
        assert [load.name for load in warehouse.loads()] == ["second"]

    assert sums(place)[0] == Decimal(4)


def test_small_tables_are_replaced_whole(place: Path, rows: Path) -> None:
    with ParquetFolder(str(place)) as warehouse:
        warehouse.replace([staged(rows, PRICES, [{"currency": "EUR"}, {"currency": "USD"}])])
        price = {"currency": "USD", "price": Decimal("0.00054")}
        warehouse.replace([staged(rows, PRICES, [price]), staged(rows, TEAMS, [])])

    prices = pl.read_parquet(place / "prices" / "data.parquet")
    assert prices.select("currency", "price").rows() == [("USD", Decimal("0.00054"))]
    assert pl.read_parquet(place / "teams" / "data.parquet").is_empty()


HOSTILE = [
    "../../etc/passwd",
    "a'); drop table x; --",
    "=1+1",
    "\x1b[2J",
    "a\0b",
    "month=2020-01/x",
]


def test_hostile_names_are_only_values(place: Path, rows: Path) -> None:
    runs = [job_run(date(2026, 10, 3), "1", project_name=name) for name in HOSTILE]
    days = Days(FIRST_HALF, frozenset({"../../outside", ACME}))
    load = Load("../../outside\x1b[2J", days, "f/../f", len(runs))

    with ParquetFolder(str(place)) as warehouse:
        warehouse.apply(Change(OCTOBER, {}, (staged(rows, JOB_RUNS, runs),), (load,)))
    with ParquetFolder(str(place)) as warehouse:
        assert warehouse.loads() == (load,)

    found = {name for (name,) in queried(place, "job_runs", "project_name")}
    assert found == {*HOSTILE}
    files = {str(file.relative_to(place)) for file in place.rglob("*") if file.is_file()}
    assert files == {"loads.json", "loads.lock", "job_runs/month=2026-10/data.parquet"}


def test_a_folder_with_odd_characters(tmp_path: Path, rows: Path) -> None:
    place = tmp_path / "*[a-z]?%20 ü=1"

    load_both_halves(str(place), rows)
    load_both_halves(str(place), rows)

    total = pl.read_parquet(place / "job_runs/month=2026-10/data.parquet", glob=False)
    assert total["total_credits"].sum() == TOTAL


def test_a_second_load_is_kept_out(place: Path, rows: Path) -> None:
    with (
        ParquetFolder(str(place)) as warehouse,
        pytest.raises(UnfinishedError) as caught,
        ParquetFolder(str(place)),
    ):
        warehouse.apply(window_change(rows, FIRST_HALF, FIRST_ROWS))

    assert str(caught.value) == (
        f"Another load is writing to {place}; rerun the same command when it has finished."
    )
    assert caught.value.exit_code == 5
    load_both_halves(str(place), rows)


def test_a_folder_of_others_is_left_alone(place: Path) -> None:
    place.mkdir()
    (place / "holiday.jpg").write_bytes(b"x")

    with pytest.raises(SettingsError) as caught, ParquetFolder(str(place)):
        pass

    assert str(caught.value) == (
        f"{place} has other files and no loads.json, so it is not a warehouse of circleci-usage;"
        " choose a new or an empty folder."
    )
    assert [file.name for file in place.iterdir()] == ["holiday.jpg"]


def test_other_files_in_a_warehouse_stay(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)
    notes = place / "job_runs" / "notes.txt"
    notes.write_text("mine")

    load_both_halves(str(place), rows)

    assert notes.read_text() == "mine"


def test_a_folder_that_is_not_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        ParquetFolder(f"{tmp_path}/\udcff")

    assert str(caught.value) == f"{tmp_path}/\\udcff is not UTF-8 text; choose another folder."


def test_a_file_is_no_folder(place: Path) -> None:
    place.write_text("x")

    with pytest.raises(SettingsError) as caught, ParquetFolder(str(place)):
        pass

    assert str(caught.value) == f"{place} cannot be written: File exists. Choose a writable folder."


LOADS_FILES = [
    ('{"loads": []}', "did not write; choose another folder.", SettingsError),
    ("[1]", "did not write; choose another folder.", SettingsError),
    (
        '{"made_by": "circleci-usage", "schema_version": 99, "loads": 1}',
        "has version 99 of the tables, and this circleci-usage knows 1; upgrade circleci-usage",
        SettingsError,
    ),
    ('{"made_by": "circleci-usage", "schema_version": true}', "is damaged; restore it", DataError),
    ('{"made_by": "circleci-usage", "schema_version": 1}', "is damaged; restore it", DataError),
    ("{", "is damaged; restore it, or load into a new folder.", DataError),
    ("[" * 100_000, "is damaged; restore it", DataError),
    (
        '{"made_by": "circleci-usage", "schema_version": 1, "loads": [{"name": 1}]}',
        "is damaged; restore it",
        DataError,
    ),
]


@pytest.mark.parametrize(("content", "message", "kind"), LOADS_FILES, ids=range(len(LOADS_FILES)))
def test_loads_of_others(
    place: Path, content: str, message: str, kind: type[SettingsError | DataError]
) -> None:
    place.mkdir()
    (place / "loads.json").write_text(content)

    with pytest.raises(kind) as caught, ParquetFolder(str(place)):
        pass

    assert message in str(caught.value)
    assert (place / "loads.json").read_text() == content


def test_a_damaged_month_is_named(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)
    (place / "job_runs/month=2026-10/data.parquet").write_bytes(b"PAR1 no more")

    with pytest.raises(DataError) as caught:
        load_both_halves(str(place), rows)

    assert str(caught.value).startswith("A Parquet file of job_runs cannot be read: ")
    assert str(caught.value).endswith(" Restore it, or load into a new folder.")


def run_program(program: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(ROOT / "scripts"), str(SUPPORT)])
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )


def killed_load(place: Path, rows: Path, renames: int) -> int:
    """Load the changed first half in a process that is killed before one of its renames."""
    program = f"""
import os, signal, sys
from datetime import date
from pathlib import Path
from circleci_usage.warehouse.parquet import ParquetFolder
from parquet_warehouses import FIRST_HALF
from staged_months import window_change

left = {renames}

def watch(event, arguments):
    global left
    if event == "os.rename":
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

rows = [(date(2026, 10, 2), "100")]
change = window_change(Path(sys.argv[2]), FIRST_HALF, rows, name="first", fingerprint="2")
sys.addaudithook(watch)
with ParquetFolder(sys.argv[1]) as warehouse:
    warehouse.apply(change)
"""
    return run_program(program, place, rows).returncode


@pytest.mark.parametrize("renames", range(4))
def test_a_killed_load_claims_nothing_and_the_next_repairs(
    place: Path, rows: Path, renames: int
) -> None:
    """Renamed are `loads.json`, job runs, daily costs, and `loads.json` again."""
    load_both_halves(str(place), rows)

    assert killed_load(place, rows, renames) == -signal.SIGKILL

    with ParquetFolder(str(place)) as warehouse:
        first = next(load for load in warehouse.loads() if load.name == "first")
        assert first.fingerprint == ("" if renames else "1")
        if not renames:
            assert sums(place) == (TOTAL,) * 2
        changed = [(date(2026, 10, 2), "100")]
        warehouse.apply(window_change(rows, FIRST_HALF, changed, name="first", fingerprint="2"))
    assert sums(place) == (Decimal(104), Decimal(104))
    assert not [*place.glob(".*")]


def test_a_file_of_an_older_version_gets_new_columns(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)
    month = place / "job_runs/month=2026-10/data.parquet"
    pl.read_parquet(month).drop("executor").write_parquet(month)

    with ParquetFolder(str(place)) as warehouse:
        warehouse.apply(window_change(rows, FIRST_HALF, FIRST_ROWS, name="first"))

    assert sums(place)[0] == TOTAL
    assert "executor" in pl.read_parquet_schema(month)


def test_a_full_disk(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)
    program = """
import resource, sys
from datetime import date
from pathlib import Path
from circleci_usage.core.errors import UnfinishedError
from circleci_usage.warehouse.parquet import ParquetFolder
from parquet_warehouses import FIRST_HALF
from staged_months import window_change

rows = [(date(2026, 10, 2), "100")]
change = window_change(Path(sys.argv[2]), FIRST_HALF, rows, name="first", fingerprint="2")
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    with ParquetFolder(sys.argv[1]) as warehouse:
        warehouse.apply(change)
except UnfinishedError as error:
    print(error)
"""

    said = run_program(program, place, rows).stdout

    assert said == (
        "The disk is full: job_runs cannot be written. Free some space and rerun the same"
        " command.\n"
    )
    assert sums(place) == (TOTAL, TOTAL)
