"""The dashboards and monitors that come with the package, as Datadog imports them."""

import json
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final

_FOLDER: Final = files("circleci_usage") / "dashboards"


class Dashboard(StrEnum):
    """Which data it shows: the metrics, or the Custom Costs in Cloud Cost Management."""

    METRICS = "datadog"
    CLOUD_COST = "datadog-cloud-cost"


class Monitor(StrEnum):
    """What it watches: budgets, a day's cost far above that of the day before, two days without data."""

    BUDGET = "monitor-budget"
    JUMP = "monitor-jump"
    NO_DATA = "monitor-no-data"


def dashboard_json(which: Dashboard | Monitor = Dashboard.METRICS) -> str:
    """The JSON to import, or to keep in a repository: New dashboard → Configure → Import dashboard JSON in Datadog."""
    return (_FOLDER / f"{which}.json").read_text(encoding="utf-8")


def dashboard(which: Dashboard | Monitor = Dashboard.METRICS) -> Mapping[str, Any]:
    """The same as Datadog's API takes it."""
    loaded: dict[str, Any] = json.loads(dashboard_json(which))
    return loaded
