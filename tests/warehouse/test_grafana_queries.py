"""Every query of the Grafana dashboard, run by PostgreSQL with macros and variables filled in."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import psycopg
import pytest

from circleci_usage.warehouse.tables import BUDGETS, DAILY_COSTS, JOB_DAYS, JOB_RUNS, WORKFLOW_DAYS
from circleci_usage.warehouse.views import VIEWS
from grafana import View, queries, variable_queries
from postgres import postgres
from small_warehouse import Rows, create
from warehouse_rows import LIMITS, cost

HOSTILE: Final = ["o'brien", "a\\b", '"; DROP TABLE daily_costs; --', "$1 %s ${team} $__from", "é✓"]
NAMES: Final = {"organization": HOSTILE[0], "project": HOSTILE[0], "workflow": "build"}
WORKFLOWS: Final[Rows] = [
    {**NAMES, "date": date(2026, 10, 5), "branch_group": group, "runs": runs, "succeeded": good}
    | {"failed": 1, "canceled": 1, "runs_with_seconds": runs, "p95_seconds": seconds}
    for group, runs, good, seconds in (("main", 3, 1, 60.0), ("(other branches)", 9, 7, 20.0))
]
JOBS: Final[Rows] = [
    {**NAMES, "date": date(2026, 10, 5), "job": job, "runs": runs, "runs_with_queued": runs}
    | {"p50_queued": seconds, "p95_queued": 2 * seconds}
    for job, runs, seconds in (("test", 1, 10.0), ("lint", 3, 2.0))
]
FIRST: Final = date(2026, 10, 1)
LAST: Final = date(2026, 10, 31)


@pytest.fixture(scope="module")
def server() -> Iterator[psycopg.Connection]:
    with postgres() as found:
        address = f"host={found['PGHOST']} user={found['PGUSER']} dbname={found['PGDATABASE']}"
        with psycopg.connect(address) as connection:
            rows = [
                cost("2026-10-05", "1", organization=name, project=name, team=name)
                for name in HOSTILE
            ]
            nameless = cost("2026-10-31", "0.5", organization=None, project=None, team=None)
            before = cost("2026-09-30", "100")
            create(connection.execute, DAILY_COSTS, [*rows, nameless, before], "%s")
            create(connection.execute, JOB_RUNS, [], "%s")
            create(connection.execute, WORKFLOW_DAYS, WORKFLOWS, "%s")
            create(connection.execute, JOB_DAYS, JOBS, "%s")
            create(connection.execute, BUDGETS, LIMITS, "%s")
            for view in VIEWS:
                connection.execute(f"CREATE VIEW {view.name} AS {view.sql}".encode())
            yield connection


def ask(server: psycopg.Connection, query: str) -> list[Any]:
    return server.execute(query.encode()).fetchall()


def everything(server: psycopg.Connection) -> Mapping[str, list[str]]:
    """What `All` means: each value that the variable's own query finds."""
    values = {"granularity": ["day"], "min_excess": ["10"]}
    for name, query in variable_queries().items():
        found = ask(server, View(FIRST, LAST, values).sql(query))
        values[name] = [value for (value,) in found]
    return values


def test_all_loses_no_name(server: psycopg.Connection) -> None:
    view = View(FIRST, LAST, everything(server))
    assert ask(server, view.sql(queries()["Cost"])) == [(Decimal("5.5"),)]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_a_value_whatever_is_in_it(name: str, server: psycopg.Connection) -> None:
    chosen = {variable: [name] for variable in ("organization", "project", "team")}
    view = View(FIRST, LAST, {**everything(server), **chosen})
    assert ask(server, view.sql(queries()["Cost"])) == [(Decimal(1),)]
    assert ask(server, view.sql(queries()["Cost by team"])) == [(name, Decimal(1))]


def test_outcomes_and_durations_of_branch_groups_are_put_together(server: Any) -> None:
    view = View(FIRST, LAST, everything(server))
    assert ask(server, view.sql(queries()["Success rate of workflows"])) == [(0.8,)]
    [(*_, runs, failed, rate, p95)] = ask(server, view.sql(queries()["Workflows"]))
    assert (runs, failed, rate, p95) == (12, 2, 0.8, 30.0)
    title = "p95 duration of the ten workflows with most runs"
    assert ask(server, view.sql(queries()[title]))[0][1:] == (f"{HOSTILE[0]} · build", 30.0)


def test_queue_times_of_jobs_are_weighted_by_their_runs(server: Any) -> None:
    view = View(FIRST, LAST, everything(server))
    assert ask(server, view.sql(queries()["Job runs"])) == [(4,)]
    [(_, p50, p95)] = ask(server, view.sql(queries()["Queue time of jobs"]))
    assert (p50, p95) == (4.0, 8.0)


@pytest.mark.parametrize("granularity", ["day", "week", "month"])
@pytest.mark.parametrize("title", queries())
def test_every_panel_runs(title: str, granularity: str, server: psycopg.Connection) -> None:
    values = {**everything(server), "granularity": [granularity]}
    ask(server, View(FIRST, LAST, values).sql(queries()[title]))
