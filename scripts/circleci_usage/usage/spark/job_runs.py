"""Parts → job runs on a cluster: a Spark frame with the columns of `usage.polars.job_runs`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sql
from pyspark.sql.types import StringType, StructType

from circleci_usage.schema.dimensions import EXPORT_NAMES, KEY_IDENTITIES
from circleci_usage.schema.export_columns import (
    CREDIT_COLUMNS,
    EXPORT_COLUMNS,
    NULL_MARKS,
    OTHER,
    TOTAL_CREDITS,
    new_credit_columns,
)
from circleci_usage.usage.input_files import ROW_LIMIT
from circleci_usage.usage.job_run_rules import (
    DAY_LENGTH,
    DETAILS,
    IDENTITY,
    IS_NUMBER,
    LONGEST_RUN,
    MOST_USE,
    SECONDS,
    SECONDS_LENGTH,
    USES,
)
from circleci_usage.usage.new_credits import NewCredits
from circleci_usage.usage.spark.amounts import (
    NUMBER,
    choice_of,
    is_rounded,
    minus,
    new_credits,
    no_number,
    plus,
    zero,
)
from circleci_usage.usage.spark.input_files import ClusterPart

CSV: Final[Mapping[str, Any]] = {
    "header": True,
    # Texts may hold line ends, and doubled quotes rather than escaped ones.
    "multiLine": True,
    "escape": '"',
    "encoding": "UTF-8",
    # All columns are read, so that a row that is too short or too long ends the reading.
    "mode": "FAILFAST",
    "columnPruning": False,
    # An unclosed quote ends here, not when the rest of the file is in memory.
    "maxCharsPerColumn": ROW_LIMIT,
}

ESCAPED_QUOTE: Final = '\\"'
"""Spark leaves it in a text because it does not know this escape sign."""

_PARSED: Final = "the amount "
_TOTAL: Final = "the total"
_REST: Final = "the rest"
_CHOICE: Final = "the choice"


@dataclass(frozen=True)
class _Header:
    """How rows with the same columns are read.

    Attributes:
        columns: those of the file.
        new: new credit type → its column, of all files.
    """

    columns: tuple[str, ...]
    new: Mapping[str, str]

    @property
    def schema(self) -> StructType:
        schema = StructType()
        for column in self.columns:
            schema.add(column, StringType())
        return schema

    def here(self, columns: Iterable[str]) -> list[str]:
        """Those of some columns that the file has."""
        return [column for column in columns if column in self.columns]

    def text(self, column: str) -> Column:
        """A column as text; null where the file does not have it."""
        if column not in self.columns:
            return sql.lit(None).cast("string")
        there = sql.col(column)
        return sql.when(~there.isin(*NULL_MARKS), there)

    def number(self, column: str) -> Column:
        """A column as an amount; another text ends the reading."""
        there = self.text(column)
        # Spark knows the digits of all scripts; only ASCII ones are numbers here.
        is_ascii = sql.length(there) == sql.octet_length(there)
        parsed = sql.when(is_ascii & ~is_rounded(there), there.try_cast(NUMBER))
        if column == SECONDS:
            parsed = sql.when(sql.abs(parsed) < LONGEST_RUN, parsed)
        damage = sql.when(there.isNotNull(), no_number(column, there).cast(NUMBER))
        return sql.coalesce(parsed, damage)

    def credits_of(self, column: str) -> Column:
        """An amount of `_with_amounts`, zero where there is none."""
        if column not in self.columns:
            return zero()
        return sql.coalesce(sql.col(_PARSED + column), zero())


def read_runs(spark: SparkSession, parts: Sequence[ClusterPart]) -> DataFrame:
    """The job runs of all parts: the columns of `polars.job_runs.typed_runs`, ids not hashed.

    `job_id` is null where there is none, `file` the URL as Spark writes it, `row` grows within a
    file.
    """
    new = new_credit_columns(name for part in parts for name in part.columns)
    headers: dict[tuple[str, ...], list[str]] = {}
    for part in parts:
        headers.setdefault(part.columns, []).append(part.url)
    frames = []
    for columns, urls in headers.items():
        header = _Header(columns, new)
        rows = spark.read.options(**CSV).schema(header.schema).csv(urls)
        frames.append(_job_runs(rows, header))
    return reduce(DataFrame.unionByName, frames)


def unless_identified(runs: DataFrame) -> DataFrame:
    """As `polars.job_runs.unless_identified`."""
    return runs.withColumns(
        {
            name: sql.when(sql.col(identity).isNull(), sql.col(name))
            for name, identity in KEY_IDENTITIES.items()
        }
    )


def grouped(runs: DataFrame, groups: Mapping[str, str]) -> DataFrame:
    """As `polars.job_runs.grouped`."""
    if not groups:
        return runs
    pairs = [sql.lit(text) for pair in groups.items() for text in pair]
    group = sql.create_map(*pairs)[sql.col("job")]
    own_pipeline = sql.concat(sql.col("pipeline"), sql.lit("\n"), sql.col("job"))
    return runs.withColumns(
        {
            "job": sql.coalesce(group, sql.col("job")),
            "pipeline": sql.when(group.isNotNull(), own_pipeline).otherwise(
                sql.col("pipeline").cast("string")
            ),
        }
    )


def _job_runs(rows: DataFrame, header: _Header) -> DataFrame:
    """The texts of some files → their job runs.

    Amounts, totals and choices are columns of their own before anything is made of them: Spark
    writes an expression out wherever it is used.
    """
    rows = _with_amounts(rows, header)
    rows = _with_totals(rows, header)
    here = {column: header.credits_of(column) for column in header.here(header.new.values())}
    if here:
        rows = rows.withColumn(_CHOICE, choice_of(here, sql.col(_REST)))
    credits = _credits(header, new_credits(here, sql.col(_CHOICE)))
    return rows.select(
        *_names(header),
        *_measures(header),
        *(sql.when(amount != 0, amount).alias(name) for name, amount in credits.items()),
        *_times(header),
        *_details(header),
        *_origin(header),
    )


def _with_amounts(rows: DataFrame, header: _Header) -> DataFrame:
    """With the numbers of all columns of amounts."""
    known = header.here((*CREDIT_COLUMNS.values(), TOTAL_CREDITS, SECONDS))
    amounts = {column: header.number(column) for column in known}
    for column in header.here(header.new.values()):
        is_number = header.text(column).rlike(IS_NUMBER)
        amounts[column] = sql.when(is_number, header.number(column))
    return rows.withColumns({_PARSED + column: amount for column, amount in amounts.items()})


def _with_totals(rows: DataFrame, header: _Header) -> DataFrame:
    """With the total of each row, and what it has beyond the known credit types."""
    of_types = reduce(plus, map(header.credits_of, CREDIT_COLUMNS.values()))
    total = sql.col(_PARSED + TOTAL_CREDITS)
    return rows.withColumns({_TOTAL: sql.coalesce(total, of_types), _REST: minus(total, of_types)})


def _credits(header: _Header, new: NewCredits[Column]) -> dict[str, Column]:
    """Our columns of credits, those of new types among them; the rest of the total is `OTHER`."""
    credits = {
        f"{kind}_credits": header.credits_of(column) for kind, column in CREDIT_COLUMNS.items()
    }
    for ending, found in new.by_ending().items():
        for kind, column in header.new.items():
            credits[f"{kind}_{ending}"] = found.get(column, zero())
    of_new = reduce(plus, new.included.values(), zero())
    credits[f"{OTHER}_credits"] = minus(sql.coalesce(sql.col(_REST), zero()), of_new)
    return credits


def _names(header: _Header) -> Iterator[Column]:
    for name, column in EXPORT_NAMES.items():
        text = header.text(column)
        if name == "date":
            text = sql.substring(text, 1, DAY_LENGTH)
        # An export may say `True` or `true`.
        yield (sql.lower(text) if name == "unregistered" else text).alias(name)


def _measures(header: _Header) -> Iterator[Column]:
    seconds = header.credits_of(SECONDS)
    yield seconds.alias("job_seconds")
    yield seconds.cast("float").alias("seconds")
    yield sql.col(_TOTAL).alias("total_credits")
    yield _escaped_quotes(header.columns).alias("escaped")


def _times(header: _Header) -> Iterator[Column]:
    times = ("queued_at", "started_at", "workflow_started_at", "workflow_stopped_at")
    queued, started, first, last = (header.text(DETAILS[name]) for name in times)
    yield _seconds_between(queued, started).alias("queued")
    yield _seconds_between(first, last).alias("workflow_seconds")
    yield last.isNotNull().alias("workflow_stopped")
    run_number = header.text(DETAILS["run_number"]).try_cast("bigint")
    yield sql.coalesce(run_number, _milliseconds(started)).alias("order")


def _details(header: _Header) -> Iterator[Column]:
    successful = header.text(DETAILS["workflow_successful"])
    yield (sql.lower(successful) == "true").alias("workflow_successful")
    yield header.text(DETAILS["pipeline_id"]).alias("pipeline")
    yield header.text(DETAILS["workflow_id"]).alias("workflow_run")
    for name in USES:
        yield _use(header.text(DETAILS[name])).alias(name)
    yield header.text(DETAILS["containers"]).try_cast("int").alias("containers")
    yield header.text(DETAILS["pipeline_number"]).try_cast("bigint").alias("pipeline_number")


def _origin(header: _Header) -> Iterator[Column]:
    identity = header.text(IDENTITY)
    yield sql.when(identity != "", identity).alias("job_id")
    yield sql.input_file_name().alias("file")
    yield sql.monotonically_increasing_id().alias("row")


def _escaped_quotes(columns: Sequence[str]) -> Column:
    """Whether unknown columns have escaped quotes, as 1 or 0.

    The texts of known columns are checked once they are summed (`plain.may_be_misread`).
    """
    unknown = [
        sql.col(f"`{name.replace('`', '``')}`") for name in columns if name not in EXPORT_COLUMNS
    ]
    found = reduce(or_, (text.contains(ESCAPED_QUOTE) for text in unknown), sql.lit(False))  # noqa: FBT003
    return sql.when(found, 1).otherwise(0)


def _use(text: Column) -> Column:
    percent = text.try_cast("float")
    return sql.when(percent.between(0.0, MOST_USE), percent)


def _milliseconds(text: Column) -> Column:
    """A moment as milliseconds since 1970; the session's time zone is UTC."""
    whole = sql.try_to_timestamp(
        sql.substring(text, 1, SECONDS_LENGTH), sql.lit("yyyy-MM-dd HH:mm:ss")
    )
    fraction = sql.substring(text, SECONDS_LENGTH + 2, 3).try_cast("bigint")
    return sql.unix_millis(whole) + sql.coalesce(fraction, sql.lit(0))


def _seconds_between(first: Column, last: Column) -> Column:
    return ((_milliseconds(last) - _milliseconds(first)) / sql.lit(1000.0)).cast("float")
