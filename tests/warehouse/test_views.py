"""The views answer the same, to the last digit, in DuckDB and in PostgreSQL."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import duckdb
import psycopg
import pytest

from circleci_usage.warehouse.tables import (
    BUDGETS,
    DAILY_COSTS,
    JOB_RUNS,
    WORKFLOW_DAYS,
    Type,
    WarehouseTable,
)
from circleci_usage.warehouse.views import VIEWS
from postgres import postgres
from small_warehouse import Rows, create
from warehouse_rows import COSTS, LIMITS, RUNS, SEATS, WORKFLOWS, cost


class Warehouse:
    """Both engines, with the same rows in their tables and all views."""

    def __init__(self, server: Mapping[str, str], costs: Rows) -> None:
        self.duckdb = duckdb.connect(":memory:")
        address = f"host={server['PGHOST']} user={server['PGUSER']} dbname={server['PGDATABASE']}"
        self.postgres = psycopg.connect(address)
        self.postgres.execute("SET TIME ZONE 'Pacific/Auckland'")
        # Tables that a failed test left behind fail the next one instead of blocking it.
        self.postgres.execute("SET lock_timeout = '5s'")
        rows: dict[WarehouseTable, Rows] = {
            DAILY_COSTS: costs,
            JOB_RUNS: RUNS,
            WORKFLOW_DAYS: WORKFLOWS,
            BUDGETS: LIMITS,
        }
        for table, its_rows in rows.items():
            create(self.duckdb.execute, table, its_rows, "?")
            create(self.postgres.execute, table, its_rows, "%s")
        for view in VIEWS:
            self.duckdb.execute(f"CREATE VIEW {view.name} AS {view.sql}")
            self.postgres.execute(f"CREATE VIEW {view.name} AS {view.sql}".encode())

    def close(self) -> None:
        self.duckdb.close()
        self.postgres.close()

    def columns(self, view: str) -> list[tuple[str, str]]:
        """Names and types of a view's columns in PostgreSQL."""
        query = (
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = %s ORDER BY ordinal_position"
        )
        return self.postgres.execute(query, [view]).fetchall()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """What both engines answer; they must agree, in values and in their types."""
        answers = self.duckdb.execute(query).fetchall()
        assert answers == self.postgres.execute(query.encode()).fetchall()
        assert not any(isinstance(value, float) for answer in answers for value in answer)
        return answers


@pytest.fixture(scope="module")
def server() -> Iterator[Mapping[str, str]]:
    with postgres() as variables:
        yield variables


@pytest.fixture
def warehouse(server: Mapping[str, str]) -> Iterator[Warehouse]:
    both = Warehouse(server, COSTS)
    yield both
    both.close()


IN_POSTGRES: Final = {
    Type.TEXT: "text",
    Type.UUID: "uuid",
    Type.DAY: "date",
    Type.EXACT: "numeric",
    Type.INTEGER: "bigint",
}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_has_the_columns_and_types_that_are_documented(view: Any, server: Any) -> None:
    both = Warehouse(server, [])
    try:
        assert both.columns(view.name) == [
            (column.name, IN_POSTGRES[column.type]) for column in view.columns
        ]
        description = both.duckdb.execute(f"DESCRIBE {view.name}").fetchall()
        exact = [name for name, kind, *_ in description if kind == "DECIMAL(38,18)"]
        assert exact == [column.name for column in view.columns if column.type is Type.EXACT]
    finally:
        both.close()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_both_engines_agree(view: Any, warehouse: Warehouse) -> None:
    order = ", ".join(column.name for column in view.columns)
    assert warehouse.ask(f"SELECT * FROM {view.name} ORDER BY {order}")


@pytest.mark.parametrize(
    "view", [view for view in VIEWS if view.name.startswith(("cost_by", "top_"))]
)
def test_sums_lose_no_row_and_no_digit(view: Any, warehouse: Warehouse) -> None:
    [(total,)] = warehouse.ask(f"SELECT SUM(cost) FROM {view.name}")
    assert total == Decimal("10000000017.100000000000000001")


def test_a_team_has_what_it_cost_each_month(warehouse: Warehouse) -> None:
    query = "SELECT month, team, cost FROM cost_by_team_month ORDER BY month, team NULLS LAST"
    assert warehouse.ask(query) == [
        (date(2026, 9, 1), "payments", Decimal(1)),
        (date(2026, 10, 1), "payments", Decimal("10000000000.850000000000000001")),
        (date(2026, 10, 1), None, Decimal("15.25")),
    ]


def test_jobs_are_ranked_within_their_month(warehouse: Warehouse) -> None:
    query = "SELECT rank, job, cost, compute_runs FROM top_jobs WHERE month = '2026-10-01'"
    assert warehouse.ask(f"{query} ORDER BY rank, compute_runs, project_id") == [
        (1, "test", Decimal("10000000000.600000000000000001"), 2),
        (2, "User seats", Decimal(15), 0),
        (3, "lint", Decimal("0.25"), 1),
        (3, "lint", Decimal("0.25"), 1),
    ]


def test_failed_and_canceled_runs_have_their_cost(warehouse: Warehouse) -> None:
    query = "SELECT job, status, cost, compute_runs FROM failing_cost ORDER BY status, job"
    assert warehouse.ask(query) == [
        ("lint", "canceled", Decimal("0.25"), 1),
        ("lint", "failed", Decimal("0.25"), 1),
        ("test", "failed", Decimal("0.5"), 0),
    ]


def test_users_are_counted_once_a_month_beside_their_seats(warehouse: Warehouse) -> None:
    query = (
        "SELECT month, organization, active_users, unregistered_users, seat_cost"
        " FROM seats_and_active_users"
    )
    assert warehouse.ask(query) == [(date(2026, 10, 1), "acme", 2, 1, Decimal(15))]


def test_budgets_are_compared_with_each_month(warehouse: Warehouse) -> None:
    query = "SELECT name, spent, remaining, through FROM budget_status"
    last = date(2026, 9, 30)
    assert warehouse.ask(f"{query} WHERE first_day = '2026-09-01' ORDER BY name") == [
        ("everything", Decimal(1), Decimal(99), last),
        ("idle", Decimal(0), Decimal(3), last),
        ("payments", Decimal(1), Decimal(2), last),
    ]
    [(_, _, over, _)] = warehouse.ask(
        f"{query} WHERE first_day = '2026-10-01' AND name = 'payments'"
    )
    assert over == Decimal("-9999999997.850000000000000001")


def test_budgets_per_cycle_are_compared_with_each_cycle(warehouse: Warehouse) -> None:
    """Cycles begin on the 31st, or on the last day of a shorter month."""
    query = "SELECT first_day, spent, through FROM budget_status WHERE per = 'cycle'"
    assert warehouse.ask(f"{query} ORDER BY first_day") == [
        (date(2026, 9, 30), Decimal("10000000016.600000000000000001"), date(2026, 10, 2)),
        (date(2026, 10, 31), Decimal("0.5"), date(2026, 10, 31)),
    ]


def test_outcomes_of_workflows_add_up(warehouse: Warehouse) -> None:
    query = "SELECT workflow, runs, succeeded, failed, canceled FROM workflow_success_month"
    assert warehouse.ask(query) == [("build", 18, 10, 6, 2)]


def test_a_day_is_compared_with_the_same_weekday_of_four_weeks(server: Any) -> None:
    first = date(2026, 9, 7)
    weeks = {0: "4", 1: "2", 3: "9", 4: "50", 5: "3"}
    days = [cost(str(first + timedelta(weeks=week)), each) for week, each in weeks.items()]
    both = Warehouse(server, [*days, cost(str(first), "15", **SEATS)])
    query = "SELECT cost, usual_cost, excess, compared_days FROM days_vs_usual ORDER BY date"
    try:
        answers = both.ask(query)
    finally:
        both.close()
    assert answers == [
        (Decimal(4), None, None, 0),
        (Decimal(2), Decimal(4), Decimal(-2), 1),
        (Decimal(9), Decimal(2), Decimal(7), 3),  # of 0, 2 and 4
        (Decimal(50), Decimal(2), Decimal(48), 4),  # of 0, 2, 4 and 9
        (Decimal(3), Decimal(2), Decimal(1), 4),  # of 0, 2, 9 and 50
    ]
