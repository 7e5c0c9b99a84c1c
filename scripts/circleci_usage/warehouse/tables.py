"""The tables of the warehouse: names, columns, types, meanings; said once for all destinations."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from circleci_usage.schema.dimensions import DIMENSIONS, Place
from circleci_usage.schema.export_columns import CREDIT_COLUMNS, EXPORT_COLUMNS, TOTAL_CREDITS
from circleci_usage.schema.keys import JobKey, WorkflowKey

SCHEMA_VERSION: Final = 1
"""Raised when a table, a column, its type or its meaning changes."""

EXACT_DIGITS: Final = 38
EXACT_DECIMALS: Final = 18
"""Exact amounts are decimals of this width in every destination."""


class Type(Enum):
    """The type of a column; each destination has its own word for it."""

    TEXT = "text"
    UUID = "UUID"
    DAY = "day"
    MOMENT = "timestamp with time zone"
    EXACT = "exact decimal"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "yes or no"


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    type: Type
    meaning: str


@dataclass(frozen=True)
class WarehouseTable:
    """A table.

    Attributes:
        name: as in SQL, and of its folder among Parquet files.
        meaning: what a row is.
        columns: in their order.
        day: the column with the UTC day of a row; None where rows have no day.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    day: str | None = None


_UUIDS: Final = frozenset(name for name in EXPORT_COLUMNS if name.endswith("_ID"))
_FLAGS: Final = frozenset({"IS_UNREGISTERED_USER", "IS_WORKFLOW_SUCCESSFUL"})
_DAYS: Final = frozenset({"ORGANIZATION_CREATED_DATE", "PROJECT_CREATED_DATE", "JOB_RUN_DATE"})
_INTEGERS: Final = frozenset({"PIPELINE_NUMBER", "JOB_RUN_NUMBER", "PARALLELISM"})
_AMOUNTS: Final = frozenset({*CREDIT_COLUMNS.values(), TOTAL_CREDITS, "JOB_RUN_SECONDS"})


def _export_type(name: str) -> Type:
    of_names = {Type.UUID: _UUIDS, Type.FLAG: _FLAGS, Type.DAY: _DAYS, Type.INTEGER: _INTEGERS}
    known = next((kind for kind, names in of_names.items() if name in names), None)
    if known:
        return known
    if name.endswith("_AT"):
        return Type.MOMENT
    if name in _AMOUNTS:
        return Type.EXACT
    return Type.NUMBER if name.endswith("_PCT") else Type.TEXT


def _dimension_columns(names: Iterable[str]) -> tuple[Column, ...]:
    known = {dimension.name: dimension for dimension in DIMENSIONS}
    return tuple(Column(name, _dimension_type(name), known[name].meaning) for name in names)


def _dimension_type(name: str) -> Type:
    if name == "date":
        return Type.DAY
    return Type.UUID if name.endswith("_id") else Type.TEXT


_COST_DIMENSIONS: Final = (
    "date",
    *(each.name for each in DIMENSIONS if Place.CUBE in each.places and each.name != "date"),
)

JOB_RUNS: Final = WarehouseTable(
    "job_runs",
    "A job run, with all columns of the export. Each job run is there once.",
    (
        *(Column(name.lower(), _export_type(name), "") for name in EXPORT_COLUMNS),
        Column("export_window", Type.TEXT, "Days of the export that the row is from, or the file."),
        Column("export_job", Type.TEXT, "CircleCI's id of the export job."),
    ),
    day="job_run_date",
)

DAILY_COSTS: Final = WarehouseTable(
    "daily_costs",
    "What the job runs of a day cost, by the dimensions of the report. Sums to its totals.",
    (
        *_dimension_columns(_COST_DIMENSIONS),
        Column("credits", Type.EXACT, "Credits used."),
        Column("free_credits", Type.EXACT, "Credits covered by included credits or free seats."),
        Column("unpriced_credits", Type.EXACT, "Credits whose price is not known."),
        Column("list_cost", Type.EXACT, "Cost at the list price."),
        Column("contracted_cost", Type.EXACT, "Cost at the contract price."),
        Column("cost", Type.EXACT, "What is charged, after included credits."),
        Column("currency", Type.TEXT, "Currency of the amounts."),
        Column("job_runs", Type.INTEGER, "Job runs that used such credits."),
    ),
    day="date",
)

_OUTCOME_COLUMNS: Final = (
    Column("runs", Type.INTEGER, "Runs that ended on this day."),
    Column("succeeded", Type.INTEGER, "Of these, successful ones."),
    Column("failed", Type.INTEGER, "Of these, failed ones."),
    Column("canceled", Type.INTEGER, "Of these, canceled ones."),
    Column("runs_with_seconds", Type.INTEGER, "Runs whose duration is known."),
    Column("p50_seconds", Type.NUMBER, "Median duration."),
    Column("p95_seconds", Type.NUMBER, "95th percentile of the durations."),
)

WORKFLOW_DAYS: Final = WarehouseTable(
    "workflow_days",
    "How the runs of a workflow went on a day, by branch group.",
    (*_dimension_columns(("date", *WorkflowKey._fields, "branch_group")), *_OUTCOME_COLUMNS),
    day="date",
)

JOB_DAYS: Final = WarehouseTable(
    "job_days",
    "How the runs of a job went on a day.",
    (
        *_dimension_columns(("date", *JobKey._fields)),
        *_OUTCOME_COLUMNS,
        Column("runs_with_queued", Type.INTEGER, "Runs whose queue time is known."),
        Column("p50_queued", Type.NUMBER, "Median queue time in seconds."),
        Column("p95_queued", Type.NUMBER, "95th percentile of the queue times in seconds."),
        Column("median_cpu", Type.NUMBER, "Median of the runs' median CPU utilization, percent."),
        Column("max_cpu", Type.NUMBER, "Maximum CPU utilization, percent."),
        Column("median_ram", Type.NUMBER, "Median of the runs' median RAM utilization, percent."),
        Column("max_ram", Type.NUMBER, "Maximum RAM utilization, percent."),
    ),
    day="date",
)
