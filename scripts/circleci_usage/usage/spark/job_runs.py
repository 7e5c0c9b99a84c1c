"""Parts → job runs on a cluster: Spark's frame with the columns that `usage.runs` writes aside here."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sql
from pyspark.sql.types import StringType, StructType

from circleci_usage.core.globs import atomic_glob_regex
from circleci_usage.schema.dimensions import EXPORT_NAMES, KEY_IDENTITIES
from circleci_usage.schema.export_columns import (
    BRANCH_GROUP,
    CREDIT_COLUMNS,
    EXPORT_COLUMNS,
    NO_NAME,
    NULL_MARKS,
    OTHER,
    OTHER_BRANCHES,
    TOTAL_CREDITS,
    new_credit_columns,
)
from circleci_usage.usage.input_files import ROW_LIMIT
from circleci_usage.usage.polars.job_runs import DAY_LENGTH, MOST_USE, SECONDS_LENGTH, USES
from circleci_usage.usage.polars.scan import (
    ALL_NEW,
    DETAILS,
    DOUBTFUL,
    IDENTITY,
    IS_NUMBER,
    LONGEST_RUN,
    NO_NEW,
    UNCLEAR,
    combinations_of,
    holding,
    lacking,
)
from circleci_usage.usage.spark.input_files import ClusterPart

NUMBER: Final = "decimal(38,18)"
"""As `scan.NUMBER`."""

_SHORTER: Final = "decimal(37,18)"

CSV: Final[Mapping[str, Any]] = {
    "header": True,
    # Texts may hold line ends, and doubled quotes rather than escaped ones.
    "multiLine": True,
    "escape": '"',
    "encoding": "UTF-8",
    # All columns are looked at, so that a row which is too short or too long ends the reading.
    "mode": "FAILFAST",
    "columnPruning": False,
    # A quote that nobody closed ends here, not when the rest of the file is in memory.
    "maxCharsPerColumn": ROW_LIMIT,
}

DAMAGE: Final = "damage in "
"""Stands in Spark's message before the file, the column and the text that is no number."""

ESCAPED_QUOTE: Final = '\\"'
"""Spark leaves it in a text where it knows no such escape sign."""

_SHOWN: Final = 40
_PARSED: Final = "the amount "
_TOTAL: Final = "the total"
_REST: Final = "the rest"
_CHOICE: Final = "the choice"


def read_runs(
    spark: SparkSession, parts: Sequence[ClusterPart], branch_globs: Sequence[str]
) -> DataFrame:
    """The job runs of all parts: the columns of `usage.runs.write_runs`, with the ids of pipelines as they are.

    `job_id` is null where there is none, `file` the URL as Spark writes it, `row` grows within a file.
    """
    new = new_credit_columns(name for part in parts for name in part.columns)
    headers: dict[tuple[str, ...], list[str]] = {}
    for part in parts:
        headers.setdefault(part.columns, []).append(part.url)
    frames = [
        _read_alike(spark, columns, urls, branch_globs, new) for columns, urls in headers.items()
    ]
    return reduce(DataFrame.unionByName, frames)


def unless_identified(runs: DataFrame) -> DataFrame:
    """As `usage.runs.unless_identified`."""
    return runs.withColumns(
        {
            name: sql.when(sql.col(identity).isNull(), sql.col(name))
            for name, identity in KEY_IDENTITIES.items()
        }
    )


def grouped(runs: DataFrame, groups: Mapping[str, str]) -> DataFrame:
    """As `usage.runs.grouped`."""
    if not groups:
        return runs
    pairs = [sql.lit(text) for pair in groups.items() for text in pair]
    group = sql.create_map(*pairs)[sql.col("job")]
    own_pipeline = sql.concat(sql.col("pipeline"), sql.lit("\n"), sql.col("job"))
    return runs.withColumns(
        {
            "job": sql.coalesce(group, sql.col("job")),
            "pipeline": sql.when(group.isNotNull(), own_pipeline).otherwise(sql.col("pipeline")),
        }
    )


def _read_alike(
    spark: SparkSession,
    columns: tuple[str, ...],
    urls: Sequence[str],
    branch_globs: Sequence[str],
    new: Mapping[str, str],
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
        # Spark knows the digits of all scripts; here they are none.
        is_ascii = sql.length(there) == sql.octet_length(there)
        parsed = sql.when(is_ascii & ~_is_rounded(there), there.try_cast(NUMBER))
        if column == "JOB_RUN_SECONDS":
            parsed = sql.when(sql.abs(parsed) < LONGEST_RUN, parsed)
        return sql.coalesce(
            parsed, sql.when(there.isNotNull(), _no_number(column, there).cast(NUMBER))
        )

    known = (*CREDIT_COLUMNS.values(), TOTAL_CREDITS, "JOB_RUN_SECONDS")
    parsed = {column: number(column) for column in known if column in columns}
    parsed |= {
        column: sql.when(text(column).rlike(IS_NUMBER), number(column)) for column in new.values()
    }
    # Apart from what is made of them: Spark writes an expression out wherever it is used.
    rows = rows.withColumns(
        {_PARSED + column: amount for column, amount in parsed.items() if column in columns}
    )
    zero = sql.lit(0).cast(NUMBER)

    def credits_of(column: str) -> Column:
        return sql.coalesce(sql.col(_PARSED + column), zero) if column in columns else zero

    types = {f"{kind}_credits": credits_of(column) for kind, column in CREDIT_COLUMNS.items()}
    of_types = reduce(_plus, types.values())
    rows = rows.withColumns(
        {
            _TOTAL: sql.coalesce(sql.col(_PARSED + TOTAL_CREDITS), of_types),
            _REST: _minus(sql.col(_PARSED + TOTAL_CREDITS), of_types),
        }
    )
    total, seconds = sql.col(_TOTAL), credits_of("JOB_RUN_SECONDS")
    here = {column: credits_of(column) for column in new.values() if column in columns}
    if here:
        rows = rows.withColumn(_CHOICE, _choice(here, sql.col(_REST)))
    new_credits = _new_credits(here, sql.col(_CHOICE))
    of_new = reduce(_plus, new_credits.included.values(), zero)
    credits = {
        **types,
        **{
            f"{kind}_credits": new_credits.included.get(column, zero)
            for kind, column in new.items()
        },
        **{
            f"{kind}_outside": new_credits.outside.get(column, zero) for kind, column in new.items()
        },
        **{
            f"{kind}_unclear": new_credits.unclear.get(column, zero) for kind, column in new.items()
        },
        f"{OTHER}_credits": _minus(sql.coalesce(sql.col(_REST), zero), of_new),
    }
    details = {name: text(column) for name, column in DETAILS.items()}
    return rows.select(
        sql.substring(text(EXPORT_NAMES["date"]), 1, DAY_LENGTH).alias("date"),
        *(text(column).alias(name) for name, column in EXPORT_NAMES.items() if name != "date"),
        _groups_of(text(EXPORT_NAMES["branch"]), branch_globs).alias(BRANCH_GROUP),
        seconds.alias("job_seconds"),
        seconds.cast("float").alias("seconds"),
        total.alias("total_credits"),
        _escaped_quotes(columns).alias("escaped"),
        *(sql.when(amount != 0, amount).alias(name) for name, amount in credits.items()),
        _seconds_between(details["queued_at"], details["started_at"]).alias("queued"),
        _seconds_between(details["workflow_started_at"], details["workflow_stopped_at"]).alias(
            "workflow_seconds"
        ),
        details["workflow_stopped_at"].isNotNull().alias("workflow_stopped"),
        (sql.lower(details["workflow_successful"]) == "true").alias("workflow_successful"),
        details["pipeline_id"].alias("pipeline"),
        details["workflow_id"].alias("workflow_run"),
        sql.coalesce(
            details["run_number"].try_cast("bigint"), _milliseconds(details["started_at"])
        ).alias("order"),
        *(_use(details[name]).alias(name) for name in USES),
        details["containers"].try_cast("int").alias("containers"),
        sql.when(text(IDENTITY) != "", text(IDENTITY)).alias("job_id"),
        sql.input_file_name().alias("file"),
        sql.monotonically_increasing_id().alias("row"),
    )


def _escaped_quotes(columns: Sequence[str]) -> Column:
    """Whether columns that nobody knows have such, as 1 or 0: texts that are shown are looked at when summed up."""
    unknown = [
        sql.col(f"`{name.replace('`', '``')}`") for name in columns if name not in EXPORT_COLUMNS
    ]
    found = reduce(or_, (text.contains(ESCAPED_QUOTE) for text in unknown), sql.lit(False))  # noqa: FBT003
    return sql.when(found, 1).otherwise(0)


def _is_rounded(text: Column) -> Column:
    """Whether an amount has decimals that `NUMBER` does not hold."""
    # Ten more decimals hold every amount that differs; what has even more is refused, too.
    exact = text.try_cast("decimal(38,28)")
    differs = sql.coalesce(exact != text.try_cast(NUMBER).cast("decimal(38,28)"), sql.lit(1) == 1)
    is_long = text.rlike(r"\.\d{29}|[eE]-0*(19|[2-9]\d|\d{3})")
    return sql.coalesce(text.rlike(DOUBTFUL) & (differs | is_long), sql.lit(1) == 0)


def _choice(credits: Mapping[str, Column], rest: Column) -> Column:
    """As in `usage.scan`: the number of the combination of new columns that a total includes, or what stands for it."""
    choice = sql.when(rest == 0, sql.lit(NO_NEW))
    for number, combination in enumerate(combinations_of([*credits])):
        choice = choice.when(
            rest == reduce(_plus, (credits[column] for column in combination)), sql.lit(number)
        )
    of_all = reduce(_plus, credits.values())
    return choice.when((rest > of_all) & (of_all > 0), sql.lit(ALL_NEW)).otherwise(sql.lit(UNCLEAR))


class _NewCredits(NamedTuple):
    """As in `usage.scan`: the credits that the total of their row includes, those that it does not, or perhaps."""

    included: dict[str, Column]
    outside: dict[str, Column]
    unclear: dict[str, Column]


def _new_credits(credits: Mapping[str, Column], choice: Column) -> _NewCredits:
    tried = combinations_of([*credits])
    zero = sql.lit(0).cast(NUMBER)

    def credits_where(column: str, chosen: Sequence[int]) -> Column:
        return sql.when(choice.isin([*chosen]), credits[column]).otherwise(zero)

    return _NewCredits(
        included={column: credits_where(column, holding(column, tried)) for column in credits},
        outside={column: credits_where(column, lacking(column, tried)) for column in credits},
        unclear={column: credits_where(column, [UNCLEAR]) for column in credits},
    )


def _no_number(column: str, text: Column) -> Column:
    """Ends the reading with what a person should know."""
    shown = sql.translate(sql.substring(text, 1, _SHOWN), "\r\n", "  ")
    return sql.raise_error(
        sql.concat(sql.lit(DAMAGE), sql.input_file_name(), sql.lit(f": {column} is '"), shown)
    )


def _plus(one: Column, other: Column) -> Column:
    # Spark makes a sum one digit longer, and takes that from the decimals where there is no room for it.
    return one.cast(_SHORTER) + other.cast(_SHORTER)


def _minus(one: Column, other: Column) -> Column:
    return one.cast(_SHORTER) - other.cast(_SHORTER)


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


def _groups_of(branch: Column, globs: Sequence[str]) -> Column:
    shown = sql.coalesce(branch, sql.lit(NO_NAME))
    matching = [
        sql.when(shown.rlike(rf"\A{atomic_glob_regex(glob)}\z"), sql.lit(glob)) for glob in globs
    ]
    groups = sql.concat_ws("\n", *matching) if matching else sql.lit("")
    no_group = sql.when(branch.isNull(), sql.lit(NO_NAME)).otherwise(sql.lit(OTHER_BRANCHES))
    return sql.when(groups == "", no_group).otherwise(groups)
