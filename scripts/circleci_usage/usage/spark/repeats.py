"""Rows that repeat a job run, found on a cluster; `usage.repeats` says which of them count."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sql

from circleci_usage.usage.repeats import Content, Origin, Repeated, standings
from circleci_usage.usage.spark.input_files import ClusterPart


def origins_of(parts: Sequence[ClusterPart]) -> tuple[Origin, ...]:
    """As `usage.repeats.origins_of`; the paths are URLs, as people write them."""
    return tuple(Origin(_plain(part.original), part.modified, part.recorded) for part in parts)


def contents_of(
    runs: DataFrame, parts: Sequence[ClusterPart]
) -> tuple[dict[int, Content], dict[int, str]]:
    """As `polars.repeats.contents_of`, and each file's URL as Spark writes it."""
    by_file = runs.groupBy("file").agg(
        sql.count("*").alias("rows"), sql.min("date").alias("first"), sql.max("date").alias("last")
    )
    numbers = {_plain(part.url): number for number, part in enumerate(parts)}
    found = sorted((numbers[_plain(unquote(row.file))], row) for row in by_file.collect())
    contents = {number: Content(row.rows, row.first, row.last) for number, row in found}
    return contents, {number: row.file for number, row in found}


def has_repeats(runs: DataFrame) -> bool:
    """Whether a job run has several rows."""
    ids = runs.filter("job_id IS NOT NULL").groupBy("job_id").count()
    return not ids.filter("count > 1").isEmpty()


def ranked(
    runs: DataFrame,
    origins: Sequence[Origin],
    contents: Mapping[int, Content],
    files: Mapping[int, str],
) -> DataFrame:
    """With `part`, `counts` (whether the row counts) and `kept` (the part whose row does)."""
    rows = [
        (files[number], number, each.since, each.until, each.place)
        for number, each in standings(origins, contents).items()
    ]
    columns = "file string, part int, since string, until string, place int"
    table = runs.sparkSession.createDataFrame(rows, columns)
    is_complete = sql.expr("coalesce(date >= since AND date < until, false)")
    latest = Window.partitionBy("job_id").orderBy(
        is_complete.desc(), sql.desc("place"), sql.desc("row")
    )
    with_place = runs.join(sql.broadcast(table), "file")
    identified = with_place.filter("job_id IS NOT NULL").withColumns(
        {"counts": sql.row_number().over(latest) == 1, "kept": sql.first("part").over(latest)}
    )
    others = with_place.filter("job_id IS NULL").withColumns(
        {"counts": sql.expr("true"), "kept": sql.col("part")}
    )
    return identified.unionByName(others)


def repeated(runs: DataFrame) -> tuple[Repeated, ...]:
    """How many of the ranked runs do not count, by file."""
    pairs = (
        runs.filter("NOT counts").groupBy("part", "kept").count().orderBy("part", "kept").collect()
    )
    return tuple(Repeated(pair.part, pair.kept, pair["count"]) for pair in pairs)


def _plain(url: str) -> str:
    """One spelling of a URL: Spark has several of `file:`."""
    return re.sub("^file:/+", "/", url)
