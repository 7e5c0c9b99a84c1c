"""The dashboards and monitors that come with the package, ready to import into Datadog."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parents[2] / "dashboards"


class Dashboard(StrEnum):
    """The data a dashboard shows: the metrics, or the Custom Costs in Cloud Cost Management."""

    METRICS = "datadog"
    CLOUD_COST = "datadog-cloud-cost"


class Monitor(StrEnum):
    """What a monitor watches: budgets, a jump in the daily cost, two days without data."""

    BUDGET = "monitor-budget"
    JUMP = "monitor-jump"
    NO_DATA = "monitor-no-data"


def dashboard_json(which: Dashboard | Monitor = Dashboard.METRICS) -> str:
    """The JSON to import in Datadog, under New dashboard → Configure → Import dashboard JSON."""
    return (_FOLDER / f"{which}.json").read_text(encoding="utf-8")


def dashboard(which: Dashboard | Monitor = Dashboard.METRICS) -> Mapping[str, Any]:
    """The same as Datadog's API takes it."""
    loaded: dict[str, Any] = json.loads(dashboard_json(which))
    return loaded
