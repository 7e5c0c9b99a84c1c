"""Statistics of the runs of each day, computed from the job runs: see `usage.day_statistics`."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import polars as pl

from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME
from circleci_usage.usage.aggregates import with_latest_names
from circleci_usage.usage.day_statistics import DayStatistics
from circleci_usage.usage.job_run_rules import OUTCOMES, TYPICAL, USES
from circleci_usage.usage.polars.compact_runs import Condition, JobRuns
from circleci_usage.usage.polars.job_runs import grouped
from circleci_usage.usage.polars.name_groups import with_branch_groups
from circleci_usage.usage.polars.run_expressions import (
    OF_JOB,
    OF_WORKFLOW,
    collected,
    has_ended,
    never_started,
    percentile,
    percentiles,
)
from circleci_usage.usage.polars.workflow_parts import workflow_parts
from circleci_usage.usage.polars.workflow_records import (
    names_in,
    part_names,
    part_records,
    with_names,
)
from circleci_usage.usage.polars.workflow_runs import as_frame, workflow_runs

_SLICE: Final = 500_000
_COLUMNS: Final = (
    *OF_JOB,
    "date",
    "branch",
    "status",
    "seconds",
    "queued",
    "job_seconds",
    "total_credits",
    "workflow_seconds",
    "workflow_stopped",
    "workflow_successful",
    "pipeline",
    "pipeline_number",
    "workflow_run",
    "order",
    *USES,
)
_ENDED: Final = ("succeeded", "failed", "canceled")


def compute_day_statistics(
    runs: JobRuns, branch_globs: Sequence[str], groups: Mapping[str, str], days: pl.DataFrame
) -> DayStatistics:
    """The statistics of all days.

    The runs are read in slices, each with all runs of its workflows.

    Args:
        runs: the job runs.
        branch_globs: the globs that branches are grouped by.
        groups: see `job_runs.grouped`.
        days: `Sums.days`, whose names organizations and projects get.
    """
    by_who = runs.by_who().mapped(lambda frame: grouped(frame, groups))
    workflows, jobs = [], []
    for in_slice in _slices_of(runs.rows):
        every = by_who.read(_COLUMNS, in_slice)
        workflows.append(_workflow_days(every, branch_globs))
        jobs.append(collected(_job_days(every.lazy())))
    return DayStatistics(
        _tidy(by_who.named(pl.concat(workflows)), days),
        _tidy(by_who.named(pl.concat(jobs)), days),
    )


def _slices_of(rows: int) -> Iterator[Condition]:
    """Conditions that split runs into slices, each with whole workflows."""
    slices = max(1, -(-rows // _SLICE))
    workflow = pl.col("workflow").to_physical().fill_null(0)
    for number in range(slices):
        yield partial(_in_slice, workflow=workflow, slices=slices, number=number)


def _in_slice(who: pl.Expr, *, workflow: pl.Expr, slices: int, number: int) -> pl.Expr:
    return (who.cast(pl.UInt64) + workflow) % slices == number


def _workflow_days(runs: pl.DataFrame, branch_globs: Sequence[str]) -> pl.DataFrame:
    parts = with_names(collected(workflow_parts(runs.lazy(), "who")))
    names = part_names([names_in(parts)])
    every = as_frame(workflow_runs(names.placed(part_records(parts))), names)
    ended = every.filter(pl.col("outcome").is_in(_ENDED))
    return (
        with_branch_groups(ended, branch_globs)
        .group_by("date", *OF_WORKFLOW, BRANCH_GROUP)
        .agg(
            pl.len().alias("runs"),
            *((pl.col("outcome") == outcome).sum().alias(outcome) for outcome in _ENDED),
            *percentiles(pl.col("seconds"), "seconds"),
        )
    )


def _job_days(runs: pl.LazyFrame) -> pl.LazyFrame:
    ended = runs.filter(has_ended())
    return ended.group_by("date", *OF_JOB).agg(
        pl.len().alias("runs"),
        *((pl.col("status") == status).sum().alias(name) for status, name in OUTCOMES.items()),
        *percentiles(pl.col("seconds").filter(~never_started()), "seconds"),
        *percentiles(pl.col("queued"), "queued"),
        *(
            each
            for use in ("cpu", "ram")
            for each in (
                percentile(pl.col(f"median_{use}"), TYPICAL).alias(f"median_{use}"),
                pl.col(use).max().cast(pl.Float64).alias(f"max_{use}"),
            )
        ),
    )


def _tidy(found: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Days as dates, organizations and projects with their latest names, in a stable order."""
    found = with_latest_names(found, days)
    names = [series.name for series in found if series.dtype == pl.Categorical]
    texts = pl.col(names).cast(pl.String).fill_null(NO_NAME)
    tidied = found.with_columns(pl.col("date").str.to_date("%Y-%m-%d", strict=False), texts)
    return tidied.sort("date", *names)
