"""Job runs as they are kept: without what can be computed, a seventh of the size of their parts.

Their workflow runs are kept beside them. Facts of an earlier version have neither these nor what
`_LATER` names; where their parts are gone, they are all there is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.core.machine import cores
from circleci_usage.core.periods import Period
from circleci_usage.schema.dimensions import DIMENSIONS, EXPORT_NAMES
from circleci_usage.schema.export_columns import CREDIT_TYPES, UNKNOWN_USER, credit_types_of
from circleci_usage.schema.keys import JobKey
from circleci_usage.usage.aggregates import NUMBER
from circleci_usage.usage.job_run_rules import USES
from circleci_usage.usage.polars.job_runs import unless_identified
from circleci_usage.usage.polars.workflow_parts import FLAGS, workflow_parts

ROWS_OF_A_FILE: Final = 200_000

PLACE: Final = tuple(
    dimension.name
    for dimension in DIMENSIONS
    if dimension.column and (dimension.identity or dimension.name.endswith("_id"))
)
"""Ids and names of organizations and projects: kept once per project, not per job run."""

WHO: Final = tuple(name for name in JobKey._fields if name in PLACE)
"""What a key has of a place: the project and its organization."""

_LATER: Final = {
    "user": pl.lit(UNKNOWN_USER, pl.Categorical()),
    "unregistered": pl.lit(None, pl.Categorical()),
    "pipeline_number": pl.lit(None, pl.Int64()),
}
"""Columns that facts of the first version lack → what stands for them."""

_COMPUTED: Final = ("total_credits", "seconds", "malformed", "escaped", "doubtful")
_LEVEL: Final = 3
AMOUNTS: Final = ("_credits", "_outside", "_unclear")
"""What columns of amounts end in."""

_IDENTITY: Final = {"job_id": pl.UInt64(), "row": pl.UInt32()}


@dataclass(frozen=True)
class RunsFile:
    """Job runs in Parquet files: the runs, the places that they refer to, their workflow runs.

    Attributes:
        runs: at most `ROWS_OF_A_FILE`.
        places: `PLACE`, and its number `place`.
        workflows: see `workflow_parts`; None where only the first version kept the runs.
        rows: how many job runs.
        is_whole: whether all amounts are integers.
        first: the first day of a row; None where no row has a day.
        last: the last one.
        first_part: what to add to `part`, so that the parts of several units are numbered through.
    """

    runs: Path
    places: Path
    workflows: Path | None
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
    """Keep some of the job runs of `job_runs.typed_runs` in a folder."""
    runs, places, workflows = file_names(folder, number)
    known = rows.select(PLACE).unique().with_row_index("place")
    numbered = rows.join(known, on=PLACE, how="left", nulls_equal=True, maintain_order="left")
    kept = numbered.drop(*PLACE, *_COMPUTED, strict=False)
    kept.write_parquet(runs, compression="zstd", compression_level=_LEVEL, statistics=False)
    known.write_parquet(places, compression="zstd", statistics=False)
    parts = workflow_parts(numbered.lazy(), "place").collect()
    parts.write_parquet(workflows, compression="zstd", statistics=False)
    first, last = rows.select(pl.col("date").min(), pl.col("date").max().alias("last")).row(0)
    is_whole = rows["job_seconds"].dtype.is_integer()
    return RunsFile(runs, places, workflows, len(rows), is_whole, first, last)


def file_names(folder: Path, number: int) -> tuple[Path, Path, Path]:
    """The three files of `RunsFile`."""
    runs, places, workflows = (
        folder / f"{what}-{number}.parquet" for what in ("runs", "places", "workflows")
    )
    return runs, places, workflows


def has_shape(file: RunsFile, *, identified: bool) -> bool:
    """Whether the files look like those of `write_compact`; others may be able to write them."""
    try:
        runs = dict(pl.read_parquet_schema(file.runs))
        places = dict(pl.read_parquet_schema(file.places))
        workflows = dict(pl.read_parquet_schema(file.workflows)) if file.workflows else None
    except (pl.exceptions.PolarsError, OSError):
        return False
    except pl.exceptions.PanicException:
        # A bug of Polars, which a crafted file may trigger.
        return False
    texts = dict.fromkeys(PLACE, pl.Categorical())
    if places != {"place": pl.UInt32(), **texts}:
        return False
    amount = pl.Int64() if file.is_whole else NUMBER
    amounts = {name: amount for name in runs if name.endswith(AMOUNTS)}
    known = _known_types(amount) | (_IDENTITY if identified else {}) | amounts
    if workflows is None:
        return {name: known[name] for name in known if name not in _LATER} == runs
    return known == runs and workflows == _types_of_parts()


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
        **dict.fromkeys(["order", "pipeline_number"], pl.Int64()),
        "containers": pl.Int32(),
    }


def _types_of_parts() -> dict[str, pl.DataType]:
    return {
        "place": pl.UInt32(),
        "workflow": pl.Categorical(),
        **dict.fromkeys(["workflow_run", "pipeline"], pl.UInt64()),
        **dict.fromkeys(["date", "branch"], pl.String()),
        "seconds": pl.Float64(),
        **dict.fromkeys(["order", "pipeline_number"], pl.Int64()),
        **dict.fromkeys(FLAGS, pl.Boolean()),
    }


def scan_compact(file: RunsFile) -> pl.LazyFrame:
    """The job runs of a file with all columns of `job_runs.typed_runs`, and `seconds`."""
    places = pl.scan_parquet(file.places, glob=False)
    return _scan(file).join(places, on="place", how="left").drop("place")


def _scan(file: RunsFile) -> pl.LazyFrame:
    """The same with `place` instead of the names that it stands for."""
    runs = pl.scan_parquet(file.runs, glob=False)
    names = runs.collect_schema().names()
    missing = [value.alias(name) for name, value in _LATER.items() if name not in names]
    runs = runs.with_columns(missing)
    kinds = credit_types_of(names)
    zero = pl.lit(0, pl.Int64() if file.is_whole else NUMBER)
    total = reduce(pl.Expr.__add__, (pl.col(f"{kind}_credits").fill_null(zero) for kind in kinds))
    return runs.with_columns(
        total.alias("total_credits"),
        pl.col("job_seconds").cast(pl.Float32).alias("seconds"),
        pl.col("part") + file.first_part,
    )


def _scan_workflows(file: RunsFile) -> pl.LazyFrame:
    """The workflow runs of a file, with `place`."""
    if file.workflows is None:
        return workflow_parts(_scan(file), "place")
    return pl.scan_parquet(file.workflows, glob=False)


def _count_of_workflows(file: RunsFile) -> int:
    """How many workflow runs a file has, or more: where they are not kept, it has its job runs."""
    if file.workflows is None:
        return file.rows
    return int(pl.scan_parquet(file.workflows, glob=False).select(pl.len()).collect().item())


def _with_decimals(runs: pl.LazyFrame) -> pl.LazyFrame:
    """The job runs with exact decimals instead of integers, to go with others that have them."""
    names = runs.collect_schema().names()
    amounts = [name for name in names if name.endswith(AMOUNTS) or name == "job_seconds"]
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
        return pl.concat(self._alike(map(scan_compact, self.files)), how="diagonal")

    def parts_and_days(self) -> pl.LazyFrame:
        """`part` and `date` of all of them, which are read in a moment."""
        return pl.concat(_scan(file).select("part", "date") for file in self.files)

    def by_who(self) -> "RunsByWho":
        """The same with a number in place of the names of projects: fewer keys to group by."""
        frames = [*self._alike(_with_all_columns(map(_scan, self.files)))]
        return self._by_who(frames, [file.rows for file in self.files])

    def workflow_parts(self) -> "RunsByWho":
        """Their workflow runs as `workflow_parts`, some of them in several rows, likewise."""
        return self._by_who(
            [*map(_scan_workflows, self.files)], [*map(_count_of_workflows, self.files)]
        )

    def _by_who(self, frames: Sequence[pl.LazyFrame], rows: Sequence[int]) -> "RunsByWho":
        places = [_keyed_places(file) for file in self.files]
        who = pl.concat(each.select(WHO) for each in places).unique().with_row_index("who")
        numbers = [each.join(who, on=WHO, how="left", nulls_equal=True) for each in places]
        files = [
            RunsOfFile(frame, count, file, number.sort("place")["who"])
            for frame, count, file, number in zip(frames, rows, self.files, numbers, strict=True)
        ]
        return RunsByWho(tuple(files), who)

    def _alike(self, frames: Iterable[pl.LazyFrame]) -> Iterable[pl.LazyFrame]:
        """Amounts as integers in all of them, or as decimals in all of them."""
        are_whole = all(file.is_whole for file in self.files)
        return frames if are_whole else map(_with_decimals, frames)


def _with_all_columns(frames: Iterable[pl.LazyFrame]) -> Iterator[pl.LazyFrame]:
    """Frames of which some have the columns of new credit types, as frames that all have them."""
    some = [*frames]
    schemas = [frame.collect_schema() for frame in some]
    every = {name: dtype for schema in schemas for name, dtype in schema.items()}
    for frame, schema in zip(some, schemas, strict=True):
        missing = [name for name in every if name not in schema]
        yield frame.with_columns(pl.lit(None, every[name]).alias(name) for name in missing)


def _keyed_places(file: RunsFile) -> pl.DataFrame:
    places = pl.read_parquet(file.places, glob=False)
    return unless_identified(places.lazy()).collect()


Condition = Callable[[pl.Expr], pl.Expr]
"""`who` → whether a row is wanted."""


@dataclass(frozen=True)
class RunsOfFile:
    """The job runs of a file.

    Attributes:
        runs: with `place`; or their workflow runs.
        rows: how many there are, or more.
        file: where they are.
        who: the number of each place.
    """

    runs: pl.LazyFrame
    rows: int
    file: RunsFile
    who: pl.Series

    @property
    def number(self) -> pl.Expr:
        """`who` of a row."""
        places = pl.Series(range(len(self.who)), dtype=pl.UInt32)
        return pl.col("place").replace_strict(places, self.who, return_dtype=pl.UInt32)

    @property
    def columns(self) -> list[str]:
        """Its columns."""
        return self.runs.collect_schema().names()

    def read(self, columns: Iterable[str], condition: pl.Expr) -> pl.DataFrame:
        """The columns, which may include `who`, of the runs that meet a condition."""
        # Polars decodes the rows that meet the condition, if it knows that from the file alone.
        names = [name for name in columns if name != "who"]
        rows = self.runs.filter(condition).select(*names, "place").collect()
        who = self.who.gather(rows["place"]).alias("who")
        return rows.with_columns(who).select(columns)


@dataclass(frozen=True)
class RunsByWho:
    """Job runs, or their workflow runs, with `who` instead of the columns of `PLACE`.

    Attributes:
        files: each small enough to be read at once.
        who: the number `who` and the columns of `WHO`: names only where there is no id.
    """

    files: tuple[RunsOfFile, ...]
    who: pl.DataFrame

    @property
    def rows(self) -> int:
        """How many there are, or more."""
        return sum(each.rows for each in self.files)

    def within(self, period: Period) -> "RunsByWho":
        """The files that may have runs of the period; there is always one."""
        inside = [file for file in self.files if file.file.overlaps(period)]
        return replace(self, files=tuple(inside or self.files[:1]))

    def mapped(self, change: Callable[[pl.LazyFrame], pl.LazyFrame]) -> "RunsByWho":
        """The same with something done to the runs of each file."""
        return replace(
            self, files=tuple(replace(file, runs=change(file.runs)) for file in self.files)
        )

    def read(self, columns: Sequence[str], condition: Condition) -> pl.DataFrame:
        """The columns of the runs that meet a condition.

        Read a file per core at a time: all at once take several times the memory.
        """

        def some(file: RunsOfFile) -> pl.DataFrame:
            return file.read(columns, condition(file.number))

        with ThreadPoolExecutor(cores()) as pool:
            return pl.concat([*pool.map(some, self.files)])

    def numbered(self, names: pl.DataFrame) -> pl.DataFrame:
        """Names of `ChosenNames` with `who` in place of the project's id and name."""
        project = ["project_id", "project"]
        projects = self.who.select("who", pl.col(project).cast(pl.String))
        return names.join(projects, on=project, nulls_equal=True).drop(project)

    def named(self, found: pl.DataFrame) -> pl.DataFrame:
        """What was found, with the columns of `WHO` again."""
        return found.join(self.who, on="who", how="left").drop("who")
