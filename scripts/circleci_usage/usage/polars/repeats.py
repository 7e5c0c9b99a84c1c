"""Rows that repeat a job run, found and left out with Polars; `usage.repeats` says which count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.usage.polars.compact_runs import JobRuns, scan_compact, write_compact
from circleci_usage.usage.repeats import Content, Origin, Repeated, Standing, standings

ROWS_AT_A_TIME: Final = 1_000_000


def contents_of(runs: pl.LazyFrame) -> dict[int, Content]:
    """What is in each part, by its number, of the runs of `job_runs.typed_runs`."""
    by_part = runs.group_by("part").agg(
        pl.len().alias("rows"),
        pl.col("date").min().alias("first"),
        pl.col("date").max().alias("last"),
    )
    rows = by_part.collect(engine="streaming").sort("part").rows(named=True)
    return {row["part"]: Content(row["rows"], row["first"], row["last"]) for row in rows}


@dataclass(frozen=True)
class LeftOut:
    """The rows that do not count.

    Attributes:
        rows: a row each: `part`, `row`, and `kept`, the part that has the row which counts.
    """

    rows: pl.DataFrame

    def repeated(self) -> tuple[Repeated, ...]:
        """How many, by file."""
        pairs = self.rows.group_by("part", "kept").len().sort("part", "kept")
        return tuple(Repeated(*pair) for pair in pairs.rows())

    def keys(self) -> npt.NDArray[np.uint64]:
        """Their parts and rows as sorted numbers."""
        return self.rows.select(_key()).to_series().sort().to_numpy()


def _key() -> pl.Expr:
    return pl.col("part").cast(pl.UInt64) * 2**32 + pl.col("row")


def left_out_of(
    runs: pl.LazyFrame, origins: Sequence[Origin], contents: Mapping[int, Content]
) -> LeftOut | None:
    """The rows of runs that do not count; None when all do.

    A slice of the ids at a time, so that the memory does not grow with the rows.

    Args:
        runs: `job_id` (hashed), `part`, `row` and `date`.
        origins: the parts.
        contents: what is in them.
    """
    count = runs.select(pl.len()).collect().item()
    slices = count // ROWS_AT_A_TIME + 1
    rank = _ranks(standings(origins, contents))
    found = []
    for number in range(slices):
        in_slice = pl.col("job_id") % slices == number
        ids = runs.filter(in_slice).select("job_id").collect(engine="streaming")["job_id"].sort()
        twice = ids.filter(ids == ids.shift()).unique()
        if len(twice):
            found.append(
                _left_out(runs.filter(in_slice & pl.col("job_id").is_in(twice.implode())), rank)
            )
    return LeftOut(pl.concat(found)) if found else None


def _ranks(of_parts: Mapping[int, Standing]) -> pl.LazyFrame:
    rows = [(number, each.since, each.until, each.place) for number, each in of_parts.items()]
    return pl.LazyFrame(rows, ["part", "since", "until", "place"], orient="row").cast(
        {"part": pl.UInt32}
    )


def _left_out(runs: pl.LazyFrame, rank: pl.LazyFrame) -> pl.DataFrame:
    is_complete = (pl.col("date") >= pl.col("since")) & (pl.col("date") < pl.col("until"))
    in_order = (
        runs.select("job_id", "part", "row", "date")
        .join(rank, on="part")
        .sort("job_id", is_complete.fill_null(value=False), "place", "row")
    )
    with_kept = in_order.with_columns(pl.col("part").last().over("job_id").alias("kept"))
    is_followed = pl.col("job_id") == pl.col("job_id").shift(-1)
    return with_kept.filter(is_followed).select("part", "row", "kept").collect()


def without(runs: JobRuns, left_out: LeftOut, folder: Path) -> JobRuns:
    """The runs that count, rewritten into a folder, some at a time."""
    keys = left_out.keys()
    folder.mkdir()
    files = []
    for number, file in enumerate(runs.files):
        rows = scan_compact(file).collect(engine="streaming")
        kept = rows.filter(~is_among(rows.select(_key()).to_series(), keys))
        files.append(write_compact(kept, folder, number))
    return JobRuns(tuple(files))


def is_among(numbers: pl.Series, keys: npt.NDArray[np.uint64]) -> pl.Series:
    """Which of the numbers are among sorted ones."""
    wanted = numbers.to_numpy()
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return pl.Series(keys[places] == wanted)
