"""Tables of job runs: wasted spend, duration and success rate, non-compute costs."""

from typing import Final

from circleci_usage.analysis.breakdowns import JOB, WORKFLOW
from circleci_usage.report_folder.columns import (
    CREDITS,
    CatalogTable,
    count,
    dimension,
    dimensions,
    money,
    number,
    share,
)

WASTE: Final = CatalogTable(
    "waste",
    "Wasted spend",
    "A job. Categories overlap (a rerun can also fail), so they do not sum to a total.",
    (
        *dimensions(JOB),
        money("failed", "Contracted cost of failed runs."),
        money("canceled", "Contracted cost of canceled runs."),
        money("reruns", "Contracted cost of reruns in the same pipeline."),
        count("job_runs", "job runs", "All runs that ended."),
        count("failed_runs", "job runs", "Failed runs."),
        count("canceled_runs", "job runs", "Canceled runs."),
        count("never_started_runs", "job runs", "Those canceled before they started, at no cost."),
        count("rerun_runs", "job runs", "Reruns."),
        count("queued_seconds", "seconds", "Queue time of all runs; no credits are charged."),
    ),
)

_DURATIONS: Final = (
    count("runs", "runs", "Runs that ended or are on hold."),
    count("succeeded", "runs", "Successful runs."),
    count("canceled", "runs", "Canceled runs."),
    count("never_started", "runs", "Those canceled before they started."),
    count("on_hold", "runs", "Runs that wait, mostly for approval; empty for jobs."),
    count("running", "runs", "Runs that have not ended and are not in `runs`; empty for jobs."),
    share("success_rate", "Successful runs of all but the canceled; empty if all were."),
    number("p50_seconds", "seconds", "50% of runs finished within this time."),
    number("p95_seconds", "seconds", "95% of runs finished within this time; empty for few runs."),
    number("p50_queued_seconds", "seconds", "50% of runs started within this time; jobs only."),
    number("p95_queued_seconds", "seconds", "95% of runs started within this time; jobs only."),
    CREDITS,
    money("cost", "What is charged for them."),
)

WORKFLOW_DURATIONS: Final = CatalogTable(
    "workflow_durations",
    "Duration and success rate of workflows",
    "A workflow.",
    (*dimensions(WORKFLOW), *_DURATIONS),
)
JOB_DURATIONS: Final = CatalogTable(
    "job_durations", "Duration and success rate of jobs", "A job.", (*dimensions(JOB), *_DURATIONS)
)

EXTRA_COSTS: Final = CatalogTable(
    "extra_costs",
    "Non-compute costs",
    "A job and what it cost in a credit type that is not compute: the most expensive of each type.",
    (
        dimension("credit_type"),
        *dimensions(JOB),
        money("cost", "What is charged for these credits."),
    ),
)
