"""The columns and types of run statistics, by which saved ones are recognized.

An engine makes them of no usage at all, too, but that takes a tenth of a second.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from circleci_usage.schema.keys import ProjectKey

_TYPES: Final[Mapping[str, pl.DataType]] = {
    **dict.fromkeys(("workflow", "job", "executor", "resource_class"), pl.Categorical()),
    **dict.fromkeys(ProjectKey._fields, pl.Categorical()),
    **dict.fromkeys(("grain", "date", "branch", "credit_type"), pl.String()),
    **dict.fromkeys(("outcome", "measure", "branch_group"), pl.String()),
    "in_parallel": pl.Boolean(),
    **dict.fromkeys(("seconds", "p50_seconds", "p95_seconds"), pl.Float64()),
    **dict.fromkeys(("p50_queued", "p95_queued"), pl.Float64()),
    **dict.fromkeys(("p50_cached_seconds", "p50_uncached_seconds"), pl.Float64()),
    **dict.fromkeys(("p95_cpu", "p95_ram", "p50_median_cpu"), pl.Float64()),
    **dict.fromkeys(("mean_cpu", "mean_ram", "max_cpu", "max_ram"), pl.Float64()),
    **dict.fromkeys(("credits", "rate", "queued_seconds", "container_credits"), pl.Int64()),
    **dict.fromkeys(("containers", "container_seconds"), pl.Int64()),
    **dict.fromkeys(("parallel_containers", "most_containers"), pl.Int64()),
    **dict.fromkeys(("position", "pipeline_number", "percent"), pl.Int64()),
}
"""Of columns; others are counts."""

_OUTCOMES: Final = ("runs", "succeeded", "failed", "canceled")
_OF_WORKFLOWS: Final = ("runs", "succeeded", "canceled", "on_hold")
_SECONDS: Final = ("runs_with_seconds", "p50_seconds", "p95_seconds")
_QUEUED: Final = ("runs_with_queued", "p50_queued", "p95_queued", "queued_seconds")
_TIMED: Final = (*_SECONDS, *_QUEUED)
_CLASS: Final = ("executor", "resource_class")
_USE: Final = (
    *("measured_runs", "p95_cpu", "p95_ram", "median_runs", "p50_median_cpu"),
    *("mean_cpu", "mean_ram", "max_cpu", "max_ram", "cpu_limited", "ram_limited"),
)
_CACHED: Final = (
    *("cached_runs", "runs_with_cached_seconds", "p50_cached_seconds"),
    *("runs_with_uncached_seconds", "p50_uncached_seconds"),
)
_PARALLEL: Final = (
    *("parallel_runs", "parallel_containers", "most_containers"),
    *("container_seconds", "container_credits"),
)
_UNITS: Final = ("pipelines", "workflow_runs", "succeeded", "canceled")


def _schema(*names: str, **others: pl.DataType) -> pl.Schema:
    return pl.Schema({name: others.get(name, _TYPES.get(name, pl.UInt32())) for name in names})


def _of_projects(*names: str, **others: pl.DataType) -> pl.Schema:
    return _schema(*names, *ProjectKey._fields, **others)


SHAPES: Final[Mapping[str, pl.Schema]] = {
    "jobs": _of_projects(
        *("workflow", "job", *_OUTCOMES, "never_started", *_TIMED),
        *("pipelines", "reruns", "recovered"),
    ),
    "machines": _of_projects(
        *("workflow", "job", *_CLASS, "runs", *_USE, "container_runs", "containers"),
        *(*_CACHED, *_PARALLEL),
    ),
    "workflows": _of_projects("workflow", *_OF_WORKFLOWS, "running", "never_started", *_SECONDS),
    "reruns": _of_projects("date", "workflow", "job", "credit_type", "credits"),
    "classes": _schema(
        *(*_CLASS, "in_parallel", "rate", "runs", "credits", "container_seconds", "containers")
    ),
    "workflow_times": _of_projects("grain", "date", "workflow", *_OF_WORKFLOWS, *_SECONDS),
    "job_times": _of_projects("grain", "date", "workflow", "job", *_OUTCOMES, *_TIMED),
    "workflow_branches": _of_projects("workflow", "branch", *_OF_WORKFLOWS, *_SECONDS),
    "branch_credits": _of_projects(
        *("date", "workflow", "branch", "credit_type", "credits"), branch=pl.Categorical()
    ),
    "recent_runs": _of_projects(
        *("workflow", "date", "position", "outcome", "seconds", "branch", "pipeline_number"),
        workflow=pl.String(),
    ),
    "class_use": _schema(*_CLASS, "measure", "percent", "runs"),
    "unit_counts": _of_projects(
        *("date", "branch_group", *_UNITS), **dict.fromkeys(_UNITS, pl.Int64())
    ),
}
"""The frames of `RunStatisticsFrames`, as an engine makes them."""
