"""Run statistics written by hand: a normal job, to change one thing at a time."""

from decimal import Decimal
from math import nan

import pandas as pd

from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.usage.job_run_rules import JOB_KEYS, WORKFLOW_KEYS
from circleci_usage.usage.run_statistics import RunStatistics

KEYS = {
    "organization_id": "o1",
    "organization": "acme",
    "project_id": "p1",
    "project": "web",
    "workflow": "build",
    "job": "test",
    "executor": "docker",
    "resource_class": "large",
}
JOB = {
    **{name: KEYS[name] for name in JOB_KEYS},
    **dict.fromkeys(
        (
            "runs",
            "succeeded",
            "failed",
            "canceled",
            "never_started",
            "reruns",
            "pipelines",
            "recovered",
        ),
        0,
    ),
    "runs_with_seconds": 20,
    "runs_with_queued": 20,
    "p50_seconds": 60.0,
    "p95_seconds": 90.0,
    "p50_queued": nan,
    "p95_queued": nan,
    "queued_seconds": 0,
}
MACHINE = {
    **KEYS,
    "runs": 20,
    "measured_runs": 10,
    "p95_cpu": 50.0,
    "p95_ram": 50.0,
    "median_runs": 10,
    "p50_median_cpu": 30.0,
    "container_runs": 0,
    "containers": 0,
    "cached_runs": 0,
    "runs_with_cached_seconds": 0,
    "p50_cached_seconds": nan,
    "runs_with_uncached_seconds": 0,
    "p50_uncached_seconds": nan,
    "parallel_runs": 0,
    "parallel_containers": 0,
    "most_containers": 0,
    "container_seconds": 0,
    "container_credits": Decimal(0),
}
WORKFLOW = {
    **{name: KEYS[name] for name in WORKFLOW_KEYS},
    "runs": 10,
    "succeeded": 8,
    "canceled": 0,
    "never_started": 0,
    "on_hold": 0,
    "running": 0,
    "runs_with_seconds": 20,
    "p50_seconds": 100.0,
    "p95_seconds": 200.0,
}


def run_statistics(
    jobs: list[dict[str, object]] | None = None,
    machines: list[dict[str, object]] | None = None,
    workflows: list[dict[str, object]] | None = None,
    nameless: list[dict[str, object]] | None = None,
) -> RunStatistics:
    """Lines that say how they differ from the usual ones."""
    return RunStatistics(
        pd.DataFrame([JOB | each for each in jobs or []], columns=[*JOB]),
        pd.DataFrame([MACHINE | each for each in machines or []], columns=[*MACHINE]),
        pd.DataFrame([WORKFLOW | each for each in workflows or []], columns=[*WORKFLOW]),
        pd.DataFrame(columns=["date", *JOB_KEYS, "credit_type", "credits"]),
        0,
        pd.DataFrame([JOB | {"job": NO_NAME} | each for each in nameless or []], columns=[*JOB]),
    )
