"""Parts → daily usage: the one heavy pass. Only this module knows Polars.

The parts are scanned lazily and streamed, so that an export of any size passes through a bounded amount of memory.
The sums are written with Narwhals, so that they run wherever a lazy frame with the same columns lives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import narwhals as nw
import pandas as pd
import polars as pl

from circleci_usage.columns import CREDIT_COLUMNS, CREDIT_TYPES, NO_NAME, NULL_MARKS, OTHER, TOTAL_CREDITS
from circleci_usage.damage import damage_behind, find_damage
from circleci_usage.exact import trimmed
from circleci_usage.parts import Part

DIMENSIONS: Final = {
    "date": "JOB_RUN_DATE",
    "organization_id": "ORGANIZATION_ID",
    "organization": "ORGANIZATION_NAME",
    "project_id": "PROJECT_ID",
    "project": "PROJECT_NAME",
    "vcs_url": "VCS_URL",
    "workflow": "WORKFLOW_NAME",
    "job": "JOB_NAME",
    "resource_class": "RESOURCE_CLASS",
    "executor": "EXECUTOR",
    "operating_system": "OPERATING_SYSTEM",
    "status": "JOB_BUILD_STATUS",
}
"""What daily usage is summed by → the export's column."""

_NAMES_OF: Final = {"organization": "organization_id", "project": "project_id", "vcs_url": "project_id"}

# 18 decimals hold every amount that a service computing in doubles can write, and leave 20 digits before the point.
_NUMBER: Final = pl.Decimal(38, 18)
_BEYOND: Final = "beyond the last column"
_DAY_LENGTH: Final = len("2026-01-31")


@dataclass(frozen=True)
class DailyUsage:
    """Job runs summed per UTC day and dimension.

    Attributes:
        runs: a row per combination of `DIMENSIONS`, with `job_runs` (int64) and `job_seconds` (Decimal).
        credits: the same rows once per credit type that is not zero, with `credit_type`, `credits` (Decimal) and
            `job_runs` (int64: the runs that used such credits).
        rows: how many job runs were read.
        unreconciled_rows: in how many of them TOTAL_CREDITS was not the sum of the credit types.

    Organisations and projects have the name of their last day, so that a renamed one may have several rows alike. The
    dimensions are categoricals, except `date`, which is a datetime64 midnight (NaT where the export has no day).
    """

    runs: pd.DataFrame
    credits: pd.DataFrame
    rows: int
    unreconciled_rows: int


def read_daily_usage(parts: Sequence[Part]) -> DailyUsage:
    """Sum the job runs of all parts per UTC day and dimension, streaming.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
    """
    try:
        query = _sum_per_day(nw.from_native(_scan(parts))).to_native()
        sums: pl.DataFrame = query.collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise damage_behind(error, parts) from error
    if sums["torn_rows"].sum():
        damage = find_damage(parts)
        if damage:
            raise damage
    return _daily_usage(_with_days(sums, parts))


def _scan(parts: Sequence[Part]) -> pl.LazyFrame:
    """All parts as one lazy frame with the same columns, whatever the order and number of theirs."""
    headers: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        headers.setdefault(part.columns, []).append(part)
    return pl.concat([_scan_alike(columns, alike) for columns, alike in headers.items()])


def _scan_alike(columns: tuple[str, ...], parts: Sequence[Part]) -> pl.LazyFrame:
    numbers = {*CREDIT_COLUMNS.values(), TOTAL_CREDITS, "JOB_RUN_SECONDS"}
    frame = pl.scan_csv(
        [part.path for part in parts],
        # By position: the header was read before, with whatever mark, quotes or case it has.
        has_header=False,
        skip_lines=1,
        schema={name: _NUMBER if name in numbers else pl.String for name in columns} | {_BEYOND: pl.String},
        missing_columns="insert",
        null_values=list(NULL_MARKS),
        glob=False,
    )

    def text(column: str) -> pl.Expr:
        return pl.col(column) if column in columns else pl.lit(None, pl.String)

    def number(column: str) -> pl.Expr:
        return pl.col(column).fill_null(0) if column in columns else pl.lit(0, _NUMBER)

    types = {f"{kind}_credits": number(column) for kind, column in CREDIT_COLUMNS.items()}
    of_types = pl.sum_horizontal(*types.values())
    return frame.select(
        *(text(column).alias(name) for name, column in DIMENSIONS.items()),
        *(credits.alias(name) for name, credits in types.items()),
        # No total is no statement: the types stand for it.
        (pl.col(TOTAL_CREDITS).fill_null(of_types) - of_types).alias(f"{OTHER}_credits"),
        number("JOB_RUN_SECONDS").alias("job_seconds"),
        # Polars fills a row that ends early with nulls, so its last field is null; a row that goes on has one more.
        (pl.col(columns[-1]).is_null() | pl.col(_BEYOND).is_not_null()).alias("torn"),
    )


def _sum_per_day(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Job runs → sums per day and dimension, on any engine that Narwhals speaks to."""
    amounts = [nw.col(f"{kind}_credits") for kind in CREDIT_TYPES]
    return (
        rows.with_columns(nw.col("date").str.slice(0, _DAY_LENGTH))
        .group_by(*DIMENSIONS)
        .agg(
            nw.len().alias("job_runs"),
            nw.col("job_seconds").sum(),
            nw.col("torn").sum().alias("torn_rows"),
            (nw.col(f"{OTHER}_credits") != 0).sum().alias("unreconciled_rows"),
            *(amount.sum() for amount in amounts),
            *((nw.col(f"{kind}_credits") != 0).sum().alias(f"{kind}_runs") for kind in CREDIT_TYPES),
        )
    )


def _with_days(sums: pl.DataFrame, parts: Sequence[Part]) -> pl.DataFrame:
    """Turn the text of days into dates, drop what only blank lines made."""
    blank = pl.all_horizontal(pl.col(*DIMENSIONS).is_null()) & (pl.col("job_seconds") == 0)
    no_credits = pl.all_horizontal(pl.col(f"{kind}_credits") == 0 for kind in CREDIT_TYPES)
    sums = sums.filter(~(blank & no_credits))
    try:
        return sums.with_columns(pl.col("date").str.to_date("%Y-%m-%d"))
    except pl.exceptions.PolarsError as error:
        raise damage_behind(error, parts) from error


def _daily_usage(sums: pl.DataFrame) -> DailyUsage:
    names = [name for name in DIMENSIONS if name != "date" and name not in _NAMES_OF]
    sums = sums.sort(*DIMENSIONS).with_columns(*map(_latest, _NAMES_OF), pl.col(names).fill_null(NO_NAME))
    by_type = (
        sums.select(
            *DIMENSIONS,
            pl.lit(kind).alias("credit_type"),
            pl.col(f"{kind}_credits").alias("credits"),
            pl.col(f"{kind}_runs").alias("job_runs"),
        ).filter(pl.col("credits") != 0)
        for kind in CREDIT_TYPES
    )
    return DailyUsage(
        runs=_to_pandas(sums.select(*DIMENSIONS, "job_runs", "job_seconds")),
        credits=_to_pandas(pl.concat(by_type)),
        rows=int(sums["job_runs"].sum()),
        unreconciled_rows=int(sums["unreconciled_rows"].sum()),
    )


def _latest(name: str) -> pl.Expr:
    """A name as it is on the last day: who renames a project or an organisation wants it in one line, not in two."""
    identity = pl.col(_NAMES_OF[name])
    latest = pl.col(name).sort_by("date", name).last().over(identity)
    return pl.when(identity.is_null()).then(pl.col(name)).otherwise(latest).fill_null(NO_NAME)


def _to_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({series.name: _column(series) for series in frame})


def _column(series: pl.Series) -> Any:  # noqa: ANN401 - pandas takes many kinds of columns
    if series.dtype == pl.String:
        known = series.unique().sort()
        codes = series.cast(pl.Enum(known)).to_physical()
        return pd.Categorical.from_codes(codes.to_numpy(), categories=pd.Index(known.to_list(), dtype="object"))
    if series.dtype == pl.Date:
        return series.cast(pl.Datetime("us")).to_numpy()
    if series.dtype.is_decimal():
        shown: dict[Decimal, Decimal] = {}
        return pd.Series([shown.setdefault(value, trimmed(value)) for value in series.to_list()], dtype="object")
    return series.cast(pl.Int64).to_numpy()
