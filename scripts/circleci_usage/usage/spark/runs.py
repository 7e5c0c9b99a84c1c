"""Parts → job runs on a cluster: Spark's frame with the columns that `usage.runs` writes aside here."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sql
from pyspark.sql.types import StringType, StructType

from circleci_usage.columns import (
    BRANCH_GROUP,
    CREDIT_COLUMNS,
    NO_NAME,
    NULL_MARKS,
    OTHER,
    OTHER_BRANCHES,
    TOTAL_CREDITS,
)
from circleci_usage.money.globs import glob_regex
from circleci_usage.usage.runs import DAY_LENGTH, SECONDS_LENGTH
from circleci_usage.usage.scan import DETAILS, IDENTITIES, NAMES
from circleci_usage.usage.spark.parts import ClusterPart

NUMBER: Final = "decimal(38,18)"
"""As `scan.NUMBER`."""

CSV: Final[Mapping[str, Any]] = {
    "header": True,
    # Texts may hold line ends, and doubled quotes rather than escaped ones.
    "multiLine": True,
    "escape": '"',
    "encoding": "UTF-8",
    # All columns are looked at, so that a row which is too short or too long ends the reading.
    "mode": "FAILFAST",
    "columnPruning": False,
}

DAMAGE: Final = "damage in "
"""Stands in Spark's message before the file, the column and the text that is no number."""

_SHOWN: Final = 40


def read_runs(spark: SparkSession, parts: Sequence[ClusterPart], branch_globs: Sequence[str]) -> DataFrame:
    """The job runs of all parts: the columns of `usage.runs.write_runs`, with the ids of pipelines as they are."""
    headers: dict[tuple[str, ...], list[str]] = {}
    for part in parts:
        headers.setdefault(part.columns, []).append(part.url)
    frames = [_read_alike(spark, columns, urls, branch_globs) for columns, urls in headers.items()]
    return reduce(DataFrame.unionByName, frames)


def unless_identified(runs: DataFrame) -> DataFrame:
    """As `usage.runs.unless_identified`."""
    return runs.withColumns(
        {name: sql.when(sql.col(identity).isNull(), sql.col(name)) for name, identity in IDENTITIES.items()}
    )


def _read_alike(
    spark: SparkSession, columns: tuple[str, ...], urls: Sequence[str], branch_globs: Sequence[str]
) -> DataFrame:
    schema = StructType()
    for column in columns:
        schema.add(column, StringType())
    rows = spark.read.options(**CSV).schema(schema).csv(list(urls))

    def text(column: str) -> Column:
        if column not in columns:
            return sql.lit(None).cast("string")
        there = sql.col(column)
        return sql.when(~there.isin(*NULL_MARKS), there)

    def number(column: str) -> Column:
        there = text(column)
        return sql.coalesce(there.try_cast(NUMBER), sql.when(there.isNotNull(), _no_number(column, there).cast(NUMBER)))

    zero = sql.lit(0).cast(NUMBER)
    types = {f"{kind}_credits": sql.coalesce(number(column), zero) for kind, column in CREDIT_COLUMNS.items()}
    of_types = reduce(_plus, types.values())
    total = sql.coalesce(number(TOTAL_CREDITS), of_types)
    seconds = sql.coalesce(number("JOB_RUN_SECONDS"), zero)
    credits = {**types, f"{OTHER}_credits": (total - of_types).cast(NUMBER)}
    details = {name: text(column) for name, column in DETAILS.items()}
    return rows.select(
        sql.substring(text(NAMES["date"]), 1, DAY_LENGTH).alias("date"),
        *(text(column).alias(name) for name, column in NAMES.items() if name != "date"),
        _groups_of(text(NAMES["branch"]), branch_globs).alias(BRANCH_GROUP),
        seconds.alias("job_seconds"),
        seconds.cast("float").alias("seconds"),
        total.alias("total_credits"),
        sql.lit(0).alias("torn"),
        *(sql.when(amount != 0, amount).alias(name) for name, amount in credits.items()),
        _seconds_between(details["queued_at"], details["started_at"]).alias("queued"),
        _seconds_between(details["workflow_started_at"], details["workflow_stopped_at"]).alias("workflow_seconds"),
        (sql.lower(details["workflow_successful"]) == "true").alias("workflow_successful"),
        details["pipeline_id"].alias("pipeline"),
        details["workflow_id"].alias("workflow_run"),
        sql.coalesce(details["run_number"].try_cast("bigint"), _milliseconds(details["started_at"])).alias("order"),
        *(details[name].try_cast("float").alias(name) for name in ("cpu", "ram", "median_cpu")),
        details["containers"].try_cast("int").alias("containers"),
    )


def _no_number(column: str, text: Column) -> Column:
    """Ends the reading with what a person should know."""
    shown = sql.translate(sql.substring(text, 1, _SHOWN), "\r\n", "  ")
    return sql.raise_error(sql.concat(sql.lit(DAMAGE), sql.input_file_name(), sql.lit(f": {column} is '"), shown))


def _plus(one: Column, other: Column) -> Column:
    # Spark would widen each sum by a digit, until decimals are lost.
    return (one + other).cast(NUMBER)


def _milliseconds(text: Column) -> Column:
    """A moment as milliseconds since 1970; the session's time zone is UTC."""
    whole = sql.try_to_timestamp(sql.substring(text, 1, SECONDS_LENGTH), sql.lit("yyyy-MM-dd HH:mm:ss"))
    fraction = sql.substring(text, SECONDS_LENGTH + 2, 3).try_cast("bigint")
    return sql.unix_millis(whole) + sql.coalesce(fraction, sql.lit(0))


def _seconds_between(first: Column, last: Column) -> Column:
    return ((_milliseconds(last) - _milliseconds(first)) / sql.lit(1000.0)).cast("float")


def _groups_of(branch: Column, globs: Sequence[str]) -> Column:
    shown = sql.coalesce(branch, sql.lit(NO_NAME))
    matching = [sql.when(shown.rlike(rf"\A{glob_regex(glob)}\z"), sql.lit(glob)) for glob in globs]
    groups = sql.concat_ws("\n", *matching) if matching else sql.lit("")
    no_group = sql.when(branch.isNull(), sql.lit(NO_NAME)).otherwise(sql.lit(OTHER_BRANCHES))
    return sql.when(groups == "", no_group).otherwise(groups)
