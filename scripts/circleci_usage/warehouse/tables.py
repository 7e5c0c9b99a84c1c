"""The tables of the warehouse: names, columns, types, meanings; said once for all destinations."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import DIMENSIONS
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
        Column("export_window", Type.TEXT, "Days of the export; null for files of no store."),
        Column("export_job", Type.TEXT, "Id of the export job; null for files of no store."),
    ),
    day="job_run_date",
)

DAILY_COSTS: Final = WarehouseTable(
    "daily_costs",
    "What the job runs of a day cost, by the dimensions of the report. Sums to its totals.",
    (
        *_dimension_columns(_COST_DIMENSIONS),
        Column(
            "tags",
            Type.TEXT,
            'Tags of the settings file as a JSON object, such as {"product": "checkout"}; without'
            " those that have no value here.",
        ),
        Column("is_shared", Type.FLAG, "Whether this is the team's share of shared costs."),
        Column("credits", Type.EXACT, "Credits used."),
        Column("free_credits", Type.EXACT, "Credits covered by included credits or free seats."),
        Column("unpriced_credits", Type.EXACT, "Credits whose price is not known."),
        Column("list_cost", Type.EXACT, "Cost at the list price; null where it is not known."),
        Column("contracted_cost", Type.EXACT, "Cost at the contract price; null likewise."),
        Column("cost", Type.EXACT, "What is charged, after included credits; null likewise."),
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

PRICES: Final = WarehouseTable(
    "prices",
    "The prices of a credit, as of the last load.",
    (
        Column("first_day", Type.DAY, "First day of the price; null from the beginning."),
        Column("last_day", Type.DAY, "Last day of the price; null without an end."),
        Column("credit_type", Type.TEXT, "Credit type; null for all without a price of their own."),
        Column("price", Type.EXACT, "Contract price of a credit."),
        Column("list_price", Type.EXACT, "List price of a credit; null where none is set."),
        Column("currency", Type.TEXT, "Currency of the prices."),
        Column("plan", Type.TEXT, "Plan; `default` for what no plan of the settings file has."),
    ),
)

TEAMS: Final = WarehouseTable(
    "teams",
    "What the settings file says of a team, a line each, as of the last load.",
    (
        Column("team", Type.TEXT, "Team."),
        Column("rule", Type.INTEGER, "Place of the rule; the first that matches wins; null: tag."),
        Column("kind", Type.TEXT, "`project`, `job` or `branch`: a glob of the rule; or `tag`."),
        Column("name", Type.TEXT, "Name of the tag, such as `cost_center`; null for globs."),
        Column("value", Type.TEXT, "The glob, or the team's value of the tag."),
    ),
)

BUDGETS: Final = WarehouseTable(
    "budgets",
    "The budgets of the settings file for the cost of everything or of a team, by month or billing"
    " cycle, as of the last load. Reports have the others too.",
    (
        Column("name", Type.TEXT, "Name of the budget."),
        Column("team", Type.TEXT, "Team; null for the cost of all teams."),
        Column("per", Type.TEXT, "`month` (calendar month) or `cycle` (billing cycle)."),
        Column("currency", Type.TEXT, "Currency of the amount."),
        Column("amount", Type.EXACT, "Limit on the cost."),
        Column("cycle_day", Type.INTEGER, "First day of billing cycles; null per month."),
    ),
)

LOADS: Final = WarehouseTable(
    "loads",
    "What was loaded, so that the same rows are not loaded again.",
    (
        Column("name", Type.TEXT, "What was loaded: rows of a window or files, or costs."),
        Column("first_day", Type.DAY, "Its first day; null for rows without a day."),
        Column("last_day", Type.DAY, "Its last day; null for rows without a day."),
        Column("organizations", Type.TEXT, "Ids of its organizations, with commas; empty: all."),
        Column("fingerprint", Type.TEXT, "The same fingerprint means the same rows."),
        Column("rows", Type.INTEGER, "How many rows."),
    ),
)

BY_DAY: Final = (JOB_RUNS, DAILY_COSTS, WORKFLOW_DAYS, JOB_DAYS)
"""The tables whose days are replaced."""

SMALL_TABLES: Final = (PRICES, TEAMS, BUDGETS)
"""The tables that are replaced as a whole."""

TABLES: Final = (*BY_DAY, *SMALL_TABLES, LOADS)
"""All tables."""
