"""Rows as a Parquet file that has the columns and types of a table: what destinations load."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from circleci_usage.warehouse.destination import Staged
from circleci_usage.warehouse.tables import (
    EXACT_DECIMALS,
    EXACT_DIGITS,
    Type,
    WarehouseTable,
)

EXACT: Final = pl.Decimal(EXACT_DIGITS, EXACT_DECIMALS)

STAGED_TYPES: Final[Mapping[Type, pl.DataType]] = {
    Type.TEXT: pl.String(),
    Type.UUID: pl.String(),
    Type.DAY: pl.Date(),
    Type.MOMENT: pl.Datetime("us", "UTC"),
    Type.EXACT: EXACT,
    Type.INTEGER: pl.Int64(),
    Type.NUMBER: pl.Float64(),
    Type.FLAG: pl.Boolean(),
}
"""Type → its type in a staged file. UUIDs are texts in lower case."""

UUID: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
"""What the text of a UUID looks like in lower case."""


def schema_of(table: WarehouseTable) -> dict[str, pl.DataType]:
    """Name → type of the columns of a table in a staged file, in their order."""
    return {column.name: STAGED_TYPES[column.type] for column in table.columns}


def uuids(texts: pl.Expr) -> pl.Expr:
    """The texts that are UUIDs, in lower case; null in place of others."""
    lower = texts.str.strip_chars().str.to_lowercase()
    return pl.when(lower.str.contains(UUID)).then(lower)


def organizations_of(ids: Iterable[str | None]) -> frozenset[str]:
    """The ids; none, which means all organizations, where one of them is not a UUID.

    >>> organizations_of(["x"])
    frozenset()
    """
    known = pl.Series([*ids], dtype=pl.String).to_frame("id").select(uuids(pl.col("id")))
    found = known.to_series().to_list()
    return frozenset() if None in found else frozenset(found)


def typed(frame: pl.DataFrame, table: WarehouseTable) -> pl.DataFrame:
    """A frame with the columns of a table in their order and types; null where it lacks one."""
    columns = []
    for column in table.columns:
        name, kind = column.name, STAGED_TYPES[column.type]
        values = pl.col(name) if name in frame.columns else pl.lit(None, kind)
        values = uuids(values.cast(pl.String)) if column.type is Type.UUID else values
        columns.append(values.cast(kind).alias(name))
    return frame.select(columns)


def stage_frame(frame: pl.DataFrame, table: WarehouseTable, file: Path) -> Staged:
    """Write a frame that is `typed` already."""
    frame.write_parquet(file, compression="zstd", statistics=False)
    return Staged(table, file, len(frame))


def stage_lines(lines: Iterable[Sequence[Any]], table: WarehouseTable, file: Path) -> Staged:
    """Write lines whose values are in the order of the table's columns."""
    frame = pl.DataFrame([*lines], schema_of(table), orient="row")
    return stage_frame(frame, table, file)


def fingerprint_of(*staged: Staged) -> str:
    """A checksum of the rows of staged files."""
    found = hashlib.sha256()
    for each in staged:
        found.update(each.table.name.encode())
        with each.file.open("rb") as stream:
            found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()
