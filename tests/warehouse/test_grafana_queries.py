"""Every query of the Grafana dashboard, run by PostgreSQL with macros and variables filled in."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import psycopg
import pytest

from circleci_usage.warehouse.tables import DAILY_COSTS, JOB_DAYS, JOB_RUNS, WORKFLOW_DAYS
from circleci_usage.warehouse.views import VIEWS
from grafana import View, queries, variable_queries
from postgres import postgres
from small_warehouse import create
from warehouse_rows import BUDGETS, LIMITS, cost

HOSTILE: Final = ["o'brien", "a\\b", '"; DROP TABLE daily_costs; --', "$1 %s ${team} $__from", "é✓"]
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
            for table in (JOB_RUNS, JOB_DAYS, WORKFLOW_DAYS):
                create(connection.execute, table, [], "%s")
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


@pytest.mark.parametrize("granularity", ["day", "week", "month"])
@pytest.mark.parametrize("title", queries())
def test_every_panel_runs(title: str, granularity: str, server: psycopg.Connection) -> None:
    values = {**everything(server), "granularity": [granularity]}
    ask(server, View(FIRST, LAST, values).sql(queries()[title]))
