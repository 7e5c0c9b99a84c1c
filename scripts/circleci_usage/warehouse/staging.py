"""Parts → typed job runs in a Parquet file, each once: rows as the export has them, texts parsed.

The rows are merged into one plain file first (`usage.merge`), which handles damage, dialects and
repeats; Polars then streams it, so that the memory does not grow with the rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.core.errors import DataError
from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import agreeing, counted
from circleci_usage.core.progress import Progress
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.usage.damage import watching_space
from circleci_usage.usage.input_files import Part, read_header
from circleci_usage.usage.job_run_rules import DAY_LENGTH, IS_NUMBER
from circleci_usage.usage.merge import merge
from circleci_usage.warehouse.destination import Days, Staged
from circleci_usage.warehouse.staged_files import EXACT, STAGED_TYPES, organizations_of, uuids
from circleci_usage.warehouse.tables import JOB_RUNS, Column, Type

_BEYOND: Final = "beyond the last column"
_DAY: Final = "job_run_date"
_ORGANIZATION: Final = "organization_id"
_MERGED: Final = "job-runs.csv"
_IN_WORDS: Final = {
    Type.UUID: "a UUID",
    Type.DAY: "a day",
    Type.MOMENT: "a time",
    Type.EXACT: "a number",
    Type.INTEGER: "a whole number",
    Type.NUMBER: "a number",
    Type.FLAG: "true or false",
}
_ZONE: Final = r"(Z|\+00(:?00)?| UTC)$"


@dataclass(frozen=True)
class RunsOfMonth:
    """The job runs of a calendar month.

    Attributes:
        month: by its first day; None for rows without a day.
        rows: how many.
        days: from the first to the last with rows, and the organizations; all where the id of one
            is not a UUID.
    """

    month: date | None
    rows: int
    days: Days


@dataclass(frozen=True)
class StagedRuns:
    """Job runs on disk.

    Attributes:
        file: Parquet, with the columns of `JOB_RUNS`.
        months: what is in it.
        invalid: column → how many values have another type, and are null instead.
        warnings: what a reader should know of the rows, a line each.
    """

    file: Path
    months: tuple[RunsOfMonth, ...]
    invalid: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many job runs there are."""
        return sum(each.rows for each in self.months)

    def of_month(self, month: date | None, file: Path) -> Staged:
        """The job runs of one month; `file` is written if there are others too."""
        rows = sum(each.rows for each in self.months if each.month == month)
        if rows == self.rows:
            return Staged(JOB_RUNS, self.file, rows)
        day = pl.col(_DAY)
        is_inside = day.is_null() if month is None else day.dt.month_start() == month
        with_rows = pl.scan_parquet(self.file, glob=False).filter(is_inside)
        with watching_space():
            with_rows.sink_parquet(file, maintain_order=False)
        return Staged(JOB_RUNS, file, rows)


def stage_runs(
    parts: Sequence[Part],
    folder: Path,
    progress: Progress,
    *,
    window: tuple[Period, str] | None = None,
    has_repeats: bool | None = None,
) -> StagedRuns:
    """Stage the job runs of parts.

    Args:
        parts: what to read.
        folder: for the file; it has no other files of staged runs.
        progress: shows how far it is.
        window: the days and the id of the export that all parts are of.
        has_repeats: whether rows repeat job runs; None when that is not known.

    Raises:
        DataError: a part is damaged.
        UnfinishedError: the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    merged, file = folder / _MERGED, folder / "job-runs.parquet"
    warnings = merge(parts, merged, has_repeats=has_repeats, progress=progress)
    with progress.task("Typing the job runs"), watching_space():
        invalid = _write_typed(merged, file, window)
        merged.unlink()
        return StagedRuns(file, tuple(_months_in(file)), invalid, warnings)


def invalid_warnings(staged: Sequence[StagedRuns]) -> Iterator[str]:
    """A warning for each column with values that are not of its type."""
    for column in JOB_RUNS.columns:
        rows = sum(each.invalid.get(column.name, 0) for each in staged)
        if rows:
            are_not = f"{counted(rows, 'value')} {agreeing(rows, 'is', 'are')} not"
            yield f"{column.name.upper()}: {are_not} {_IN_WORDS[column.type]}; loaded as null."


def _write_typed(merged: Path, file: Path, window: tuple[Period, str] | None) -> dict[str, int]:
    """Write the typed rows; column → how many of its texts are not of its type."""
    header = read_header(merged)
    texts = _texts(merged, header)
    known = [column for column in JOB_RUNS.columns if column.name.upper() in EXPORT_COLUMNS]
    here = [column for column in known if column.name.upper() in header]
    days, job = window or (None, None)
    typed = texts.select(
        *(_typed(column) if column in here else _null(column) for column in known),
        pl.lit(None if days is None else str(days), pl.String).alias("export_window"),
        pl.lit(job, pl.String).alias("export_job"),
    )
    written = typed.sink_parquet(file, maintain_order=False, lazy=True)
    counts = texts.select(_is_invalid(column).sum() for column in here)
    beyond = texts.select(pl.col(_BEYOND).is_not_null().sum())
    _, found, too_long = pl.collect_all([written, counts, beyond], engine="streaming")
    if too_long.item():
        raise DataError("A row has more columns than its header; export the days again.")
    return {name: count for name, count in found.row(0, named=True).items() if count}


def _texts(merged: Path, header: Sequence[str]) -> pl.LazyFrame:
    rows = pl.scan_csv(
        [merged],
        has_header=False,
        skip_lines=1,
        schema=dict.fromkeys((*header, _BEYOND), pl.String()),
        missing_columns="insert",
        null_values=["", *NULL_MARKS],
        glob=False,
    )
    # A blank line is a row of nulls, which is not a job run.
    return rows.filter(~pl.all_horizontal(pl.all().is_null()))


def _null(column: Column) -> pl.Expr:
    return pl.lit(None, STAGED_TYPES[column.type]).alias(column.name)


def _is_invalid(column: Column) -> pl.Expr:
    text = pl.col(column.name.upper())
    return (text.is_not_null() & _parsed(text, column.type).is_null()).alias(column.name)


def _typed(column: Column) -> pl.Expr:
    return _parsed(pl.col(column.name.upper()), column.type).alias(column.name)


def _parsed(text: pl.Expr, kind: Type) -> pl.Expr:
    """The value of a text; null where it has another type."""
    if kind is Type.TEXT:
        return text
    if kind is Type.UUID:
        return uuids(text)
    stripped = text.str.strip_chars()
    if kind is Type.DAY:
        return stripped.str.head(DAY_LENGTH).str.to_date("%Y-%m-%d", strict=False)
    if kind is Type.MOMENT:
        return _moment(stripped)
    if kind is Type.FLAG:
        flags = {"true": True, "false": False}
        return stripped.str.to_lowercase().replace_strict(
            flags, default=None, return_dtype=pl.Boolean
        )
    return _number(stripped, kind)


def _moment(text: pl.Expr) -> pl.Expr:
    plain = text.str.replace(_ZONE, "").str.replace("T", " ", literal=True)
    return plain.str.to_datetime(
        "%Y-%m-%d %H:%M:%S%.f", time_unit="us", time_zone="UTC", strict=False
    )


def _number(text: pl.Expr, kind: Type) -> pl.Expr:
    number = pl.when(text.str.contains(IS_NUMBER)).then(text)
    if kind is Type.INTEGER:
        return number.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    if kind is Type.EXACT:
        return number.cast(EXACT, strict=False)
    value = number.cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def _months_in(file: Path) -> Iterator[RunsOfMonth]:
    rows = pl.scan_parquet(file, glob=False)
    month = pl.col(_DAY).dt.month_start().alias("month")
    day = pl.col(_DAY)
    by_month = rows.group_by(month).agg(
        pl.len().alias("rows"),
        day.min().alias("first"),
        day.max().alias("last"),
        pl.col(_ORGANIZATION).unique().alias("organizations"),
    )
    found = by_month.collect(engine="streaming").sort("month", nulls_last=True)
    for line in found.rows(named=True):
        days = Period.of_days(line["first"], line["last"]) if line["month"] else None
        whose = organizations_of(line["organizations"])
        yield RunsOfMonth(line["month"], line["rows"], Days(days, whose))
