"""A warehouse in a DuckDB file.

DuckDB locks the file while it is open, and what a killed load has not committed is not there when
it is opened again.
"""
# ruff: noqa: PLC0415 - DuckDB is an extra

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.warehouse import duckdb_sql as sql
from circleci_usage.warehouse.destination import Change, Load, Staged
from circleci_usage.warehouse.duckdb_errors import explained, newer
from circleci_usage.warehouse.extras import missing_library
from circleci_usage.warehouse.load_lines import load_of
from circleci_usage.warehouse.tables import SCHEMA_VERSION, TABLES
from circleci_usage.warehouse.views import VIEWS

if TYPE_CHECKING:
    import duckdb

_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    # Nothing is downloaded, and nothing is read from the folder of the user.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    # Rows may be in any order, which takes less memory.
    "preserve_insertion_order": False,
}


class DuckDB:
    """A DuckDB file, made when it does not exist; see `Destination`."""

    def __init__(self, path: Path) -> None:
        """`path` is where the file is."""
        self._path = path
        self._open: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        try:
            import duckdb
        except ModuleNotFoundError:
            raise missing_library("DuckDB", "duckdb") from None
        with translate_os_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._translated():
            self._open = duckdb.connect(str(self._path), config=_SETTINGS)
        try:
            self._prepare()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._translated():
            self._close()

    def loads(self) -> Sequence[Load]:
        """What it has; see `Destination`."""
        with self._translated():
            lines = self._run(sql.READ_LOADS).fetchall()
        return [load_of(line) for line in lines]

    def apply(self, change: Change) -> None:
        """Make a change in one transaction; see `Destination`."""
        with self._transaction():
            for table, days in change.cleared.items():
                for each in days:
                    self._run(*sql.clear(table, each))
            self._add(change.added)
            for name in [*change.forgotten, *(load.name for load in change.recorded)]:
                self._run(*sql.forget(name))
            for load in change.recorded:
                self._run(*sql.record(load))

    def replace(self, tables: Sequence[Staged]) -> None:
        """Replace small tables in one transaction; see `Destination`."""
        with self._transaction():
            for staged in tables:
                self._run(sql.empty(staged.table))
            self._add(tables)

    def _prepare(self) -> None:
        """Make the tables, or check that they are of this version."""
        with self._transaction():
            self._run(sql.MAKE_VERSION)
            found = self._run(sql.READ_VERSION).fetchone()
            version = found[0] if found else None
            if version is None:
                self._make_tables()
            elif version > SCHEMA_VERSION:
                raise newer(self._path, version, SCHEMA_VERSION)
            self._make_views()

    def _make_tables(self) -> None:
        for table in TABLES:
            for statement in sql.make_table(table):
                self._run(statement)
        self._run(*sql.set_version(SCHEMA_VERSION))

    def _make_views(self) -> None:
        for view in VIEWS:
            for statement in sql.make_view(view):
                self._run(statement)

    def _add(self, tables: Sequence[Staged]) -> None:
        for staged in tables:
            self._run(*sql.add(staged.table, str(staged.file)))

    def _run(self, statement: str, values: Sequence[Any] = ()) -> "duckdb.DuckDBPyConnection":
        assert self._open is not None
        return self._open.execute(statement, [*values])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            self._run("BEGIN TRANSACTION")
            try:
                yield
            except BaseException:
                self._roll_back()
                raise
            self._run("COMMIT")

    def _roll_back(self) -> None:
        import duckdb

        # After some errors, such as a full disk, DuckDB has rolled back already.
        with suppress(duckdb.Error):
            self._run("ROLLBACK")

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            raise explained(error, self._path) from error
