"""Job runs as they are kept: without what can be computed, a seventh of the size of their parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.schema.dimensions import DIMENSIONS, EXPORT_NAMES
from circleci_usage.schema.export_columns import CREDIT_TYPES, credit_types_of
from circleci_usage.schema.keys import JobKey
from circleci_usage.usage.aggregates import NUMBER
from circleci_usage.usage.job_run_rules import USES
from circleci_usage.usage.polars.job_runs import unless_identified

ROWS_OF_A_FILE: Final = 600_000

PLACE: Final = tuple(
    dimension.name
    for dimension in DIMENSIONS
    if dimension.column and (dimension.identity or dimension.name.endswith("_id"))
)
"""Ids and names of organizations and projects: kept once per project, not per job run."""

WHO: Final = tuple(name for name in JobKey._fields if name in PLACE)
"""What a key has of a place: the project and its organization."""

_COMPUTED: Final = ("total_credits", "seconds", "malformed", "escaped", "doubtful")
_LEVEL: Final = 3
_AMOUNTS: Final = ("_credits", "_outside", "_unclear")
_IDENTITY: Final = {"job_id": pl.UInt64(), "row": pl.UInt32()}


@dataclass(frozen=True)
class RunsFile:
    """Job runs in two Parquet files: the runs, and the places that they refer to.

    Attributes:
        runs: at most `ROWS_OF_A_FILE`.
        places: `PLACE`, and its number `place`.
        rows: how many job runs.
        is_whole: whether all amounts are integers.
        first: the first day of a row; None where no row has a day.
        last: the last one.
        first_part: what to add to `part`, so that the parts of several units are numbered through.
    """

    runs: Path
    places: Path
    rows: int
    is_whole: bool
    first: str | None = None
    last: str | None = None
    first_part: int = 0

    def overlaps(self, period: Period) -> bool:
        """Whether a row may be of these days."""
        if self.first is None or self.last is None:
            return False
        return self.first <= str(period.last) and str(period.first) <= self.last


def write_compact(rows: pl.DataFrame, folder: Path, number: int) -> RunsFile:
    """Keep some of the job runs of `job_runs.write_runs` in a folder."""
    runs, places = file_names(folder, number)
    known = rows.select(PLACE).unique().with_row_index("place")
    numbered = rows.join(known, on=PLACE, how="left", nulls_equal=True, maintain_order="left")
    kept = numbered.drop(*PLACE, *_COMPUTED, strict=False)
    kept.write_parquet(runs, compression="zstd", compression_level=_LEVEL, statistics=False)
    known.write_parquet(places, compression="zstd", statistics=False)
    first, last = rows.select(pl.col("date").min(), pl.col("date").max().alias("last")).row(0)
    is_whole = rows["job_seconds"].dtype.is_integer()
    return RunsFile(runs, places, len(rows), is_whole, first, last)


def file_names(folder: Path, number: int) -> tuple[Path, Path]:
    """The two files of `RunsFile`."""
    return folder / f"runs-{number}.parquet", folder / f"places-{number}.parquet"


def has_shape(file: RunsFile, *, identified: bool) -> bool:
    """Whether the files look like those of `write_compact`; others may be able to write them."""
    try:
        runs = dict(pl.read_parquet_schema(file.runs))
        places = dict(pl.read_parquet_schema(file.places))
    except (pl.exceptions.PolarsError, OSError):
        return False
    except pl.exceptions.PanicException:
        # A bug of Polars, which a crafted file may trigger.
        return False
    texts = dict.fromkeys(PLACE, pl.Categorical())
    if places != {"place": pl.UInt32(), **texts}:
        return False
    amount = pl.Int64() if file.is_whole else NUMBER
    amounts = {name: amount for name in runs if name.endswith(_AMOUNTS)}
    known = _known_types(amount) | (_IDENTITY if identified else {})
    return {**known, **amounts} == runs


def _known_types(amount: pl.DataType) -> dict[str, pl.DataType]:
    names = [name for name in EXPORT_NAMES if name not in {*PLACE, "date"}]
    credits = [f"{kind}_credits" for kind in CREDIT_TYPES]
    return {
        "date": pl.String(),
        **dict.fromkeys(names, pl.Categorical()),
        **dict.fromkeys([*credits, "job_seconds"], amount),
        **dict.fromkeys(["queued", "workflow_seconds", *USES], pl.Float32()),
        **dict.fromkeys(["workflow_stopped", "workflow_successful"], pl.Boolean()),
        **dict.fromkeys(["pipeline", "workflow_run"], pl.UInt64()),
        **dict.fromkeys(["part", "place"], pl.UInt32()),
        "order": pl.Int64(),
        "containers": pl.Int32(),
    }


def scan_compact(file: RunsFile) -> pl.LazyFrame:
    """The job runs of a file with all columns of `job_runs.write_runs`, and `seconds`."""
    places = pl.scan_parquet(file.places, glob=False)
    return _scan(file).join(places, on="place", how="left").drop("place")


def _scan(file: RunsFile) -> pl.LazyFrame:
    """The same with `place` instead of the names that it stands for."""
    runs = pl.scan_parquet(file.runs, glob=False)
    kinds = credit_types_of(runs.collect_schema().names())
    zero = pl.lit(0, pl.Int64() if file.is_whole else NUMBER)
    total = reduce(pl.Expr.__add__, (pl.col(f"{kind}_credits").fill_null(zero) for kind in kinds))
    return runs.with_columns(
        total.alias("total_credits"),
        pl.col("job_seconds").cast(pl.Float32).alias("seconds"),
        pl.col("part") + file.first_part,
    )


def _with_decimals(runs: pl.LazyFrame) -> pl.LazyFrame:
    """The job runs with exact decimals instead of integers, to go with others that have them."""
    names = runs.collect_schema().names()
    amounts = [name for name in names if name.endswith(_AMOUNTS) or name == "job_seconds"]
    return runs.with_columns(pl.col(amounts).cast(NUMBER))


@dataclass(frozen=True)
class JobRuns:
    """The job runs of several units."""

    files: tuple[RunsFile, ...]

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(file.rows for file in self.files)

    def all(self) -> pl.LazyFrame:
        """All of them, with their names."""
        return self._together(scan_compact(file) for file in self.files)

    def by_who(self) -> "RunsByWho":
        """The same with a number in place of the names of projects: fewer keys to group by."""
        places = {file: pl.read_parquet(file.places, glob=False) for file in self.files}
        keyed = [unless_identified(each.lazy()).collect() for each in places.values()]
        who = pl.concat(each.select(WHO) for each in keyed).unique().with_row_index("who")
        numbers = [
            each.join(who, on=WHO, how="left", nulls_equal=True).select("place", "who")
            for each in keyed
        ]
        frames = [
            _scan(file).join(number.lazy(), on="place", how="left").drop("place")
            for file, number in zip(self.files, numbers, strict=True)
        ]
        return RunsByWho(tuple(self._alike(frames)), self.files, who)

    def _together(self, frames: Iterable[pl.LazyFrame]) -> pl.LazyFrame:
        return pl.concat(self._alike(frames), how="diagonal")

    def _alike(self, frames: Iterable[pl.LazyFrame]) -> Iterable[pl.LazyFrame]:
        """Amounts as integers in all of them, or as decimals in all of them."""
        are_whole = all(file.is_whole for file in self.files)
        return frames if are_whole else map(_with_decimals, frames)


@dataclass(frozen=True)
class RunsByWho:
    """Job runs with `who` instead of the columns of `PLACE`.

    Attributes:
        frames: each small enough to be read at once.
        files: what they are read from.
        who: the number `who` and the columns of `WHO`: names only where there is no id.
    """

    frames: tuple[pl.LazyFrame, ...]
    files: tuple[RunsFile, ...]
    who: pl.DataFrame

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(file.rows for file in self.files)

    def split(self, period: Period) -> tuple["RunsByWho", "RunsByWho"]:
        """The files that may have runs of the period, and the others."""
        inside: list[tuple[pl.LazyFrame, RunsFile]] = []
        others: list[tuple[pl.LazyFrame, RunsFile]] = []
        for frame, file in zip(self.frames, self.files, strict=True):
            (inside if file.overlaps(period) else others).append((frame, file))
        return self._of(inside or others[:1]), self._of(others if inside else others[1:])

    def _of(self, some: Sequence[tuple[pl.LazyFrame, RunsFile]]) -> "RunsByWho":
        return replace(
            self,
            frames=tuple(frame for frame, _ in some),
            files=tuple(file for _, file in some),
        )

    def all(self) -> pl.LazyFrame:
        """All of them."""
        return pl.concat(self.frames, how="diagonal")

    def batches(self, rows: int) -> list[pl.LazyFrame]:
        """About so many rows at a time."""
        batches: list[list[pl.LazyFrame]] = []
        size = 0
        for frame, file in zip(self.frames, self.files, strict=True):
            if not batches or size + file.rows > rows:
                batches.append([])
                size = 0
            batches[-1].append(frame)
            size += file.rows
        return [pl.concat(each, how="diagonal") for each in batches]

    def named(self, found: pl.DataFrame) -> pl.DataFrame:
        """What was found, with the columns of `WHO` again."""
        return found.join(self.who, on="who", how="left").drop("who")
