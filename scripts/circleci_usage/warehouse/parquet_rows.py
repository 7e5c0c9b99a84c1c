"""Rows of the Parquet files of a warehouse: which are kept, and how they are written.

UUIDs are text, since Polars has no such type; in SQL, write `job_id::UUID`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.core.errors import DataError, UnfinishedError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.usage.damage import is_no_space
from circleci_usage.warehouse.destination import Days
from circleci_usage.warehouse.staged_files import schema_of
from circleci_usage.warehouse.tables import WarehouseTable

_ORGANIZATION: Final = "organization_id"
_CUT_SHORT: Final = "thrift: transport error"
"""All that Polars says when the disk is full before the end of a file, where its metadata are."""
_ROWS_AT_A_TIME: Final = 64 << 10
"""Rows of a row group: job runs have many columns, and a row group is held in memory."""


def kept_rows(table: WarehouseTable, file: Path, cleared: Sequence[Days]) -> pl.LazyFrame:
    """The rows of a file that are not cleared."""
    rows = _scan(table, file)
    for days in cleared:
        rows = rows.filter(~_belongs_to(table, days))
    return rows


def write_rows(
    table: WarehouseTable, kept: pl.LazyFrame | None, added: Sequence[Path], file: Path
) -> None:
    """Write a file with the columns and types of a table, a few rows in memory at a time.

    Args:
        table: whose rows they are.
        kept: rows that stay.
        added: Parquet files with new rows.
        file: what to write.

    Raises:
        UnfinishedError: the disk is full.
        DataError: a file of the warehouse is damaged.
    """
    frames = [pl.LazyFrame(schema=schema_of(table))]
    with _explaining(table):
        frames += [] if kept is None else [kept]
        frames += [_scan(table, each) for each in added]
        pl.concat(frames).sink_parquet(
            file, compression="zstd", statistics=True, row_group_size=_ROWS_AT_A_TIME
        )


def _scan(table: WarehouseTable, file: Path) -> pl.LazyFrame:
    """A file of an older schema may lack columns, which are null then."""
    rows = pl.scan_parquet(file, glob=False, hive_partitioning=False)
    with _explaining(table):
        present = rows.collect_schema()
    columns = (
        (pl.col(name) if name in present else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema_of(table).items()
    )
    return rows.select(columns)


def _belongs_to(table: WarehouseTable, days: Days) -> pl.Expr:
    organization = pl.col(_ORGANIZATION)
    known = list(days.organizations)
    of_them = organization.is_null() | organization.is_in(known) if known else pl.lit(value=True)
    if table.day is None or days.period is None:
        return of_them if table.day is None else pl.col(table.day).is_null() & of_them
    day = pl.col(table.day)
    inside = (day >= days.period.start) & (day < days.period.stop)
    return inside.fill_null(value=False) & of_them


@contextmanager
def _explaining(table: WarehouseTable) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        if is_no_space(error) or _CUT_SHORT in first_line:
            raise UnfinishedError(
                f"The disk is full: {table.name} cannot be written. Free some space and rerun the"
                " same command."
            ) from error
        raise DataError(
            f"A Parquet file of {table.name} cannot be read: {inert(first_line)}. Restore it, or"
            " load into a new folder."
        ) from error
