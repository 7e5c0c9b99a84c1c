"""Costs written by hand: a normal line with every column, to change one thing at a time."""

from datetime import date
from typing import Any

import pandas as pd

from circleci_usage.costs.costs import Costs
from circleci_usage.schema.export_columns import CREDIT_TYPES

PLACES = 2
"""Costs are given in cents."""

DEFAULTS = {
    "date": date(2026, 3, 2),
    "organization_id": "o1",
    "organization": "acme",
    "project_id": "p1",
    "project": "web",
    "workflow": "build",
    "job": "test",
    "executor": "docker",
    "resource_class": "large",
    "status": "success",
    "team": "unallocated",
    "credit_type": "compute",
    "credits": 0,
    "job_runs": 1,
    "price_period": 0,
}


def cost_line(cents: int, **changes: object) -> dict[str, object]:
    """A line of costs; the contracted cost is the cost unless it is given."""
    return {**DEFAULTS, "cost": cents, "contracted_cost": cents, **changes}


def costs_of(*lines: dict[str, object]) -> Costs:
    """Lines as pricing gives them: whole credits, whole cents."""
    columns = [*DEFAULTS, "cost", "contracted_cost"]
    frame = pd.DataFrame(lines, columns=columns).astype(
        dict.fromkeys(("cost", "contracted_cost", "credits"), "int64")
    )
    frame["date"] = pd.to_datetime(frame["date"])
    for column in columns[1:11]:
        frame[column] = frame[column].astype("category")
    frame["credit_type"] = pd.Categorical(frame["credit_type"], categories=CREDIT_TYPES)
    return Costs(frame, 0, PLACES)


def project(name: str) -> dict[str, Any]:
    """The columns of another project."""
    return {"project": name, "project_id": f"id of {name}"}
