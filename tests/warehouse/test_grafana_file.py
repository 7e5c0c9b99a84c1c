"""The Grafana dashboard is complete, and asks only for what the warehouse has."""

import re
from itertools import combinations
from typing import Any

from circleci_usage.warehouse.views import VIEWS
from grafana import dashboard, panels, queries, variable_queries

DATA_SOURCE = {"type": "grafana-postgresql-datasource", "uid": "${datasource}"}


def cells(panel: Any) -> set[tuple[int, int]]:
    grid = panel["gridPos"]
    across = range(grid["x"], grid["x"] + grid["w"])
    down = range(grid["y"], grid["y"] + grid["h"])
    return {(column, row) for column in across for row in down}


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    everything = dashboard()["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    for one, other in combinations(everything, 2):
        assert not cells(one) & cells(other), (one["title"], other["title"])
    assert all(column < 24 for panel in everything for column, _ in cells(panel))


def test_every_panel_says_what_it_shows() -> None:
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    assert len(queries()) == len(list(panels()))


def test_amounts_are_shown_with_their_currency() -> None:
    for panel in panels():
        named = "($currency)" in panel["title"]
        amounts = re.findall(r"SUM\(cost\)|\b(?:spent|seat_cost|excess)\b", str(panel["targets"]))
        assert named == bool(amounts or "contracted_cost" in str(panel["targets"])), panel["title"]


def test_the_data_source_is_chosen_at_the_import_and_can_be_changed() -> None:
    [wanted] = dashboard()["__inputs"]
    assert wanted["pluginId"] == DATA_SOURCE["type"]
    variables = {each["name"]: each for each in dashboard()["templating"]["list"]}
    assert variables["datasource"]["current"]["value"] == f"${{{wanted['name']}}}"
    for each in (*panels(), *(panel["targets"][0] for panel in panels())):
        assert each["datasource"] == DATA_SOURCE
    assert all(variables[name]["datasource"] == DATA_SOURCE for name in variable_queries())


def test_no_id_or_version_of_somebodys_grafana_is_in_it() -> None:
    assert dashboard()["id"] is None
    assert dashboard()["version"] == 1
    required = {each["id"] for each in dashboard()["__requires"]}
    assert {panel["type"] for panel in panels()} <= required


def test_names_can_be_filtered_with_all_of_them_as_the_default() -> None:
    variables = {each["name"]: each for each in dashboard()["templating"]["list"]}
    for name in ("organization", "project", "team"):
        assert variables[name]["multi"]
        assert variables[name]["includeAll"]
        assert variables[name]["current"]["value"] == ["$__all"]


def test_values_of_variables_are_always_quoted() -> None:
    for query in (*queries().values(), *variable_queries().values()):
        assert re.findall(r"\$\{\w+\}|\$(?!\{|__)\w+|\[\[", query) == []
        assert all(each == "sqlstring" for each in re.findall(r"\$\{\w+:(\w+)\}", query))


def test_only_tables_and_views_of_the_warehouse_are_read() -> None:
    tables = {"daily_costs", "workflow_days", "job_days", "job_runs"}
    known = tables | {view.name for view in VIEWS} | {"days"}
    for query in (*queries().values(), *variable_queries().values()):
        assert set(re.findall(r"\bFROM (\w+)", query)) <= known
