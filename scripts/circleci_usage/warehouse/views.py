"""SQL views for the questions of the report; PostgreSQL and DuckDB run the same text.

Amounts stay exact: sums and differences only, no ratios. A view of costs leaves out no row that it
is about, whatever is NULL in it, so its sums are the report's. No view reads another, so they can
be made and dropped in any order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Final

from circleci_usage.warehouse.tables import BUDGETS, DAILY_COSTS, WORKFLOW_DAYS, Column, Type


@dataclass(frozen=True)
class View:
    """A view.

    Attributes:
        name: as in SQL.
        meaning: what a row is.
        columns: in their order.
        keys: the dimensions of a view with the costs of each month; other views have none, and
            their query in a file of their name in `warehouse/sql/`.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """Its query."""
        return _costs_by(self.keys) if self.keys else _query(self.name)


def _query(name: str) -> str:
    folder = files("circleci_usage.warehouse") / "sql"
    return (folder / f"{name}.sql").read_text(encoding="utf-8").strip()


def _costs_by(keys: tuple[str, ...]) -> str:
    sums = ",\n    ".join(f"SUM({name}) AS {name}" for name in _AMOUNTS)
    # The month and the currency are grouped by as well.
    places = ", ".join(str(number + 1) for number in range(len(keys) + 2))
    query = Template(_query("costs_by_month"))
    return query.substitute(keys=", ".join(keys), sums=sums, places=places)


_MONTH: Final = Column("month", Type.DAY, "First day of the calendar month (UTC).")
_ORGANIZATION: Final = ("organization_id", "organization")
_PROJECT: Final = (*_ORGANIZATION, "project_id", "project")
_JOB: Final = (*_PROJECT, "workflow", "job")
_MACHINE: Final = ("operating_system", "executor", "resource_class")
_AMOUNTS: Final = tuple(column.name for column in DAILY_COSTS.columns if column.type is Type.EXACT)
_OUTCOMES: Final = ("runs", "succeeded", "failed", "canceled")
_KNOWN: Final = {column.name: column for column in (*WORKFLOW_DAYS.columns, *DAILY_COSTS.columns)}


def _known(names: Iterable[str]) -> tuple[Column, ...]:
    """Columns that mean in a view what they mean in a table."""
    return tuple(_KNOWN[name] for name in names)


def _costs_by_month(name: str, meaning: str, keys: tuple[str, ...]) -> View:
    """A view with the amounts of each month, by some dimensions of `daily_costs`."""
    return View(name, meaning, (_MONTH, *_known((*keys, "currency", *_AMOUNTS))), keys)


_COMPUTE_RUNS: Final = Column("compute_runs", Type.INTEGER, "Job runs that used compute credits.")

_TOP_JOBS: Final = View(
    "top_jobs",
    "What a job cost in a month, and its rank. Charges without a job have a row as well.",
    (
        _MONTH,
        Column("rank", Type.INTEGER, "1 is the most expensive of the month. Ties share a rank."),
        *_known((*_JOB, "currency", "credits", "cost")),
        _COMPUTE_RUNS,
    ),
)

_FAILING_COST: Final = View(
    "failing_cost",
    "What failed and canceled job runs of a job cost in a month.",
    (
        _MONTH,
        *_known((*_JOB, "status", "currency", "credits", "contracted_cost", "cost")),
        _COMPUTE_RUNS,
    ),
)

_SEATS_AND_ACTIVE_USERS: Final = View(
    "seats_and_active_users",
    "Users who triggered job runs of an organization in a month, and what its user seats cost.",
    (
        _MONTH,
        *_known(_ORGANIZATION),
        Column("active_users", Type.INTEGER, "Users whose pipelines ran jobs."),
        Column("unregistered_users", Type.INTEGER, "Of these, users without a CircleCI account."),
        Column("seat_credits", Type.EXACT, "Credits used for user seats."),
        Column("seat_cost", Type.EXACT, "What is charged for user seats, after included credits."),
    ),
)

_BUDGET_STATUS: Final = View(
    "budget_status",
    "A budget of the settings file vs. the cost of a calendar month or billing cycle.",
    (
        Column("first_day", Type.DAY, "First day of the month or billing cycle (UTC)."),
        *BUDGETS.columns[:-1],
        Column("spent", Type.EXACT, "Cost of the days that are loaded."),
        Column("remaining", Type.EXACT, "Budget minus cost; negative when over budget."),
        Column("through", Type.DAY, "Last loaded day of the month or billing cycle."),
    ),
)

_WORKFLOW_SUCCESS: Final = View(
    "workflow_success_month",
    "How the runs of a workflow ended in a month. The success rate is succeeded divided by"
    " succeeded + failed; canceled runs are excluded.",
    (_MONTH, *_known((*_PROJECT, "workflow", *_OUTCOMES))),
)

_DAYS_VS_USUAL: Final = View(
    "days_vs_usual",
    "What a project cost on a day vs. the same weekday of the four weeks before, without user"
    " seats, which are charged once a month. Simpler than the report's anomalies.",
    (
        *_known(("date", *_PROJECT, "currency", "cost")),
        Column(
            "usual_cost",
            Type.EXACT,
            "Lower median of those of the four days that are not before the project's first day;"
            " a day without cost counts as 0. NULL if there is none.",
        ),
        Column("excess", Type.EXACT, "Cost minus usual cost."),
        Column("compared_days", Type.INTEGER, "How many days the usual cost is from, 0 to 4."),
    ),
)

VIEWS: Final = (
    _costs_by_month("cost_by_team_month", "What a team cost in a month.", ("team",)),
    _costs_by_month("cost_by_project_month", "What a project cost in a month.", _PROJECT),
    _costs_by_month(
        "cost_by_credit_type_month",
        "What a credit type cost an organization in a month.",
        (*_ORGANIZATION, "credit_type"),
    ),
    _costs_by_month(
        "cost_by_resource_class_month",
        "What a resource class cost a project in a month.",
        (*_PROJECT, *_MACHINE),
    ),
    _TOP_JOBS,
    _FAILING_COST,
    _SEATS_AND_ACTIVE_USERS,
    _BUDGET_STATUS,
    _WORKFLOW_SUCCESS,
    _DAYS_VS_USUAL,
)
"""All views. They read the tables job_runs, daily_costs, workflow_days and budgets."""
