"""Datadog's own models accept the dashboards and monitors, which query only what is sent."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from datadog_api_client import Configuration
from datadog_api_client.model_utils import OpenApiModel, UnparsedObject, validate_and_convert_types
from datadog_api_client.v1.model.dashboard import Dashboard as DashboardModel
from datadog_api_client.v1.model.monitor import Monitor as MonitorModel

from circleci_usage.push.datadog.dashboards import Dashboard, Monitor, dashboard, dashboard_json
from circleci_usage.push.metrics import BUDGET_USED_RATIO, COST, METRICS, TAGS
from paths import ROOT

FILES = [*Dashboard, *Monitor]
TAG_KEYS = {*TAGS, "period", "budget", "reason", "certainty", "unit", "user", "exported_by"}


def understood(document: Mapping[str, Any], model: type[OpenApiModel]) -> Any:
    return validate_and_convert_types(
        dict(document),
        (model,),
        ["body"],
        spec_property_naming=True,
        check_type=True,
        configuration=Configuration(),
    )


def unparsed(value: Any, path: str = "") -> list[str]:
    """The paths at which a model has something that it does not know."""
    if isinstance(value, UnparsedObject):
        return [path]
    if isinstance(value, OpenApiModel):
        parts = getattr(value, "_composed_instances", None) or [value._data_store]
        return [place for part in parts for place in unparsed(part, path)]
    if isinstance(value, dict):
        return [place for key, each in value.items() for place in unparsed(each, f"{path}.{key}")]
    if isinstance(value, list):
        return [
            place
            for number, each in enumerate(value)
            for place in unparsed(each, f"{path}[{number}]")
        ]
    return []


def queries(which: Dashboard | Monitor) -> set[str]:
    found = re.findall(r'"query": "((?:[^"\\]|\\.)*)"', dashboard_json(which))
    return {json.loads(f'"{query}"') for query in found}


@pytest.mark.parametrize("which", FILES)
def test_datadogs_models_accept_every_field(which: Dashboard | Monitor) -> None:
    model = DashboardModel if isinstance(which, Dashboard) else MonitorModel
    parsed = understood(dashboard(which), model)

    assert isinstance(parsed, model)
    assert unparsed(parsed) == []


def test_the_models_would_notice_a_mistake() -> None:
    broken = json.loads(
        dashboard_json().replace('"legend_layout": "auto"', '"legend_layout": "sideways"')
    )

    assert unparsed(understood(broken, DashboardModel))


@pytest.mark.parametrize("which", FILES)
def test_no_field_belongs_to_an_existing_account(which: Dashboard | Monitor) -> None:
    owned = {
        "id",
        "url",
        "author_handle",
        "author_name",
        "created_at",
        "modified_at",
        "creator",
        "created",
        "modified",
    }
    assert not owned & dashboard(which).keys()


@pytest.mark.parametrize("which", FILES)
def test_queries_use_only_metrics_and_tags_that_are_sent(which: Dashboard | Monitor) -> None:
    expected = {"custom.cost.amortized"} if which is Dashboard.CLOUD_COST else set(METRICS)
    asked = queries(which)
    assert asked
    for query in asked:
        (metric,) = re.findall(r"(?:sum|max|avg|min):([a-z_.]+)\{", query)
        assert metric in expected
        (scope,) = re.findall(rf"{metric}\{{(.*?)\}}", query)
        (groups,) = re.findall(r" by \{(.*?)\}", query) or [""]
        keys = [part.lstrip("!$").split(":")[0] for part in scope.split(",")] + groups.split(",")
        assert {key for key in keys if key not in {"*", ""}} <= TAG_KEYS


def test_the_dashboard_shows_every_metric_and_filters_by_its_variables() -> None:
    shown = " ".join(queries(Dashboard.METRICS))
    assert all(metric in shown for metric in METRICS)
    for which in Dashboard:
        variables = {variable["name"] for variable in dashboard(which)["template_variables"]}
        assert {"organization", "team", "project"} <= variables
        assert {f"${name}" for name in variables} == set(
            re.findall(r"\$\w+", " ".join(queries(which)))
        )


def test_the_monitors_watch_budgets_jumps_and_missing_data() -> None:
    assert BUDGET_USED_RATIO in dashboard(Monitor.BUDGET)["query"]
    assert dashboard(Monitor.BUDGET)["options"]["thresholds"]["critical"] == 1
    assert dashboard(Monitor.JUMP)["query"].startswith(
        f"pct_change(max(last_1d),1d_ago):sum:{COST}{{"
    )
    assert dashboard(Monitor.NO_DATA)["options"]["notify_no_data"] is True
    assert dashboard(Monitor.NO_DATA)["options"]["no_data_timeframe"] == 2 * 24 * 60


def test_the_files_are_in_the_dashboards_folder() -> None:
    folder = ROOT / "dashboards"
    of_grafana = {"grafana-postgresql"}
    assert {file.stem for file in folder.glob("*.json")} == {*map(str, FILES)} | of_grafana
    assert (folder / "datadog.json").read_text(encoding="utf-8") == dashboard_json()
