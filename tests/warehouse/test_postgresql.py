"""PostgreSQL as a destination, against a real server."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL

from certificates import Authority
from circleci_usage.core.errors import (
    AccessError,
    DataError,
    ServiceError,
    SettingsError,
    UnfinishedError,
    UsageExporterError,
)
from circleci_usage.core.periods import Period
from circleci_usage.warehouse import postgresql
from circleci_usage.warehouse.destination import Change, Days, Load
from circleci_usage.warehouse.postgresql import PostgreSQL
from circleci_usage.warehouse.postgresql_address import SCHEMA_PARAMETER, server_address
from circleci_usage.warehouse.tables import DAILY_COSTS, JOB_RUNS, SCHEMA_VERSION
from circleci_usage.warehouse.views import VIEWS
from paths import SUPPORT
from postgres import ENCODED_PASSWORD, PASSWORD, PostgresServer, postgres_on_loopback
from postgres_database import Database, made
from staged_rows import JANUARY, ORGANIZATION, OTHER, change_of, many_job_runs, staged


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_on_loopback() as running:
        yield running


@pytest.fixture(scope="module")
def only_database(server: PostgresServer) -> Database:
    return made(server)


@pytest.fixture
def database(only_database: Database) -> Database:
    only_database.empty()
    return only_database


def load(url: str, *changes: Change) -> None:
    with PostgreSQL(url) as warehouse:
        for change in changes:
            warehouse.apply(change)


def refused(url: str, kind: type[UsageExporterError], *changes: Change) -> str:
    """The message; the password is neither in it nor in anything that led to it."""
    with pytest.raises(UsageExporterError) as caught:
        load(url, *changes)
    assert type(caught.value) is kind
    error: BaseException | None = caught.value
    while error:
        for secret in (PASSWORD, ENCODED_PASSWORD, "w?rd", "w%3Frd", url):
            assert secret not in f"{error} {error!r} {error.args}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return str(caught.value)


HOSTILE = (
    "",
    " ",
    "\\.",
    "\\N",
    "a\n\\.\nb",
    '"',
    "'; DROP TABLE job_runs; --",
    "$1 %s {}",
    "a\r\nb\r",
    "\x1b[2J\u202e",
    "😀",
    ",",
    "\ufeff",
)


def test_values(database: Database, tmp_path: Path) -> None:
    row = {
        "organization_id": ORGANIZATION,
        "pipeline_created_at": datetime(2026, 1, 31, 23, 59, 59, 999_999, UTC),
        "pipeline_number": 2**63 - 1,
        "is_unregistered_user": False,
        "job_run_date": date(2026, 1, 31),
        "max_cpu_utilization_pct": 0.1,
        "total_credits": Decimal("99999999999999999999.123456789012345678"),
        "vcs_branch": "",
    }
    load(database.url(), change_of(staged(tmp_path, JOB_RUNS, [row])))

    [stored] = database.rows(f"SELECT {', '.join(row)}, vcs_url FROM job_runs")
    assert stored == (UUID(ORGANIZATION), *[*row.values()][1:], None)


def test_texts(database: Database, tmp_path: Path) -> None:
    rows = [
        {"job_run_number": number, "job_run_date": JANUARY.start, "job_name": text}
        for number, text in enumerate((*HOSTILE, "a\0b", None))
    ]
    load(database.url(), change_of(staged(tmp_path, JOB_RUNS, rows)))

    stored = database.rows("SELECT job_name FROM job_runs ORDER BY job_run_number")
    assert [text for (text,) in stored] == [*HOSTILE, "a\ufffdb", None]


def test_a_loaded_table_says_what_it_means(database: Database) -> None:
    load(database.url())

    described = {
        (name, kind): meaning
        for name, kind, meaning in database.rows(
            "SELECT attname, format_type(atttypid, atttypmod),"
            " col_description(attrelid, attnum) FROM pg_attribute"
            " WHERE attrelid = 'daily_costs'::regclass AND attnum > 0"
        )
    }
    assert described["cost", "numeric(38,18)"].startswith("What is charged, after included credits")
    assert {column.name: column.meaning for column in DAILY_COSTS.columns} == {
        name: meaning for (name, _), meaning in described.items()
    }
    meaning = database.value("SELECT obj_description('job_runs'::regclass)")
    assert meaning == JOB_RUNS.meaning


def test_views(database: Database) -> None:
    load(database.url())

    views = database.rows(
        "SELECT viewname, obj_description(viewname::regclass) FROM pg_views"
        " WHERE schemaname = 'public'"
    )
    assert dict(views) == {view.name: view.meaning for view in VIEWS}


def test_a_dropped_view_is_made_again(database: Database, tmp_path: Path) -> None:
    load(database.url(), change_of(many_job_runs(tmp_path, 10)))
    database.run("DROP VIEW top_jobs")

    with PostgreSQL(database.url()) as warehouse:
        assert len(warehouse.loads()) == 1

    assert database.value("SELECT count(*) FROM top_jobs") == 0


def test_types(database: Database) -> None:
    load(database.url())

    types = database.rows(
        "SELECT DISTINCT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'job_runs'::regclass AND attnum > 0 ORDER BY 1"
    )
    assert [name for (name,) in types] == [
        "bigint",
        "boolean",
        "date",
        "double precision",
        "numeric(38,18)",
        "text",
        "timestamp with time zone",
        "uuid",
    ]


def dated(folder: Path, *rows: tuple[str | None, date | None, str]) -> Change:
    """Costs by organization and day, in place of those of one organization in January."""
    lines = [
        {"organization_id": organization, "date": day, "cost": Decimal(cost)}
        for organization, day, cost in rows
    ]
    return change_of(staged(folder, DAILY_COSTS, lines))


def costs(database: Database) -> list[tuple[Any, ...]]:
    return database.rows("SELECT cost FROM daily_costs ORDER BY cost")


def test_days_are_replaced(database: Database, tmp_path: Path) -> None:
    other = [(OTHER, date(2026, 1, 5), "1"), (ORGANIZATION, date(2026, 2, 1), "2")]
    gone = [(None, date(2026, 1, 5), "3"), (ORGANIZATION, date(2026, 1, 31), "4")]
    undated = (ORGANIZATION, None, "5")
    load(database.url(), dated(tmp_path, *other, *gone, undated))

    change = dated(tmp_path, (ORGANIZATION, date(2026, 1, 1), "6"))
    load(database.url(), change)
    load(database.url(), change)

    assert costs(database) == [(Decimal(number),) for number in (1, 2, 5, 6)]


def test_rows_without_a_day_are_replaced(database: Database, tmp_path: Path) -> None:
    load(database.url(), dated(tmp_path, (OTHER, None, "1"), (OTHER, JANUARY.start, "2")))

    everyone = Days(None, frozenset())
    load(database.url(), Change(None, {DAILY_COSTS: (everyone,)}, (), ()))

    assert costs(database) == [(2,)]


def test_an_organization_whose_id_is_not_one(database: Database, tmp_path: Path) -> None:
    load(database.url(), dated(tmp_path, (None, JANUARY.start, "1"), (OTHER, JANUARY.start, "2")))

    named = Days(JANUARY, frozenset({"'; DROP TABLE loads; --"}))
    load(database.url(), Change(JANUARY.start, {DAILY_COSTS: (named,)}, (), ()))

    assert costs(database) == [(2,)]


def test_what_was_loaded(database: Database) -> None:
    loads = (
        Load("'; --\u202e", Days(JANUARY, frozenset({ORGANIZATION, OTHER})), "a", 3),
        Load("open", Days(Period(date.min, date.max), frozenset()), "b", 0),
        Load("undated", Days(None, frozenset({OTHER})), "c", 2**40),
    )
    again = Load("open", Days(JANUARY, frozenset()), "d", 1)
    with PostgreSQL(database.url()) as warehouse:
        warehouse.apply(Change(None, {}, (), loads))
        assert {*warehouse.loads()} == {*loads}
        warehouse.apply(Change(None, {}, (), (again,), (loads[0].name,)))
    with PostgreSQL(database.url()) as warehouse:
        assert {*warehouse.loads()} == {again, loads[2]}


def test_a_table_is_replaced(database: Database, tmp_path: Path) -> None:
    two = staged(tmp_path, DAILY_COSTS, [{"cost": Decimal(1)}, {"cost": Decimal(2)}])
    one = staged(tmp_path, DAILY_COSTS, [{"cost": Decimal(3)}])
    with PostgreSQL(database.url()) as warehouse:
        warehouse.replace([two])
        warehouse.replace([one])

    assert costs(database) == [(3,)]


LOADER = """
import sys
from pathlib import Path
from circleci_usage.core.errors import UsageExporterError
from circleci_usage.warehouse.postgresql import PostgreSQL
from circleci_usage.warehouse.destination import Staged
from circleci_usage.warehouse.tables import JOB_RUNS
from staged_rows import change_of
try:
    with PostgreSQL(sys.stdin.readline().strip()) as warehouse:
        warehouse.apply(change_of(Staged(JOB_RUNS, Path(sys.argv[1]), 150_000), name="new"))
except UsageExporterError as error:
    print(error)
    sys.exit(error.exit_code)
"""
COPYING = "SELECT count(*) > 0 FROM pg_stat_progress_copy WHERE tuples_processed > 1000"


@pytest.fixture
def loading(database: Database, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of replacing one row by very many."""
    load(database.url(), change_of(many_job_runs(tmp_path, 1), name="old"))
    file = many_job_runs(tmp_path, 150_000).file
    process = subprocess.Popen(
        [sys.executable, "-c", LOADER, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PYTHONPATH": str(SUPPORT)},
    )
    assert process.stdin
    process.stdin.write(f"{database.url()}\n")
    process.stdin.flush()
    database.wait_until(COPYING)
    with process:
        yield process
        process.kill()


def assert_nothing_happened(database: Database) -> None:
    assert database.value("SELECT count(*) FROM job_runs") == 1
    with PostgreSQL(database.url()) as warehouse:
        assert [each.name for each in warehouse.loads()] == ["old"]


def test_killed_in_the_middle(database: Database, loading: subprocess.Popen[str]) -> None:
    arguments = Path(f"/proc/{loading.pid}/cmdline").read_bytes()
    assert ENCODED_PASSWORD.encode() not in arguments
    loading.send_signal(signal.SIGKILL)
    loading.wait()

    database.wait_until("SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'loader'")
    assert_nothing_happened(database)


def test_server_stopped_in_the_middle(
    database: Database, server: PostgresServer, loading: subprocess.Popen[str]
) -> None:
    server.stop()
    try:
        output, _ = loading.communicate(timeout=60)
        message = refused(database.url(), ServiceError)
    finally:
        server.start()

    assert loading.returncode == ServiceError.exit_code
    assert output.startswith("The connection to PostgreSQL broke: ")
    assert output.endswith("What was loaded before is kept; rerun the same command.\n")
    assert output.count("\n") == 1
    assert message == (
        "There is no connection to PostgreSQL: Connection refused. Check host and port of the URL,"
        " and whether the server is running; then rerun the same command."
    )
    assert_nothing_happened(database)


def test_two_loads_at_once(database: Database, loading: subprocess.Popen[str]) -> None:
    message = refused(database.url(), UnfinishedError)

    assert message == (
        "Another load is writing to this PostgreSQL database; nothing was changed. Rerun the same"
        " command when it has finished."
    )
    output, _ = loading.communicate(timeout=60)
    assert (output, loading.returncode) == ("", 0)
    assert database.value("SELECT count(*) || ' ' || sum(total_credits) FROM job_runs") == (
        "150000 15000.000000000000000000"
    )


def test_two_loads_into_schemas_of_their_own(database: Database) -> None:
    database.run("CREATE SCHEMA \"an 'other'\" AUTHORIZATION loader")

    with PostgreSQL(database.url()):
        load(database.url(options="-csearch_path=\"an\\ 'other'\""))

    [(schemas,)] = database.rows(
        "SELECT string_agg(schemaname, ' ' ORDER BY schemaname) FROM pg_tables"
        " WHERE tablename = 'job_runs'"
    )
    assert schemas == "an 'other' public"


def test_a_reader_does_not_wait(database: Database, tmp_path: Path) -> None:
    change = change_of(many_job_runs(tmp_path, 10))
    load(database.url(), change)
    with psycopg.connect(database.url()) as reader:
        query = "SELECT count(*) FROM job_runs"
        assert reader.execute(query).fetchone() == (10,)
        load(database.url(options="-clock_timeout=100ms"), change, change)
        assert reader.execute(query).fetchone() == (10,)


def test_a_locked_table(database: Database, tmp_path: Path) -> None:
    load(database.url())
    with psycopg.connect(database.url()) as other:
        other.execute("LOCK TABLE job_runs")
        message = refused(
            database.url(options="-clock_timeout=100ms"),
            UnfinishedError,
            change_of(many_job_runs(tmp_path, 10)),
        )

    assert message == (
        "Another session keeps a table of the warehouse locked: canceling statement due to lock"
        " timeout. What was loaded before is kept; end that session or wait, and rerun the same"
        " command."
    )


def test_locks_are_not_waited_for_forever(database: Database) -> None:
    with PostgreSQL(database.url()) as warehouse:
        [(timeout,)] = warehouse._connection.execute("SHOW lock_timeout")

    assert timeout == "1min"


@pytest.mark.parametrize(
    ("state", "kind", "beginning"),
    [
        (
            "53100",
            UnfinishedError,
            "The disk of the PostgreSQL server is full: no \\x1b[1m *** space.",
        ),
        ("40001", UnfinishedError, "PostgreSQL stopped the load: no \\x1b[1m *** space."),
        ("57014", UnfinishedError, "PostgreSQL stopped the load: no \\x1b[1m *** space."),
        ("P0001", UnfinishedError, "PostgreSQL stopped the load: no \\x1b[1m *** space."),
        ("25006", SettingsError, "PostgreSQL is read-only here: no \\x1b[1m *** space."),
        (
            "22P05",
            SettingsError,
            "The database cannot store all characters: no \\x1b[1m *** space.",
        ),
        ("42703", SettingsError, "The tables in PostgreSQL are not as load made them: "),
        ("22003", DataError, "PostgreSQL does not take a value: no \\x1b[1m *** space."),
        ("53200", ServiceError, "The connection to PostgreSQL broke: no \\x1b[1m *** space."),
        ("57P01", ServiceError, "The connection to PostgreSQL broke: no \\x1b[1m *** space."),
    ],
)
def test_errors_of_a_server(
    database: Database,
    tmp_path: Path,
    state: str,
    kind: type[UsageExporterError],
    beginning: str,
) -> None:
    load(database.url(), change_of(many_job_runs(tmp_path, 1), name="old"))
    database.run(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION '%', E'no \\x1b[1m {PASSWORD} space' USING ERRCODE = '{state}'; END $$",
        "CREATE TRIGGER fail BEFORE INSERT ON job_runs FOR EACH ROW EXECUTE FUNCTION fail()",
    )

    message = refused(database.url(), kind, change_of(many_job_runs(tmp_path, 2)))

    assert message.startswith(beginning)
    assert_nothing_happened(database)


def test_a_connection_that_the_server_ends(database: Database, tmp_path: Path) -> None:
    with PostgreSQL(database.url()) as warehouse:
        database.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'loader'"
        )
        with pytest.raises(ServiceError, match=r"^The connection to PostgreSQL broke: terminating"):
            warehouse.apply(change_of(many_job_runs(tmp_path, 10)))
        with pytest.raises(ServiceError, match=r"^The connection to PostgreSQL broke: "):
            warehouse.loads()


def test_a_database_that_lacks_characters(server: PostgresServer) -> None:
    admin = Database(server, "postgres")
    admin.run("CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
    latin = Database(server, "latin")
    message = refused(latin.url("postgres"), SettingsError)

    assert message.startswith("The database cannot store all characters: ")
    assert message.endswith("Load into a database with the encoding UTF8.")


def test_a_role_that_may_not_make_tables(database: Database) -> None:
    message = refused(database.url("reader"), AccessError)

    assert message == (
        "PostgreSQL does not allow this to the role of the URL: permission denied for schema"
        " public. Load with the role that made the tables, or have its owner run: GRANT USAGE,"
        ' CREATE ON SCHEMA "public" TO "reader"'
    )
    database.run(message.partition("run: ")[2])
    load(database.url("reader"))


def test_a_role_that_may_only_read(database: Database, tmp_path: Path) -> None:
    change = change_of(many_job_runs(tmp_path, 10))
    load(database.url(), change)
    database.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")

    with PostgreSQL(database.url("reader")) as warehouse:
        assert [each.name for each in warehouse.loads()] == ["window"]
    message = refused(database.url("reader"), AccessError, change)

    assert "permission denied for table job_runs. " in message
    database.run(message.partition("run: ")[2])
    load(database.url("reader"), change)


def test_privileges_of_readers_stay(database: Database, tmp_path: Path) -> None:
    load(database.url())
    database.run(
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        "UPDATE schema_version SET definitions = 'of an earlier release'",
    )

    load(database.url(), change_of(many_job_runs(tmp_path, 10)))

    with psycopg.connect(database.url("reader")) as reader:
        assert reader.execute("SELECT count(*) FROM job_runs").fetchone() == (10,)


def test_a_server_that_is_read_only(database: Database) -> None:
    url = database.url(options="-cdefault_transaction_read_only=on")

    assert refused(url, SettingsError) == (
        "PostgreSQL is read-only here: cannot execute CREATE TABLE in a read-only transaction."
        " Write the address of the primary server in the URL, not of a replica, and a role that"
        " may write."
    )


def test_tables_of_a_later_release(database: Database) -> None:
    load(database.url())
    database.run("UPDATE schema_version SET version = 99")

    assert refused(database.url(), SettingsError) == (
        "The tables in the PostgreSQL database have version 99; this release of circleci-usage"
        " knows version 1. Install the release that loaded last, or a later one."
    )


def test_tables_of_an_earlier_release(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(database.url(), change_of(many_job_runs(tmp_path, 10)))
    later = {SCHEMA_VERSION: (SQL("UPDATE job_runs SET job_name = 'migrated'"),)}
    monkeypatch.setattr(postgresql, "MIGRATIONS", later)
    monkeypatch.setattr(postgresql, "SCHEMA_VERSION", SCHEMA_VERSION + 1)

    load(database.url())

    assert database.rows("SELECT job_name, count(*) FROM job_runs GROUP BY 1") == [("migrated", 10)]
    assert database.value("SELECT version FROM schema_version") == SCHEMA_VERSION + 1


def test_tables_of_someone_else(database: Database) -> None:
    database.run("CREATE TABLE job_runs (job_id text)", "CREATE VIEW loads AS SELECT 1")

    assert refused(database.url(), SettingsError) == (
        "The schema public of the PostgreSQL database has tables that load did not make: job_runs,"
        " loads. Rename or drop them, or load into another schema: add"
        " ?options=-csearch_path%3DNAME to the URL."
    )


def test_a_dropped_table_is_loaded_again(database: Database, tmp_path: Path) -> None:
    load(database.url(), change_of(many_job_runs(tmp_path, 10)))
    database.run("DROP TABLE job_runs CASCADE")

    with PostgreSQL(database.url()) as warehouse:
        assert [*warehouse.loads()] == []
        warehouse.apply(change_of(many_job_runs(tmp_path, 10)))

    assert database.value("SELECT count(*) FROM job_runs") == 10


def test_a_table_that_someone_changed(database: Database, tmp_path: Path) -> None:
    load(database.url())
    database.run("ALTER TABLE job_runs DROP COLUMN job_name CASCADE")

    message = refused(database.url(), SettingsError, change_of(many_job_runs(tmp_path, 10)))

    assert message == (
        'The tables in PostgreSQL are not as load made them: column "job_name" of relation'
        ' "job_runs" does not exist. Drop them, together with the table schema_version, and rerun'
        " the same command."
    )


def test_without_the_library(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError", encoding="utf-8")
    url = f"postgresql://u:{ENCODED_PASSWORD}@host/db"
    program = f"from circleci_usage.warehouse.addresses import destination_at as at; at({url!r})"

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr.splitlines()[-1] == (
        "circleci_usage.core.errors.SettingsError: Loading into PostgreSQL needs psycopg; install"
        " it: pip install 'circleci-usage[warehouse]'."
    )


def test_no_schema(database: Database) -> None:
    assert refused(database.url(options="-csearch_path=none"), SettingsError) == (
        "The role may use no schema of its search path in this PostgreSQL database; create one, or"
        " add the name of another to the URL: ?options=-csearch_path%3DNAME"
    )


@pytest.mark.parametrize("wrong", [{"user": "nobody"}, {"password": "wrong"}])
def test_a_wrong_login(database: Database, wrong: dict[str, str]) -> None:
    login = {"user": "loader"} | wrong
    assert refused(database.server.url(database.name, **login), AccessError) == (
        "PostgreSQL does not accept the login: FATAL: password authentication failed for user"
        f' "{login["user"]}". Check the user, the password and the database of the URL (or PGUSER,'
        " PGPASSWORD, PGPASSFILE), and whether the server requires TLS."
    )


def test_a_database_that_does_not_exist(server: PostgresServer) -> None:
    assert refused(server.url("none"), SettingsError) == (
        'The database does not exist: FATAL: database "none" does not exist. Create it, or write'
        " another one in the URL."
    )


def test_a_server_that_is_full(database: Database) -> None:
    database.run("ALTER ROLE loader CONNECTION LIMIT 0")
    message = refused(database.url(), ServiceError)
    database.run("ALTER ROLE loader CONNECTION LIMIT -1")

    assert message.startswith("There is no connection to PostgreSQL: FATAL: too many connections")


def test_a_host_that_does_not_exist() -> None:
    message = refused(f"postgresql://u:{ENCODED_PASSWORD}@nowhere.invalid/db", ServiceError)

    assert message.startswith("There is no connection to PostgreSQL: ")


def test_a_server_that_does_not_respond() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        message = refused(
            f"postgresql://u:{ENCODED_PASSWORD}@127.0.0.1:{port}/db?connect_timeout=2",
            ServiceError,
        )

    assert message.startswith("There is no connection to PostgreSQL: connection timeout expired.")


def test_tls(database: Database) -> None:
    root = str(database.server.authority.root)
    url = database.url(host="localhost", sslmode="verify-full", sslrootcert=root)

    with PostgreSQL(url) as warehouse:
        query = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert [*warehouse._connection.execute(query)] == [(True, "TLSv1.3")]


def test_tls_to_a_server_of_another_name(database: Database) -> None:
    root = str(database.server.authority.root)
    url = database.url(host="127.0.0.1", sslmode="verify-full", sslrootcert=root)

    assert refused(url, ServiceError) == (
        'The TLS connection to PostgreSQL is not trusted: server certificate for "localhost" (and 1'
        ' other name) does not match host name "127.0.0.1". Write the server\'s name as in its'
        " certificate, and the file of its certificate authority as sslrootcert."
    )


def test_tls_to_a_server_of_another_authority(database: Database, tmp_path: Path) -> None:
    other = Authority.made(tmp_path, "localhost")
    url = database.url(host="localhost", sslmode="verify-full", sslrootcert=str(other.root))

    message = refused(url, ServiceError)

    assert message.startswith("The TLS connection to PostgreSQL is not trusted: SSL error: cert")


def test_tls_without_the_authority(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "none.pem"
    message = refused(database.url(sslmode="verify-full", sslrootcert=str(file)), SettingsError)

    assert message == (
        f'The URL of the PostgreSQL server has to be changed: root certificate file "{file}" does'
        " not exist."
    )


@pytest.mark.parametrize("parameter", ["sslmode=bogus", "connect_timeout=bogus"])
def test_a_wrong_value_of_a_parameter(database: Database, parameter: str) -> None:
    message = refused(f"{database.url()}?{parameter}", SettingsError)

    assert message.startswith("The URL of the PostgreSQL server has to be changed: ")
    assert "bogus" in message


@pytest.mark.parametrize(
    "written",
    [
        "u:pa@ss/w?rd#%1@host/db",
        "u:p@ss@host/db",
        "u:pa/ss@host/db",
        "u:12/ss@host/db",
        "u:p%zz@host/db",
        "u:p ss@host/db",
        "u:pa?ss=1/@host/db",
        "u:p@[host/db",
        "u:p@host:port/db",
        "u@host/db?unknown=1",
        "u:\udcff@host",
    ],
)
def test_an_invalid_url(written: str) -> None:
    with pytest.raises(SettingsError) as caught:
        PostgreSQL(f"postgresql://{written}")

    assert caught.value.__suppress_context__ or not caught.value.__context__
    assert str(caught.value) == (
        "The URL of the PostgreSQL server is not valid; write it as"
        " postgresql://USER:PASSWORD@HOST:5432/DATABASE, with special characters of the password"
        " percent-encoded (%40 for @, %2F for /), or without the password, which then is in"
        " PGPASSWORD or a password file."
    )


@pytest.mark.parametrize(
    ("parameter", "fault"),
    [
        ("sslmod=require", " has an unknown parameter; did you mean sslmode?"),
        (
            "sslmode=require&schema=usage",
            ": schema is not a parameter of PostgreSQL; to load into a schema, write "
            + SCHEMA_PARAMETER
            + ".",
        ),
    ],
)
def test_an_unknown_parameter(parameter: str, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        PostgreSQL(f"postgresql://u:{ENCODED_PASSWORD}@host/db?{parameter}")

    assert str(caught.value) == f"The URL of the PostgreSQL server{fault}"


def test_the_address_does_not_show_itself(database: Database) -> None:
    shown = repr(server_address(database.url()))

    assert shown == "ServerAddress()"


def test_a_password_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "passwords"
    file.write_text(f"127.0.0.1:*:*:loader:{PASSWORD}\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))

    load(database.url().replace(f":{ENCODED_PASSWORD}", ""))

    assert database.value("SELECT count(*) FROM job_runs") == 0


def test_a_service_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "services"
    lines = {
        "host": "127.0.0.1",
        "port": database.server.port,
        "dbname": database.name,
        "user": "loader",
        "password": PASSWORD,
        "options": "-csearch_path=usage",
    }
    written = "\n".join(f"{name}={value}" for name, value in lines.items())
    file.write_text(f"[warehouse]\n{written}\n", encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    database.run("CREATE SCHEMA usage AUTHORIZATION loader")

    load("postgresql://?service=warehouse")

    assert database.value("SELECT count(*) FROM usage.job_runs") == 0
