"""What is kept of job runs, on a cluster: facts → a Spark frame with the columns of `read_runs`.

Facts are Parquet files beside the parts (`usage.kept_facts`), on a path that the workers share.
This machine looks through them and checks their checksums; the workers read their rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Final
from urllib.parse import quote

import polars as pl
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sql

from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import UNKNOWN_USER, credit_types_of
from circleci_usage.usage.cache import cache_beside
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.kept_facts import KeptFacts, kept_facts_of
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.polars.compact_runs import AMOUNTS, RunsFile
from circleci_usage.usage.polars.facts import Facts, contents_of_units
from circleci_usage.usage.repeats import Content, are_apart, origins_of, strays
from circleci_usage.usage.spark.amounts import NUMBER, plus, zero
from circleci_usage.usage.spark.input_files import ClusterPart, shared_parts
from circleci_usage.usage.units import Unit, first_parts, units_of

_HASHES: Final = ("pipeline", "workflow_run", "job_id")
_RUNS_FILE: Final = r"([0-9a-f]{64})/(?:runs|places)-(\d+)\.parquet$"
_OF_FILE: Final = {"unit": 1, "number": 2}
"""What the path of a file says: the folder of its unit, and which of its files it is."""


@dataclass(frozen=True)
class KeptRuns:
    """The job runs of facts.

    Attributes:
        units: what was read as one.
        facts: what each of them says.
    """

    units: tuple[Unit, ...]
    facts: tuple[Facts, ...]

    @property
    def files(self) -> tuple[RunsFile, ...]:
        """The files of all units."""
        return tuple(file for facts in self.facts for file in facts.files)

    @property
    def rows(self) -> int:
        """How many job runs there are."""
        return sum(file.rows for file in self.files)

    @property
    def contents(self) -> Mapping[int, Content]:
        """What is in each part that has rows, numbered through all units."""
        return contents_of_units(self.facts, first_parts(self.units))


def kept_runs(parts: Sequence[Part]) -> KeptRuns | None:
    """What is kept of the job runs of parts; None unless those of all parts are."""
    origins = origins_of(parts)
    identified = not are_apart(origins)
    kept = _kept(parts, identified=identified)
    if kept and not identified and strays(origins, kept.contents):
        return _kept(parts, identified=True)
    return kept


def _kept(parts: Sequence[Part], *, identified: bool) -> KeptRuns | None:
    units = units_of(parts, identified=identified)
    facts = kept_facts_of(units)
    known = tuple(each for each in facts if each)
    return KeptRuns(units, known) if len(known) == len(units) else None


def read_missing(parts: Sequence[Part], patterns: NamePatterns) -> bool:
    """Read here, and keep, what is not kept yet, where that is the smaller part.

    Facts have hashes of ids, the rows have ids, so a cluster cannot count both together; and one
    machine reads a file sooner than a small cluster does. Files that are gone leave no choice.

    Returns:
        Whether it was done.

    Raises:
        DataError: a file is damaged.
        UnfinishedError: the disk is full.
    """
    units = units_of(parts, identified=not are_apart(origins_of(parts)))
    kept = kept_facts_of(units)
    missing = [unit for unit, facts in zip(units, kept, strict=True) if facts is None]
    gone = [part for part in parts if part.is_gone]
    if not gone and 2 * _size(missing) > _size(units):
        return False
    with working_folder() as working:
        home = KeptFacts(cache_beside(parts), working)
        for unit in missing:
            home.of(unit, patterns)
    return True


def _size(units: Sequence[Unit]) -> int:
    return sum(part.size for unit in units for part in shared_parts(unit.parts))


def read_kept(spark: SparkSession, kept: KeptRuns, parts: Sequence[ClusterPart]) -> DataFrame:
    """The job runs of facts: the columns of `job_runs.read_runs`, ids hashed.

    `file` is the URL of the part that a run is from, as Spark would write it.

    Args:
        spark: the session.
        kept: the facts.
        parts: the parts of all units, in their order.
    """
    frames = [_typed(spark, files) for files in _of_one_shape(kept.files)]
    runs = reduce(partial(DataFrame.unionByName, allowMissingColumns=True), frames)
    places = _scanned(spark, [f"file://{file.places}" for file in kept.files])
    named = runs.join(places, ["unit", "number", "place"], "left")
    of_part = sql.broadcast(_files(spark, kept, parts))
    return named.join(of_part, ["unit", "part"], "left").drop("unit", "number", "place", "part")


def _of_one_shape(files: Sequence[RunsFile]) -> list[list[RunsFile]]:
    """Files with the same columns and types, to be read together."""
    shapes: dict[tuple[object, ...], list[RunsFile]] = {}
    for file in files:
        shape = (file.is_whole, *pl.read_parquet_schema(file.runs))
        shapes.setdefault(shape, []).append(file)
    return [*shapes.values()]


def _scanned(spark: SparkSession, urls: Sequence[str]) -> DataFrame:
    path = sql.input_file_name()
    of_file = {
        name: sql.regexp_extract(path, _RUNS_FILE, group) for name, group in _OF_FILE.items()
    }
    return spark.read.parquet(*urls).withColumns(of_file)


def _typed(spark: SparkSession, files: Sequence[RunsFile]) -> DataFrame:
    """The job runs of files of one shape, with `unit`, `number`, `place` and `part`."""
    runs = _scanned(spark, [f"file://{file.runs}" for file in files])
    amounts = [name for name in runs.columns if name.endswith(AMOUNTS)]
    typed = {name: sql.col(name).cast(NUMBER) for name in (*amounts, "job_seconds")}
    hashes = {name: _signed(name) for name in _HASHES if name in runs.columns}
    added = {name: value for name, value in _absent().items() if name not in runs.columns}
    runs = runs.withColumns(typed | hashes | added)
    credits = (f"{kind}_credits" for kind in credit_types_of(runs.columns))
    of_types = (sql.coalesce(sql.col(name), zero()) for name in credits)
    return runs.withColumns(
        {
            "total_credits": reduce(plus, of_types).cast(NUMBER),
            "seconds": sql.col("job_seconds").cast("float"),
            # Whoever kept the rows has looked for escape signs.
            "escaped": sql.lit(0),
        }
    )


def _signed(name: str) -> Column:
    """A hash of 64 bits, which Spark reads as a decimal, as a number with a sign: for its speed."""
    return sql.expr(f"CAST({name} - {2**63}BD AS BIGINT)")


def _absent() -> dict[str, Column]:
    """What stands for the columns that some facts lack: ids of runs, and what came later."""
    nothing = sql.lit(None)
    return {
        "user": sql.lit(UNKNOWN_USER),
        "unregistered": nothing.cast("string"),
        "pipeline_number": nothing.cast("bigint"),
        "job_id": nothing.cast("bigint"),
        "row": nothing.cast("bigint"),
    }


def _files(spark: SparkSession, kept: KeptRuns, parts: Sequence[ClusterPart]) -> DataFrame:
    """The URL of each part, by the folder of its unit and its number there."""
    urls = iter(parts)
    rows = [
        (facts.files[0].runs.parent.name, number, quote(next(urls).url))
        for unit, facts in zip(kept.units, kept.facts, strict=True)
        for number, _ in enumerate(unit.parts)
    ]
    return spark.createDataFrame(rows, "unit string, part bigint, file string")
