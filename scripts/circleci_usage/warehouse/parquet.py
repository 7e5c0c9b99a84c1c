"""A warehouse of Parquet files in a local folder, or below a prefix in S3 or Google Cloud Storage.

    job_runs/month=2026-10/data.parquet                        the same for each table with days
    job_runs/month=__HIVE_DEFAULT_PARTITION__/data.parquet     rows without a day
    prices/data.parquet                                        the same for each table without days
    loads.json                                                 what is there (`loads_file.py`)

Every file is replaced as a whole: a reader sees the old one or the new one. There is no
transaction over several files, so for a moment a reader may see new job runs beside old daily
costs. A load that is killed in between leaves lines without a fingerprint in `loads.json`, and the
next load replaces their rows again.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from circleci_usage.warehouse.destination import Change, Load, Staged
from circleci_usage.warehouse.extras import missing_library
from circleci_usage.warehouse.loads_file import loads_from_json, loads_to_json, unsettled
from circleci_usage.warehouse.local_folder import LocalFolder
from circleci_usage.warehouse.parquet_rows import kept_rows, write_rows
from circleci_usage.warehouse.tables import WarehouseTable
from circleci_usage.warehouse.warehouse_files import WarehouseFiles

BUCKETS: Final = ("s3:", "gs:")
"""How the addresses of object storage begin."""

_NO_MONTH: Final = "__HIVE_DEFAULT_PARTITION__"
"""What Hive, Spark, DuckDB and Polars read as a null."""
_DATA: Final = "data.parquet"


class ParquetFolder:
    """Parquet files as a destination; see `Destination` for what its methods raise."""

    def __init__(self, address: str) -> None:
        """See the class.

        Args:
            address: a local folder, `s3://bucket/prefix` or `gs://bucket/prefix`.

        Raises:
            SettingsError: the address is wrong, or a library is missing.
        """
        self._files = files_at(address)
        self._opened = ExitStack()
        self._temporary = Path()
        self._loads: dict[str, Load] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._temporary = stack.enter_context(self._files.opened())
            content = self._files.read_loads()
            if content is None:
                self._record(())
            else:
                loads = loads_from_json(content, self._files.shown)
                self._loads = {load.name: load for load in loads}
            self._opened = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def loads(self) -> Sequence[Load]:
        """What it has. A line without a fingerprint is of a load that was killed."""
        return tuple(self._loads.values())

    def apply(self, change: Change) -> None:
        """Write the month's file of each table again, then put all of them in place."""
        old = [self._loads[name] for name in change.forgotten if name in self._loads]
        written = [self._written(table, change) for table in _tables_of(change)]
        # Whoever reads `loads` from here on knows that these rows are on the move. In a bucket,
        # this fails if another load has changed anything since `loads` was read.
        self._record(unsettled([*old, *change.recorded]))
        for name, file in written:
            self._files.put(name, file)
        self._record(change.recorded, forgotten=change.forgotten)

    def replace(self, tables: Sequence[Staged]) -> None:
        """Replace tables without days, each as a whole."""
        for staged in tables:
            file = self._temporary_file(staged.table)
            write_rows(staged.table, None, [staged.file], file)
            self._files.put(f"{staged.table.name}/{_DATA}", file)

    def _written(self, table: WarehouseTable, change: Change) -> tuple[str, Path]:
        """The name of the month's file of a table, and the file that will replace it."""
        name = f"{table.name}/{_partition(change.month)}/{_DATA}"
        before = self._files.local_copy(name, self._temporary / f"{table.name}.before")
        kept = kept_rows(table, before, change.cleared.get(table, ())) if before else None
        added = [staged.file for staged in change.added if staged.table == table]
        file = self._temporary_file(table)
        write_rows(table, kept, added, file)
        return name, file

    def _temporary_file(self, table: WarehouseTable) -> Path:
        return self._temporary / f"{table.name}.parquet"

    def _record(self, recorded: Iterable[Load], forgotten: Iterable[str] = ()) -> None:
        """Write `loads.json`. A line that is forgotten and recorded again stays."""
        loads = {name: load for name, load in self._loads.items() if name not in {*forgotten}}
        loads |= {load.name: load for load in recorded}
        self._files.write_loads(loads_to_json(loads.values()))
        self._loads = loads


def files_at(address: str) -> WarehouseFiles:
    """Where the files of a warehouse are.

    Raises:
        SettingsError: the address is wrong, or a library is missing.
    """
    if not address.strip().lower().startswith(BUCKETS):
        return LocalFolder(Path(address))
    try:
        from circleci_usage.warehouse.bucket import Bucket  # noqa: PLC0415 - obstore may be missing
    except ModuleNotFoundError:
        raise missing_library("s3:// and gs://", "obstore") from None
    return Bucket(address)


def _tables_of(change: Change) -> Iterable[WarehouseTable]:
    added = (staged.table for staged in change.added)
    return dict.fromkeys([*change.cleared, *added])


def _partition(month: date | None) -> str:
    return f"month={month:%Y-%m}" if month else f"month={_NO_MONTH}"
