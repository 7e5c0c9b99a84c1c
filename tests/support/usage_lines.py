"""Daily usage written by hand, small enough to be read in a test."""

from decimal import Decimal

import pandas as pd

from circleci_usage.core.scaled_integers import places_of, to_count
from circleci_usage.schema.export_columns import BRANCH_GROUP, CREDIT_TYPES, OTHER_BRANCHES

NAMES = {
    "organization_id": "o1",
    "organization": "acme",
    "project_id": "p1",
    "project": "web",
    "vcs_url": "https://example.com/acme/web",
    "workflow": "build",
    "job": "test",
    "resource_class": "medium",
    "executor": "docker",
    "operating_system": "linux",
    "status": "success",
    "trigger": "webhook",
    BRANCH_GROUP: OTHER_BRANCHES,
}


def credit_lines(*lines: dict[str, str], places: int | None = None) -> tuple[pd.DataFrame, int]:
    """Credits of daily usage and their decimal places.

    A line says how it differs from `NAMES`, its day and its credits.
    """
    credits = [Decimal(line.get("credits", "1")) for line in lines]
    needed = max(map(places_of, credits), default=0) if places is None else places
    frame = pd.DataFrame(
        [{**NAMES, "credit_type": "compute", "date": "2026-03-02", **line} for line in lines]
    )
    frame = frame.astype(dict.fromkeys(NAMES, "category"))
    frame["date"] = pd.to_datetime(frame["date"])
    frame["credit_type"] = pd.Categorical(frame["credit_type"], sorted(CREDIT_TYPES))
    frame["credits"] = pd.Series([to_count(each, needed) for each in credits], dtype="int64")
    return frame.assign(job_runs=1), needed
