"""Rows for a warehouse's tables in Parquet files, made by hand."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.warehouse.destination import Change, Days, Load, Staged
from circleci_usage.warehouse.tables import (
    EXACT_DECIMALS,
    EXACT_DIGITS,
    JOB_RUNS,
    Type,
    WarehouseTable,
)

ORGANIZATION: Final = "0b7d7a4e-7f2c-4d4b-9a55-0d8f0a6b1c11"
OTHER: Final = "5c1f3a52-3c8e-4b0d-8d0f-9e6a7b2c3d22"
JANUARY: Final = Period(date(2026, 1, 1), date(2026, 2, 1))
OF_JANUARY: Final = Days(JANUARY, frozenset({ORGANIZATION}))

TYPES: Final[Mapping[Type, Any]] = {
    Type.TEXT: pl.String,
    Type.UUID: pl.String,
    Type.DAY: pl.Date,
    Type.MOMENT: pl.Datetime("us", "UTC"),
    Type.EXACT: pl.Decimal(EXACT_DIGITS, EXACT_DECIMALS),
    Type.INTEGER: pl.Int64,
    Type.NUMBER: pl.Float64,
    Type.FLAG: pl.Boolean,
}


def staged(folder: Path, table: WarehouseTable, rows: Sequence[Mapping[str, object]]) -> Staged:
    """The rows of a table; columns that a row lacks are NULL."""
    schema = {column.name: TYPES[column.type] for column in table.columns}
    return _written(folder, table, pl.DataFrame(rows, schema=schema))


def many_job_runs(folder: Path, rows: int) -> Staged:
    """Job runs of January, each of 0.1 credits, whose order is not that of their days."""
    number = pl.int_range(rows).alias("job_run_number")
    values = {
        "organization_id": pl.lit(ORGANIZATION),
        "vcs_branch": pl.format("branch-{}", number % 1000),
        "job_name": pl.format("job-{}", number % 100),
        "job_id": pl.format("00000000-0000-4000-8000-{}", number.cast(pl.String).str.zfill(12)),
        "job_run_date": pl.lit(JANUARY.start) + pl.duration(days=number % 31),
        "total_credits": pl.lit("0.1"),
    }
    frame = pl.select(number).with_columns(**values)
    columns = [
        (pl.col(column.name) if column.name in frame.columns else pl.lit(None))
        .cast(TYPES[column.type])
        .alias(column.name)
        for column in JOB_RUNS.columns
    ]
    return _written(folder, JOB_RUNS, frame.select(columns))


def change_of(*added: Staged, days: Days = OF_JANUARY, name: str = "window") -> Change:
    """Replaces the days of the tables that rows are added to."""
    rows = sum(each.rows for each in added)
    return Change(
        month=days.period.start if days.period else None,
        cleared={each.table: (days,) for each in added},
        added=added,
        recorded=(Load(name, days, "fingerprint", rows),),
    )


def _written(folder: Path, table: WarehouseTable, frame: pl.DataFrame) -> Staged:
    file = folder / f"{table.name}-{len([*folder.iterdir()])}.parquet"
    frame.write_parquet(file)
    return Staged(table, file, frame.height)
