"""Parquet files in a local folder and in S3, read by DuckDB as a user would."""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import obstore
import polars as pl
import pytest
from obstore.store import S3Store

from circleci_usage.core.errors import (
    AccessError,
    DataError,
    ServiceError,
    SettingsError,
    UnfinishedError,
)
from circleci_usage.core.periods import Period
from circleci_usage.demo.standin.messages import Response
from circleci_usage.warehouse.destination import Change, Days, Load
from circleci_usage.warehouse.parquet import ParquetFolder
from circleci_usage.warehouse.tables import JOB_RUNS, Column, Type, WarehouseTable
from gcs_server import GcsServer
from paths import ROOT, SUPPORT
from s3_server import SECRET, S3Server, s3_server
from staged_rows import ACME, OCTOBER, OTHER, job_run, staged, window_change

FIRST_HALF = Period.of_days(date(2026, 10, 1), date(2026, 10, 15))
SECOND_HALF = Period.of_days(date(2026, 10, 16), date(2026, 10, 31))
FIRST_ROWS = [(date(2026, 10, 1), "1.000000000000000001"), (date(2026, 10, 15), "2")]
SECOND_ROWS = [(date(2026, 10, 16), "4")]
PRICES = WarehouseTable(
    "prices",
    "A price.",
    (Column("team", Type.TEXT, ""), Column("price", Type.EXACT, "")),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as running:
        running.create_bucket("usage-history")
        yield running


@pytest.fixture
def s3(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def gcs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GcsServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with GcsServer() as running:
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(running.credentials(tmp_path)))
        yield running


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A folder for staged rows."""
    folder = tmp_path / "rows"
    folder.mkdir()
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


def downloaded(address: str, folder: Path) -> Path:
    """The objects of a warehouse in S3 as files."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    store = S3Store(bucket, prefix=prefix)
    for batch in obstore.list(store):
        for each in batch:
            file = folder / each["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(obstore.get(store, each["path"]).bytes()))
    return folder


def queried(folder: Path, table: str, columns: str) -> list[tuple[object, ...]]:
    files = str(folder / table / "*" / "data.parquet")
    with duckdb.connect() as connection:
        query = (
            f"select {columns} from read_parquet(?, hive_partitioning = true)"
            " group by all order by all"
        )
        return connection.execute(query, [files]).fetchall()


def sums(folder: Path) -> tuple[object, object]:
    runs = queried(folder, "job_runs", "sum(total_credits)")
    costs = queried(folder, "daily_costs", "sum(cost)")
    return runs[0][0], costs[0][0]


def load_both_halves(address: str, rows: Path) -> None:
    with ParquetFolder(address) as warehouse:
        warehouse.apply(window_change(rows, FIRST_HALF, FIRST_ROWS, name="first"))
        warehouse.apply(window_change(rows, SECOND_HALF, SECOND_ROWS, name="second"))


def test_duckdb_reads_exact_amounts(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)

    total = Decimal("7.000000000000000001")
    assert sums(place) == (total, total)
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
        warehouse.replace([staged(rows, PRICES, [{"team": "a"}, {"team": "b"}])])
        warehouse.replace([staged(rows, PRICES, [{"team": "c", "price": Decimal("0.00054")}])])

    found = pl.read_parquet(place / "prices" / "data.parquet")
    assert found.rows() == [("c", Decimal("0.00054"))]


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
    assert total["total_credits"].sum() == Decimal("7.000000000000000001")


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


def killed_load(place: Path, rows: Path, renames: int) -> int:
    """Load the changed first half in a process that is killed before one of its renames."""
    program = f"""
import os, signal, sys
from datetime import date
from pathlib import Path
from circleci_usage.core.periods import Period
from circleci_usage.warehouse.parquet import ParquetFolder
from staged_rows import window_change

left = {renames}

def watch(event, arguments):
    global left
    if event == "os.rename":
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

period = Period.of_days(date(2026, 10, 1), date(2026, 10, 15))
change = window_change(
    Path(sys.argv[2]), period, [(date(2026, 10, 2), "100")], name="first", fingerprint="2"
)
sys.addaudithook(watch)
with ParquetFolder(sys.argv[1]) as warehouse:
    warehouse.apply(change)
"""
    paths = os.pathsep.join([str(ROOT / "scripts"), str(SUPPORT)])
    return subprocess.run(
        [sys.executable, "-c", program, str(place), str(rows)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
        check=False,
    ).returncode


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
            assert sums(place) == (Decimal("7.000000000000000001"),) * 2
        changed = [(date(2026, 10, 2), "100")]
        warehouse.apply(window_change(rows, FIRST_HALF, changed, name="first", fingerprint="2"))
    assert sums(place) == (Decimal(104), Decimal(104))
    assert not [*place.glob(".*")]


def test_an_older_schema_is_written_again(place: Path, rows: Path) -> None:
    load_both_halves(str(place), rows)
    file = place / "loads.json"
    document = json.loads(file.read_text())
    month = place / "job_runs/month=2026-10/data.parquet"
    pl.read_parquet(month).drop("executor").write_parquet(month)

    # Version 1 is the first; what an older one had is a table that lacks a column.
    file.write_text(json.dumps(document))
    with ParquetFolder(str(place)) as warehouse:
        warehouse.apply(window_change(rows, FIRST_HALF, FIRST_ROWS, name="first"))

    assert sums(place)[0] == Decimal("7.000000000000000001")
    assert "executor" in pl.read_parquet_schema(month)


# Object storage.


def test_s3_has_the_same_rows(s3: S3Server, tmp_path: Path, rows: Path) -> None:
    address = "s3://usage-history/team a/ü"
    load_both_halves(address, rows)
    load_both_halves(address, rows)

    folder = downloaded(address, tmp_path / "downloaded")

    total = Decimal("7.000000000000000001")
    assert sums(folder) == (total, total)
    with ParquetFolder(address) as warehouse:
        assert [load.name for load in warehouse.loads()] == ["first", "second"]


def test_the_whole_bucket_is_a_warehouse(s3: S3Server, rows: Path, tmp_path: Path) -> None:
    s3.create_bucket("whole")
    load_both_halves("s3://whole", rows)

    assert sums(downloaded("s3://whole", tmp_path / "d"))[0] == Decimal("7.000000000000000001")


def test_a_load_in_s3_that_is_overtaken_changes_nothing(
    s3: S3Server, rows: Path, tmp_path: Path
) -> None:
    address = "s3://usage-history/two"
    change = window_change(rows, FIRST_HALF, FIRST_ROWS, name="first")
    with ParquetFolder(address) as slow:
        load_both_halves(address, rows)

        with pytest.raises(UnfinishedError) as caught:
            slow.apply(window_change(rows, FIRST_HALF, [(date(2026, 10, 2), "100")], name="first"))

    assert str(caught.value) == (
        f"Another load is writing to {address}; rerun the same command when it has finished."
    )
    assert sums(downloaded(address, tmp_path / "d"))[0] == Decimal("7.000000000000000001")
    with ParquetFolder(address) as again:
        again.apply(change)


def test_objects_of_others_are_left_alone(s3: S3Server) -> None:
    store = S3Store("usage-history", prefix="photos")
    obstore.put(store, "holiday.jpg", b"x")

    with pytest.raises(SettingsError) as caught, ParquetFolder("s3://usage-history/photos"):
        pass

    assert str(caught.value) == (
        "s3://usage-history/photos has other files and no loads.json, so it is not a warehouse of"
        " circleci-usage; choose a new or an empty folder."
    )


def test_a_missing_bucket(s3: S3Server) -> None:
    with pytest.raises(SettingsError) as caught, ParquetFolder("s3://nobody-made-this/x"):
        pass

    assert str(caught.value) == (
        "The bucket of s3://nobody-made-this/x does not exist; create it, or check its name."
    )


def test_a_server_that_is_not_there(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    with pytest.raises(ServiceError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "s3://usage-history/x cannot be reached; check the network and the endpoint, such as"
        " AWS_ENDPOINT_URL, and try again later."
    )
    assert caught.value.exit_code == 4


def test_http_must_be_allowed(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")

    with pytest.raises(SettingsError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "AWS_ENDPOINT_URL is not an https:// address; for http://, set AWS_ALLOW_HTTP=true."
    )


@pytest.mark.parametrize(
    "address",
    [
        "s3://",
        "s3:///prefix",
        "s3:bucket/prefix",
        f"s3://key:{SECRET}@bucket/x",
        f"s3://bucket/x?secret={SECRET}",
        f"gs://bucket/x#{SECRET}",
        "s3://bucket/a/../b",
        "s3://bucket/a//b",
        "s3://bucket/a\x1bb",
    ],
)
def test_an_address_is_bucket_and_prefix(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ParquetFolder(address)

    assert str(caught.value) == (
        "The address of the warehouse is not valid: write s3://bucket/prefix or"
        " gs://bucket/prefix, without credentials, '?', '#' and '..'; credentials are"
        " variables, such as AWS_ACCESS_KEY_ID or GOOGLE_APPLICATION_CREDENTIALS."
    )


def test_a_scheme_in_capitals(s3: S3Server) -> None:
    with (
        ParquetFolder(" S3://usage-history/capitals/ "),
        ParquetFolder("s3://usage-history/capitals"),
    ):
        pass


def test_credentials_that_s3_refuses(
    gcs: GcsServer, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", gcs.url)
    body = f"<Error><Code>InvalidAccessKeyId</Code><Message>{SECRET}</Message></Error>"
    gcs.refusal = Response(403, {}, body.encode())

    with pytest.raises(AccessError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "The credentials are not allowed to read and write s3://usage-history/x (HTTP 403,"
        " InvalidAccessKeyId); allow them to list, get and put objects there."
    )
    assert caught.value.exit_code == 3
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_bucket_of_another_region(
    gcs: GcsServer, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", gcs.url)
    gcs.refusal = Response(400, {}, b"<Error><Code>AuthorizationHeaderMalformed</Code></Error>")

    with pytest.raises(SettingsError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "The bucket of s3://usage-history/x is in another region; set AWS_REGION to its region."
    )


def test_no_credentials(gcs: GcsServer, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The role of the machine is asked for, which it does not have."""
    gcs.refusal = Response(404)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", gcs.url)

    with pytest.raises(AccessError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "There are no valid credentials for s3://usage-history/x; set AWS_ACCESS_KEY_ID and"
        " AWS_SECRET_ACCESS_KEY, or GOOGLE_APPLICATION_CREDENTIALS, or run on a machine with a"
        " role."
    )


def test_google_has_the_same_rows(gcs: GcsServer, rows: Path, tmp_path: Path) -> None:
    load_both_halves("gs://usage-history/team a", rows)
    load_both_halves("gs://usage-history/team a", rows)

    for name, (_, content) in gcs.objects.items():
        file = tmp_path / "downloaded" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    total = Decimal("7.000000000000000001")
    assert sums(tmp_path / "downloaded" / "team a") == (total, total)


def test_a_load_in_google_that_is_overtaken_changes_nothing(gcs: GcsServer, rows: Path) -> None:
    with ParquetFolder("gs://usage-history/x") as slow:
        load_both_halves("gs://usage-history/x", rows)
        before = gcs.objects.copy()

        with pytest.raises(UnfinishedError, match="Another load is writing to gs://usage-history"):
            slow.apply(window_change(rows, FIRST_HALF, FIRST_ROWS, name="first"))

    assert gcs.objects == before


def test_a_missing_bucket_of_google(gcs: GcsServer) -> None:
    with pytest.raises(SettingsError, match=r"The bucket of gs://nobodys/x does not exist"):
        ParquetFolder("gs://nobodys/x").__enter__()


def test_a_missing_file_of_credentials(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_SERVICE_ACCOUNT")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")

    with pytest.raises(AccessError, match="There are no valid credentials for gs://usage-history"):
        ParquetFolder("gs://usage-history/x")
