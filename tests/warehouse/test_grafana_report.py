"""The numbers on the Grafana dashboard are the report's, to the last digit."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from grafana import View, dashboard, queries, variable_queries
from loaded_demo import LoadedDemo, sums, table

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


class Dashboard:
    """The dashboard on the sample company's October, with `All` chosen everywhere."""

    def __init__(self, server: psycopg.Connection, folder: Path) -> None:
        self.folder = folder
        self._server = server
        self._values = {"granularity": ["day"], "min_excess": ["1"]}
        for name, query in variable_queries().items():
            self._values[name] = [value for (value,) in self._ask(query)]

    def rows(self, title: str) -> list[tuple[Any, ...]]:
        """What a panel shows."""
        return self._ask(queries()[title])

    def sums(self, title: str, name: int, amount: int) -> dict[str, Decimal]:
        """Value of a column → sum of another one, by their places."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows(title):
            found[str(row[name])] += row[amount]
        return found

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        sql = View(FIRST, LAST, self._values).sql(query)
        return self._server.execute(sql.encode()).fetchall()


@pytest.fixture
def shown(loaded_demo: LoadedDemo) -> Iterator[Dashboard]:
    with psycopg.connect(loaded_demo.address) as server:
        yield Dashboard(server, loaded_demo.folder)


def test_totals(shown: Dashboard) -> None:
    [(cost,)] = shown.rows("Cost")
    [(credits,)] = shown.rows("Credits")
    assert cost == sum(sums(shown.folder, "credit_types", "credit_type").values())
    assert credits == sum(sums(shown.folder, "credit_types", "credit_type", "credits").values())
    [(through,)] = shown.rows("Data through (UTC)")
    assert through.date() == LAST


@pytest.mark.parametrize(
    ("title", "name", "amount", "tables", "column"),
    [
        ("Cost by team", 0, 1, "teams", "team"),
        ("Cost over time by team", 1, 2, "teams", "team"),
        ("Cost by credit type", 1, 2, "credit_types", "credit_type"),
        ("Cost by project", 1, 4, "projects", "project"),
        ("Cost by job", 3, 5, "jobs", "job"),
        ("Cost by resource class", 0, 1, "resource_classes", "resource_class"),
        ("Cost by team and month", 1, 4, "teams", "team"),
    ],
)
def test_a_breakdown_is_a_table_of_the_report(
    title: str, name: int, amount: int, tables: str, column: str, shown: Dashboard
) -> None:
    assert shown.sums(title, name, amount) == sums(shown.folder, tables, column)


def test_days_are_those_of_the_report(shown: Dashboard) -> None:
    days = shown.sums("Cost over time by team", 0, 2)
    daily = sums(shown.folder, "daily", "date")
    assert {day.partition(" ")[0]: cost for day, cost in days.items()} == daily


def test_months_are_charged_back_as_in_the_report(shown: Dashboard) -> None:
    charged = sums(shown.folder, "chargeback", "team", "total")
    assert shown.sums("Cost by team and month", 1, 4) == charged


def test_budgets_have_spent_what_the_report_says(shown: Dashboard) -> None:
    spent = {row[0]: (row[4], row[5]) for row in shown.rows("Budgets")}
    assert spent == {
        line["name"]: (Decimal(line["amount"]), Decimal(line["spent"]))
        for line in table(shown.folder, "budgets")
    }


def test_failed_and_canceled_runs_cost_what_the_report_says(shown: Dashboard) -> None:
    statuses = sums(shown.folder, "statuses", "status")
    over_time = shown.sums("Cost of failed and canceled job runs", 1, 2)
    assert over_time == {name: statuses[name] for name in ("failed", "canceled")}
    by_job = shown.rows("Jobs by cost of failed and canceled runs")
    assert sum(row[4] for row in by_job) == statuses["failed"]
    assert sum(row[5] for row in by_job) == statuses["canceled"]


def test_seats_cost_what_the_report_says(shown: Dashboard) -> None:
    rows = shown.rows("User seats and active users")
    seats = sums(shown.folder, "credit_types", "credit_type")["user"]
    assert sum(row[5] for row in rows) == seats
    assert sum(row[2] for row in rows) > 10


def test_runs_of_workflows_are_those_of_the_report(shown: Dashboard) -> None:
    """The report's runs include those that have not ended: on hold or running."""
    ended: dict[str, int] = defaultdict(int)
    for line in table(shown.folder, "workflow_durations"):
        waiting = int(line["on_hold"]) + int(line["running"])
        ended[line["project"]] += int(line["runs"]) - waiting
    assert shown.sums("Workflows", 1, 3) == ended


def test_unusual_days_are_found(shown: Dashboard) -> None:
    """The sample company has planted ones."""
    assert shown.rows("Days far above usual")


def test_every_panel_has_the_columns_that_its_kind_needs(shown: Dashboard) -> None:
    """A time series needs its time first, in order; a format of a column needs the column."""
    for panel in dashboard()["panels"]:
        if panel["type"] != "row":
            [target] = panel["targets"]
            title = panel["title"].removesuffix(" ($currency)")
            times = [row[0] for row in shown.rows(title)]
            assert target["format"] != "time_series" or times == sorted(times)
            for override in panel["fieldConfig"]["overrides"]:
                assert override["matcher"]["options"] in target["rawSql"], title
