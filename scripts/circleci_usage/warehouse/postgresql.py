"""PostgreSQL as a destination: a transaction per change, rows by COPY."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from io import BytesIO
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import polars as pl
import polars.selectors as cs

from circleci_usage.core.errors import SettingsError, UnfinishedError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.warehouse.destination import Change, Days, Load, Staged
from circleci_usage.warehouse.extras import missing_library
from circleci_usage.warehouse.load_lines import line_of, load_of

try:
    import psycopg
except ImportError:
    raise missing_library("PostgreSQL", "psycopg") from None
from psycopg.copy import QueuedLibpqWriter
from psycopg.sql import SQL, Composed, Identifier

from circleci_usage.warehouse.postgresql_address import SCHEMA_PARAMETER, server_address
from circleci_usage.warehouse.postgresql_errors import (
    translate_connection_errors,
    translate_statement_errors,
)
from circleci_usage.warehouse.postgresql_tables import (
    MIGRATIONS,
    VERSION_TABLE,
    Statement,
    definitions,
    fingerprint_of,
    relation_names,
)
from circleci_usage.warehouse.tables import LOADS, SCHEMA_VERSION, TABLES, WarehouseTable

_BATCH: Final = 20_000
"""Rows that are turned into text at once: about 15 MB."""

_MOMENTS: Final = "%Y-%m-%dT%H:%M:%S%.6fZ"

_LOCK: Final = 1_129_535_827
"""The first half of the advisory lock that a load holds; the second is the schema."""

_SESSION: Final = (
    SQL("SET client_encoding = 'UTF8'"),
    # Locks of others do not hang a load, unless the role or the URL says how long to wait.
    SQL(
        "SELECT set_config('lock_timeout', '60s', false)"
        " WHERE current_setting('lock_timeout') = '0'"
    ),
    # A role's limit for queries is not meant for a load.
    SQL("SET statement_timeout = 0"),
    # The server soon notices that this machine is gone, and another load can begin.
    SQL("SET tcp_keepalives_idle = 30"),
    SQL("SET tcp_keepalives_interval = 10"),
    SQL("SET tcp_keepalives_count = 3"),
)

logging.getLogger("psycopg").addHandler(logging.NullHandler())
"""What it logs of a broken connection is raised as well."""


class PostgreSQL:
    """A schema of a PostgreSQL database; see `Destination`.

    Tables are in the first schema of the search path, which is `public` unless the URL or the role
    says otherwise. Names of tables and columns are all that becomes a part of a statement; values
    are parameters or data of COPY.
    """

    def __init__(self, url: str) -> None:
        """Check the URL of a server; libpq's parameters and variables are understood.

        Raises:
            SettingsError: the URL is not valid. The message does not quote it.
        """
        self._address = server_address(url)
        self._open = ExitStack()
        self._schema = ""

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._connection = self._connect()
            opening.callback(self._connection.close)
            with self._errors("USAGE, CREATE ON SCHEMA"):
                self._begin_session()
                self._keep_others_out()
                self._make_tables()
            self._open = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def loads(self) -> Sequence[Load]:
        """What it has."""
        query = SQL("SELECT {} FROM {}").format(_columns(LOADS), Identifier(LOADS.name))
        with self._writing():
            return [load_of(line) for line in self._connection.execute(query)]

    def apply(self, change: Change) -> None:
        """Make a change in one transaction."""
        with self._writing(), self._connection.transaction():
            for table, cleared in change.cleared.items():
                for days in cleared:
                    self._connection.execute(*_deletion(table, days))
            for staged in change.added:
                self._copy(staged)
            self._record(change)

    def replace(self, tables: Sequence[Staged]) -> None:
        """Replace small tables in one transaction; who reads them does not wait."""
        with self._writing(), self._connection.transaction():
            for staged in tables:
                name = Identifier(staged.table.name)
                self._connection.execute(SQL("DELETE FROM {}").format(name))
                self._copy(staged)

    def _connect(self) -> psycopg.Connection:
        with translate_connection_errors(self._address):
            # Poolers between the server and its clients do not keep prepared statements.
            return psycopg.connect(
                self._address.conninfo(), autocommit=True, prepare_threshold=None
            )

    def _writing(self) -> AbstractContextManager[None]:
        return self._errors("SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA")

    def _errors(self, privileges: str) -> AbstractContextManager[None]:
        return translate_statement_errors(self._address, partial(self._grant, privileges))

    def _grant(self, privileges: str) -> str:
        words = SQL("GRANT {} {} TO {}").format(
            SQL(privileges), Identifier(self._schema), Identifier(self._connection.info.user)
        )
        return words.as_string(None)

    def _begin_session(self) -> None:
        self._run(_SESSION)
        (schema,) = self._row("SELECT current_schema()")
        if schema is None:
            raise SettingsError(
                "The role may use no schema of its search path in this PostgreSQL database; create"
                f" one, or add the name of another to the URL: ?{SCHEMA_PARAMETER}"
            )
        self._schema = schema
        path = Identifier(schema).as_string(None)
        self._connection.execute("SELECT set_config('search_path', %s, false)", [path])

    def _keep_others_out(self) -> None:
        """Take a lock that the server keeps until the connection ends, however it ends."""
        query = (
            "SELECT pg_try_advisory_lock(%s, oid::int4) FROM pg_namespace"
            " WHERE nspname = current_schema()"
        )
        (taken,) = self._row(query, [_LOCK])
        if not taken:
            raise UnfinishedError(
                "Another load is writing to this PostgreSQL database; nothing was changed. Rerun"
                " the same command when it has finished."
            )

    def _make_tables(self) -> None:
        present = self._present()
        missing = {*relation_names()} - present
        wanted = fingerprint_of(definitions())
        version, made = self._made() if VERSION_TABLE in present else (None, "")
        self._check_version(version, present)
        if (version, made) == (SCHEMA_VERSION, wanted) and not missing:
            return
        with self._connection.transaction():
            for migrated in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
                self._run(MIGRATIONS[migrated])
            self._run(definitions())
            if not missing.isdisjoint(table.name for table in TABLES):
                # What was dropped is loaded again.
                self._run([SQL("DELETE FROM loads")])
            self._run([SQL("DELETE FROM schema_version")])
            self._connection.execute(
                "INSERT INTO schema_version VALUES (%s, %s)", [SCHEMA_VERSION, wanted]
            )

    def _check_version(self, version: int | None, present: set[str]) -> None:
        if version is None and present:
            names = ", ".join(sorted(present))
            raise SettingsError(
                f"The schema {inert(self._schema)} of the PostgreSQL database has tables that load"
                f" did not make: {names}. Rename or drop them, or load into another schema: add"
                f" ?{SCHEMA_PARAMETER} to the URL."
            )
        if version is not None and version > SCHEMA_VERSION:
            raise SettingsError(
                f"The tables in the PostgreSQL database have version {version}; this release of"
                f" circleci-usage knows version {SCHEMA_VERSION}. Install the release that loaded"
                " last, or a later one."
            )

    def _present(self) -> set[str]:
        query = (
            "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
            " WHERE nspname = current_schema() AND relname = ANY(%s)"
        )
        return {name for (name,) in self._connection.execute(query, [relation_names()])}

    def _made(self) -> tuple[int, str]:
        """The version of the tables, and the fingerprint of the statements that made them."""
        version, made = self._row("SELECT version, definitions FROM schema_version")
        return version, made

    def _record(self, change: Change) -> None:
        replaced = [*change.forgotten, *(load.name for load in change.recorded)]
        self._connection.execute("DELETE FROM loads WHERE name = ANY(%s)", [replaced])
        insertion = SQL("INSERT INTO loads ({}) VALUES ({})").format(
            _columns(LOADS), SQL(", ").join([SQL("%s")] * len(LOADS.columns))
        )
        for load in change.recorded:
            self._connection.execute(insertion, line_of(load))

    def _copy(self, staged: Staged) -> None:
        statement = SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
            Identifier(staged.table.name), _columns(staged.table)
        )
        cursor = self._connection.cursor()
        # Its thread sends a batch while the next one is turned into text.
        writer = QueuedLibpqWriter(cursor)
        with cursor, cursor.copy(statement, writer=writer) as copy:
            for text in _csv_texts(staged):
                copy.write(text)

    def _run(self, statements: Iterable[Statement]) -> None:
        """Send them together: each of them alone would take a round trip."""
        self._connection.execute(SQL(";\n").join(statements))

    def _row(self, query: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
        row = self._connection.execute(query, parameters).fetchone()
        assert row is not None
        return row


def _columns(table: WarehouseTable) -> Composed:
    return SQL(", ").join(Identifier(column.name) for column in table.columns)


def _csv_texts(staged: Staged) -> Iterator[bytes]:
    """The rows of a table as CSV, in batches.

    An empty field is NULL, and `""` an empty text. PostgreSQL stores no NUL characters.
    """
    columns = [column.name for column in staged.table.columns]
    # The server reads amounts faster without the zeros at their ends.
    amounts = cs.decimal().cast(pl.String).str.strip_chars_end("0")
    rows = pl.scan_parquet(staged.file, glob=False).select(columns).with_columns(amounts)
    for batch in rows.collect_batches(chunk_size=_BATCH):
        text = BytesIO()
        batch.write_csv(text, include_header=False, datetime_format=_MOMENTS)
        yield text.getvalue().replace(b"\0", "\ufffd".encode())


def _deletion(table: WarehouseTable, days: Days) -> tuple[Statement, dict[str, object]]:
    """The statement that removes the rows of days, and its parameters."""
    assert table.day is not None
    of_days = SQL("{day} >= %(start)s AND {day} < %(stop)s" if days.period else "{day} IS NULL")
    of_all = SQL("(organization_id = ANY(%(organizations)s) OR organization_id IS NULL)")
    statement = SQL("DELETE FROM {} WHERE {} AND {}").format(
        Identifier(table.name),
        of_days.format(day=Identifier(table.day)),
        of_all if days.organizations else SQL("true"),
    )
    period = days.period
    limits = {"start": period.start, "stop": period.stop} if period else {}
    return statement, {**limits, "organizations": _uuids(days.organizations)}


def _uuids(texts: Iterable[str]) -> list[UUID]:
    """The ids that a column of ids can have; rows with other ones have none."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(text))
    return found
