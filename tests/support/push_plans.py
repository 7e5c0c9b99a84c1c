"""A report to push, how to push it, and what a plan sends."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from circleci_usage.core.decimals import total
from circleci_usage.push.datadog.plan import PushOptions, PushPlan
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.push.timestamps import Mode
from report_folders import report_folder
from rows import Row, job_run

SNAPSHOT = PushOptions(datadog_site("datadoghq.eu"))
HISTORICAL = replace(SNAPSHOT, mode=Mode.HISTORICAL)

SETTINGS = """
teams:
  - {name: Payments, projects: [pay], budget: {per: month, amount: 1}}
  - {name: web, projects: [web]}
"""


def job_runs() -> list[Row]:
    return [
        job_run("1000", STORAGE_CREDITS="30"),
        job_run(
            "500",
            JOB_NAME="lint",
            JOB_RUN_DATE="2026-03-05",
            RESOURCE_CLASS="large",
            VCS_BRANCH="main",
        ),
        job_run(
            "9000",
            PROJECT_ID="p2",
            PROJECT_NAME="pay",
            JOB_RUN_DATE="2026-03-05",
            JOB_BUILD_STATUS="failed",
        ),
        job_run("0", PROJECT_ID="p3", PROJECT_NAME="idle", JOB_RUN_SECONDS="7"),
    ]


def report_to_push(folder: Path) -> Path:
    """A report folder with a budget that is exceeded."""
    return report_folder(folder, job_runs(), SETTINGS)[0]


def amounts(plan: PushPlan, metric: str) -> Mapping[tuple[frozenset[str], int], Decimal]:
    """Tags without the constant ones, and Unix time → amount."""
    constant = ("currency:", "period:")
    found = {}
    for series in plan.series:
        if series.metric == f"circleci.usage.{metric}":
            tags = frozenset(tag for tag in series.tags if not tag.startswith(constant))
            for time, amount in series.points:
                found[tags, time] = amount
    return found


def sums(plan: PushPlan, metric: str) -> Decimal:
    return total(amounts(plan, metric).values())


def change_summary(folder: Path, **changes: object) -> None:
    path = folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
