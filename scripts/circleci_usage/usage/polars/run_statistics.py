"""Run statistics, computed from the job runs in the temporary file.

They cannot be summed while the rows stream by: percentiles need all values, and reruns need the
other runs of their pipeline.

Percentiles are nearest-rank ones, exact over the rows: that percentage of the runs took as long or
less, as CircleCI Insights defines them (circleci.com/docs/insights-glossary).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.schema.export_columns import credit_types_of
from circleci_usage.usage.chosen_names import ChosenNames
from circleci_usage.usage.job_run_rules import (
    HALF_A_MINUTE,
    LAST_STEP,
    MEASURES,
    NO_RATE,
    OUTCOMES,
    RATE_KEYS,
    SHORTEST,
    STEP,
    TIME_KEYS,
)
from circleci_usage.usage.polars.chosen_runs import numbered, with_chosen_branches
from circleci_usage.usage.polars.compact_runs import JobRuns, RunsByWho
from circleci_usage.usage.polars.job_runs import grouped
from circleci_usage.usage.polars.machine_statistics import machine_statistics
from circleci_usage.usage.polars.run_expressions import (
    OF_JOB,
    OF_MACHINE,
    OF_WORKFLOW,
    collected,
    inside,
    never_started,
    over_time,
    percentiles,
    slices_of,
)
from circleci_usage.usage.polars.workflow_statistics import workflow_statistics
from circleci_usage.usage.run_statistics import RunStatisticsFrames

_SLICE: Final = 600_000
_BATCH: Final = 400_000

_OF_RATES: Final = ("job_seconds", "containers", "executor", "resource_class")

_OF_BRANCH: Final = ("date", *OF_WORKFLOW, "branch")
_OF_USE: Final = ("executor", "resource_class", "measure", "percent")

COLUMNS: Final = (
    *OF_MACHINE,
    "status",
    "seconds",
    "queued",
    "date",
    "job_seconds",
    "total_credits",
    "workflow_seconds",
    "workflow_stopped",
    "workflow_successful",
    "pipeline",
    "workflow_run",
    "order",
    "cpu",
    "ram",
    "median_cpu",
    "median_ram",
    "branch",
    "pipeline_number",
    "containers",
    "compute_credits",
    "dlc_credits",
)


def compute_run_statistics(
    runs: JobRuns,
    period: Period | None,
    chosen: ChosenNames,
    branch_globs: Sequence[str],
    groups: Mapping[str, str] | None = None,
) -> RunStatisticsFrames:
    """The statistics of the job runs that ended in a period.

    Jobs have the names of their groups. Runs of jobs without a name are a line of `jobs` whose job
    is null, and count in the runs of their workflows.

    The runs are read in slices of about `_SLICE`, each with all runs of its workflows: the memory
    does not grow with the runs, but with those of a single workflow name in a single project.

    Args:
        runs: the job runs.
        period: the days; None for all.
        chosen: the workflows and branches that go by their names.
        branch_globs: the globs that branches are grouped by.
        groups: see `job_runs.grouped`.
    """
    of_workflows = workflow_statistics(runs, period, chosen, branch_globs)
    every_file = runs.by_who().mapped(lambda frame: grouped(frame, groups or {}))
    by_who = every_file.within(period) if period else every_file
    jobs, times, machines, class_use, attempts = _of_slices(by_who, period)
    reruns, rates, branch_credits = _of_batches(by_who, period, chosen, attempts)
    return RunStatisticsFrames(
        by_who.named(jobs),
        by_who.named(machines),
        of_workflows.workflows,
        reruns=by_who.named(_by_credit_type(reruns, ("date", *OF_JOB))),
        classes=rates.group_by(RATE_KEYS).sum(),
        workflow_times=of_workflows.workflow_times,
        job_times=by_who.named(times),
        workflow_branches=of_workflows.workflow_branches,
        branch_credits=by_who.named(_by_credit_type(branch_credits, _OF_BRANCH)),
        recent_runs=of_workflows.recent_runs,
        class_use=class_use.group_by(_OF_USE).sum(),
        unit_counts=of_workflows.unit_counts,
    )


def _of_slices(by_who: RunsByWho, period: Period | None) -> tuple[pl.DataFrame, ...]:
    """The frames of `_of_jobs`, a slice with whole workflows at a time."""
    of_slices = []
    for in_slice in slices_of(by_who.rows, _SLICE):
        some = by_who.read(COLUMNS, in_slice).lazy()
        of_slices.append(_of_jobs(some.filter(_ended(period))))
    return tuple(pl.concat(frames) for frames in zip(*of_slices, strict=True))


def _of_batches(
    by_who: RunsByWho, period: Period | None, chosen: ChosenNames, attempts: pl.DataFrame
) -> tuple[pl.DataFrame, ...]:
    """Credits of reruns, rates of classes and credits of branches: sums of any rows."""
    branches = numbered(chosen.branches, by_who.who)
    credits = [f"{kind}_credits" for kind in credit_types_of(by_who.columns)]
    columns = (*OF_JOB, "status", "pipeline", "order", "date", "branch", *credits, *_OF_RATES)
    of_batches = []
    for batch in by_who.batches(_BATCH):
        some = batch.read(columns, lambda _: inside(period)).lazy()
        ended = some.filter(_ended(period))
        of_batches.append(
            (
                collected(_rerun_credits(ended, attempts.lazy())),
                collected(_class_rates(ended)),
                collected(_branch_credits(some, branches)),
            )
        )
    return tuple(pl.concat(frames) for frames in zip(*of_batches, strict=True))


def _ended(period: Period | None) -> pl.Expr:
    """Whether a job run ended, in the period."""
    return pl.col("status").cast(pl.String).is_in(list(OUTCOMES)) & inside(period)


def _class_rates(runs: pl.LazyFrame) -> pl.LazyFrame:
    """Job runs → what runs of a class were charged: `RATE_SUMS` by `RATE_KEYS`.

    Runs count that last at least `SHORTEST`, used compute credits and say in how many containers
    they ran. `rate` is the whole credits per minute of one container, half a credit less because
    credits are rounded up: 120 for 600 seconds in one container that cost 1,200 credits. Doubles
    are exact here where credits and seconds are whole, and every engine divides them alike.
    """
    containers = pl.col("containers").cast(pl.Float64)
    container_seconds = pl.col("job_seconds").cast(pl.Float64) * containers
    halves = pl.col("compute_credits").cast(pl.Float64) * 2 - containers
    rate = (halves * HALF_A_MINUTE / container_seconds + 0.5).floor()
    counted = runs.filter(
        pl.col("job_seconds") >= SHORTEST,
        pl.col("compute_credits") > 0,
        pl.col("containers") >= 1,
        pl.col("resource_class").is_not_null(),
        pl.col("executor").is_not_null(),
    )
    rated = counted.with_columns(
        container_seconds=container_seconds, rate=rate, in_parallel=pl.col("containers") > 1
    ).filter(pl.col("rate") < NO_RATE)
    return (
        rated.with_columns(pl.col("rate", "containers", "container_seconds").cast(pl.Int64))
        .group_by(*RATE_KEYS)
        .agg(
            pl.len().alias("runs"),
            pl.col("compute_credits").sum().alias("credits"),
            pl.col("container_seconds").sum(),
            pl.col("containers").sum(),
        )
    )


def _of_jobs(runs: pl.LazyFrame) -> tuple[pl.DataFrame, ...]:
    """What is made of runs that ended: jobs, the same over time, machines, use of classes.

    And the jobs that ran several times.

    One query at a time: together they would take the memory of all.
    """
    runs = runs.with_columns(never_started().alias("never_started"))
    named = runs.filter(pl.col("job").is_not_null())
    attempts = collected(_attempts(named))
    jobs = collected(_jobs(runs))
    jobs = _with_attempts(jobs, attempts)
    times = over_time(runs, _job_times)
    machines = machine_statistics(named)
    use = pl.concat(collected(_class_use(named, measure)) for measure in MEASURES)
    return jobs, times, machines, use, attempts.filter(pl.col("attempts") > 1)


def _jobs(runs: pl.LazyFrame) -> pl.LazyFrame:
    return runs.group_by(OF_JOB).agg(
        pl.len().alias("runs"), *_outcomes(), pl.col("never_started").sum(), *_lengths()
    )


def _job_times(runs: pl.LazyFrame) -> pl.LazyFrame:
    return runs.group_by(*TIME_KEYS, *OF_JOB).agg(pl.len().alias("runs"), *_outcomes(), *_lengths())


def _outcomes() -> list[pl.Expr]:
    return [(pl.col("status") == status).sum().alias(name) for status, name in OUTCOMES.items()]


def _lengths() -> tuple[pl.Expr, ...]:
    """How long the runs took, and waited."""
    # Milliseconds, because sums of integers do not depend on the order.
    milliseconds = (pl.col("queued").cast(pl.Float64) * 1000).round().cast(pl.Int64)
    return (
        *percentiles(pl.col("seconds").filter(~pl.col("never_started")), "seconds"),
        *percentiles(pl.col("queued"), "queued"),
        (milliseconds.sum() / 1000).round().cast(pl.Int64).alias("queued_seconds"),
    )


def _with_attempts(jobs: pl.DataFrame, attempts: pl.DataFrame) -> pl.DataFrame:
    """Jobs with their pipelines, reruns and recoveries."""
    of_jobs = attempts.group_by(OF_JOB).agg(
        pl.len().alias("pipelines"),
        (pl.col("attempts") - 1).sum().alias("reruns"),
        pl.col("recovered").sum(),
    )
    joined = jobs.join(of_jobs, on=OF_JOB, how="left", nulls_equal=True)
    return joined.with_columns(pl.col("pipelines", "reruns", "recovered").fill_null(0))


def _class_use(runs: pl.LazyFrame, measure: str) -> pl.LazyFrame:
    """How many runs had which peak use of a measure, in steps of `STEP` percent."""
    step = (pl.col(measure).cast(pl.Float64) / STEP).floor().cast(pl.Int64) * STEP
    measured = runs.filter(pl.col(measure).is_not_null())
    with_step = measured.with_columns(
        pl.lit(measure).alias("measure"), step.clip(upper_bound=LAST_STEP).alias("percent")
    )
    return with_step.group_by(_OF_USE).agg(pl.len().alias("runs"))


def _attempts(runs: pl.LazyFrame) -> pl.LazyFrame:
    """A row per pipeline and job: its `attempts`, the `first` of them, and whether it `recovered`.

    A job recovers when it passes after it has failed.

        pipeline | job | order | status         pipeline | job | attempts | first | recovered
        p        | a   | 1     | failed     →   p        | a   | 2        | 1     | true
        p        | a   | 2     | success
    """
    failed, passed = (
        pl.when(pl.col("status") == status).then("order") for status in ("failed", "success")
    )
    return (
        runs.filter(pl.col("pipeline").is_not_null())
        .with_columns(failed=failed, passed=passed)
        .group_by(*OF_JOB, "pipeline")
        .agg(
            pl.len().alias("attempts"),
            pl.col("order").min().alias("first"),
            (pl.col("failed").min() < pl.col("passed").max())
            .fill_null(value=False)
            .alias("recovered"),
        )
    )


def _rerun_credits(runs: pl.LazyFrame, attempts: pl.LazyFrame) -> pl.LazyFrame:
    """Credits of the runs after the first of `attempts`, by day and job."""
    keys = (*OF_JOB, "pipeline")
    kinds = credit_types_of(runs.collect_schema().names())
    return (
        runs.join(attempts.select(*keys, "first"), on=keys, nulls_equal=True)
        .filter(pl.col("order") > pl.col("first"))
        .group_by("date", *OF_JOB)
        .agg(pl.col(f"{kind}_credits").sum().alias(kind) for kind in kinds)
    )


def _branch_credits(runs: pl.LazyFrame, branches: pl.DataFrame) -> pl.LazyFrame:
    """Credits of all runs by day, workflow and branch."""
    kinds = credit_types_of(runs.collect_schema().names())
    shown = with_chosen_branches(runs, branches)
    return shown.group_by(_OF_BRANCH).agg(
        pl.col(f"{kind}_credits").sum().alias(kind) for kind in kinds
    )


def _by_credit_type(credits: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The same, once per credit type that is not zero."""
    sums = credits.group_by(keys).sum()
    return sums.unpivot(index=keys, variable_name="credit_type", value_name="credits").filter(
        pl.col("credits") != 0
    )
