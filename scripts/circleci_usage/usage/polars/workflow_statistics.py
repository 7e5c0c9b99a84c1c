"""Statistics of workflow runs: in all, over time, by branch, one by one, and how many there were.

The outcome of a workflow run needs all of its rows, including those of jobs that never ran and have
no name in the export: the run is canceled when one of its rows is. It belongs to the day of its
first row, so that a period that begins or ends within it neither halves nor doubles it. So all
files are read for their parts of workflow runs, whatever the period is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.schema.export_columns import BRANCH_GROUP
from circleci_usage.usage.chosen_names import RECENT_RUNS, ChosenNames
from circleci_usage.usage.job_run_rules import OF_UNITS, OVER_TIME, TIME_KEYS, WORKFLOW_OUTCOMES
from circleci_usage.usage.polars.chosen_runs import numbered, with_chosen_branches
from circleci_usage.usage.polars.compact_runs import Condition, JobRuns, RunsByWho
from circleci_usage.usage.polars.name_groups import with_branch_groups
from circleci_usage.usage.polars.run_expressions import (
    OF_WORKFLOW,
    collected,
    inside,
    over_time,
    percentiles,
    slices_of,
)
from circleci_usage.usage.polars.workflow_parts import PART
from circleci_usage.usage.polars.workflow_runs import workflow_runs

_SLICE: Final = 500_000
"""Parts of workflow runs that are read together."""

_OF_UNITS: Final = ("date", "who", BRANCH_GROUP)


@dataclass(frozen=True)
class WorkflowFrames:
    """The frames of `RunStatisticsFrames` that are made of workflow runs."""

    workflows: pl.DataFrame
    workflow_times: pl.DataFrame
    workflow_branches: pl.DataFrame
    recent_runs: pl.DataFrame
    unit_counts: pl.DataFrame


def workflow_statistics(
    runs: JobRuns, period: Period | None, chosen: ChosenNames, branch_globs: Sequence[str]
) -> WorkflowFrames:
    """The statistics of the workflow runs that began in a period; their number on all days.

    Args:
        runs: the job runs.
        period: the days; None for all.
        chosen: the workflows and branches that go by their names.
        branch_globs: the globs that branches are grouped by.
    """
    parts = runs.workflow_parts()
    listed = numbered(chosen.workflows, parts.who)
    branches = numbered(chosen.branches, parts.who)
    of_slices = []
    counts = [*_pipeline_counts(parts, branch_globs)]
    for in_slice in slices_of(parts.rows, _SLICE):
        some = parts.read(("who", *PART), in_slice)
        every = collected(workflow_runs(some.lazy()))
        counts.append(_run_counts(every, branch_globs))
        began = every.lazy().filter(inside(period))
        of_slices.append(
            (
                collected(_workflows(began)),
                over_time(began, _times),
                collected(_branches(with_chosen_branches(began, branches))),
                collected(_recent(began, listed)),
            )
        )
    frames = [parts.named(pl.concat(each)) for each in zip(*of_slices, strict=True)]
    workflows, workflow_times, workflow_branches, recent_runs = frames
    return WorkflowFrames(
        workflows,
        workflow_times,
        workflow_branches,
        recent_runs,
        unit_counts=parts.named(_together(counts)),
    )


def _workflows(runs: pl.LazyFrame) -> pl.LazyFrame:
    outcomes = _counts_of(WORKFLOW_OUTCOMES)
    return runs.group_by(OF_WORKFLOW).agg(
        _ended().sum().alias("runs"), *outcomes, pl.col("never_started").sum(), *_lengths()
    )


def _times(runs: pl.LazyFrame) -> pl.LazyFrame:
    return _by(runs, (*TIME_KEYS, *OF_WORKFLOW))


def _branches(runs: pl.LazyFrame) -> pl.LazyFrame:
    return _by(runs, (*OF_WORKFLOW, "branch"))


def _by(runs: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
    return runs.group_by(keys).agg(
        _ended().sum().alias("runs"), *_counts_of(OVER_TIME), *_lengths()
    )


def _ended() -> pl.Expr:
    """Whether a run ended, or is on hold."""
    return pl.col("outcome") != "running"


def _counts_of(outcomes: Sequence[str]) -> list[pl.Expr]:
    return [(pl.col("outcome") == outcome).sum().alias(outcome) for outcome in outcomes]


def _lengths() -> tuple[pl.Expr, ...]:
    return percentiles(pl.col("seconds").filter(_ended()), "seconds")


def _recent(runs: pl.LazyFrame, workflows: pl.DataFrame) -> pl.LazyFrame:
    """The latest runs of some workflows, in the order of time."""
    named = runs.with_columns(pl.col("workflow").cast(pl.String))
    of_chosen = named.join(workflows.lazy(), on=OF_WORKFLOW, how="semi", nulls_equal=True).sort(
        "date", "order", "pipeline_number", "seconds", "outcome", "branch", nulls_last=False
    )
    place = pl.int_range(pl.len()).over(OF_WORKFLOW)
    first = (pl.len().over(OF_WORKFLOW).cast(pl.Int64) - RECENT_RUNS).clip(lower_bound=0)
    return (
        of_chosen.with_columns((place - first).alias("position"))
        .filter(pl.col("position") >= 0)
        .select(*OF_WORKFLOW, "date", "position", "outcome", "seconds", "branch", "pipeline_number")
    )


def _run_counts(runs: pl.DataFrame, branch_globs: Sequence[str]) -> pl.DataFrame:
    """How many runs ended, or are on hold, and how, by day, project and branch group."""
    ended = _ended().sum().alias("workflow_runs")
    counts = _grouped(runs, branch_globs).agg(ended, *_counts_of(OF_UNITS))
    return collected(counts)


def _pipeline_counts(parts: RunsByWho, branch_globs: Sequence[str]) -> Iterator[pl.DataFrame]:
    """How many pipelines there were by the day and branch group of their first job run."""
    for in_slice in _slices_of_pipelines(parts.rows):
        some = parts.read(("who", "pipeline", "date", "branch"), in_slice)
        pipelines = some.lazy().group_by("who", "pipeline").agg(pl.col("date", "branch").min())
        counts = _grouped(collected(pipelines), branch_globs).agg(pl.len().alias("pipelines"))
        yield collected(counts)


def _together(counts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Counts of pipelines and of workflow runs, summed."""
    every = pl.concat(counts, how="diagonal").group_by(_OF_UNITS).sum()
    return every.with_columns(pl.exclude(_OF_UNITS).cast(pl.Int64))


def _grouped(runs: pl.DataFrame, branch_globs: Sequence[str]) -> pl.lazyframe.group_by.LazyGroupBy:
    dated = runs.filter(pl.col("date").is_not_null())
    grouped = with_branch_groups(dated, branch_globs)
    return grouped.lazy().with_columns(pl.col(BRANCH_GROUP).cast(pl.String)).group_by(_OF_UNITS)


def _slices_of_pipelines(rows: int) -> Iterator[Condition]:
    """Conditions that split the runs into slices with whole pipelines; some runs have none."""
    slices = max(1, -(-rows // _SLICE))
    for number in range(slices):
        yield partial(_in_slice, slices=slices, number=number)


def _in_slice(_: pl.Expr, *, slices: int, number: int) -> pl.Expr:
    return pl.col("pipeline") % slices == number
