"""Run statistics, computed from the job runs in the temporary file.

They cannot be summed while the rows stream by: percentiles need all values, and reruns need the
other runs of their pipeline.

The outcome of a workflow run needs all of its rows, including those of jobs that never ran and have
no name in the export: the run is canceled when one of its rows is. It belongs to the day of its
first row, so that a period that begins or ends within it neither halves nor doubles it.

Percentiles are nearest-rank ones, exact over the rows: that percentage of the runs took as long or
less, as CircleCI Insights defines them (circleci.com/docs/insights-glossary).
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.schema.export_columns import credit_types_of
from circleci_usage.usage.job_run_rules import (
    HALF_A_MINUTE,
    HIGH,
    NO_RATE,
    OUTCOMES,
    RATE_KEYS,
    SHORTEST,
    TYPICAL,
    WORKFLOW_OUTCOMES,
)
from circleci_usage.usage.polars.compact_runs import Condition, JobRuns, RunsByWho
from circleci_usage.usage.polars.job_runs import grouped
from circleci_usage.usage.polars.run_expressions import (
    OF_JOB,
    OF_MACHINE,
    OF_WORKFLOW,
    collected,
    never_started,
    percentile,
    percentiles,
)
from circleci_usage.usage.polars.workflow_runs import workflow_runs
from circleci_usage.usage.run_statistics import RunStatisticsFrames

_SLICE: Final = 600_000
_BATCH: Final = 400_000

_OF_RATES: Final = ("job_seconds", "containers", "executor", "resource_class")

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
)


def compute_run_statistics(
    runs: JobRuns, period: Period | None, groups: Mapping[str, str] | None = None
) -> RunStatisticsFrames:
    """The statistics of the job runs that ended in a period.

    Jobs have the names of their groups. Runs of jobs without a name are a line of `jobs` whose job
    is null, and count in the runs of their workflows.

    The runs are read in slices of about `_SLICE`, each with all runs of its workflows: the memory
    does not grow with the runs, but with those of a single workflow name in a single project.

    Args:
        runs: the job runs.
        period: the days; None for all.
        groups: see `job_runs.grouped`.
    """
    every_file = runs.by_who().mapped(lambda frame: grouped(frame, groups or {}))
    by_who, others = every_file.split(period) if period else (every_file, None)
    ended = pl.col("status").cast(pl.String).is_in(list(OUTCOMES)) & _inside(period)
    elsewhere = _of_same_workflows(by_who, others, period)
    of_slices = []
    for in_slice in slices_of(by_who.rows, _SLICE):
        every = by_who.read(COLUMNS, in_slice).lazy()
        whole = pl.concat([every, *(rows.filter(in_slice(pl.col("who"))) for rows in elsewhere)])
        workflows = collected(_workflows(whole, period))
        of_slices.append((*_jobs_and_machines(every.filter(ended)), workflows))
    frames = [pl.concat(parts) for parts in zip(*of_slices, strict=True)]
    jobs, machines, attempts, workflows = frames
    reruns, rates = [], []
    credits = [f"{kind}_credits" for kind in credit_types_of(by_who.columns)]
    columns = (*OF_JOB, "status", "pipeline", "order", "date", *credits, *_OF_RATES)
    for batch in by_who.batches(_BATCH):
        some = batch.read(columns, lambda _: ended).lazy()
        reruns.append(collected(_rerun_credits(some, attempts.lazy())))
        rates.append(collected(_class_rates(some)))
    return RunStatisticsFrames(
        by_who.named(jobs),
        by_who.named(machines),
        by_who.named(workflows),
        reruns=by_who.named(_by_credit_type(pl.concat(reruns))),
        classes=pl.concat(rates).group_by(RATE_KEYS).sum(),
    )


def slices_of(rows: int, most: int) -> Iterator[Condition]:
    """Conditions that split runs into slices of about so many, each with whole workflows."""
    slices = max(1, -(-rows // most))
    workflow = pl.col("workflow").to_physical().fill_null(0)
    for number in range(slices):
        yield partial(_in_slice, workflow=workflow, slices=slices, number=number)


def _in_slice(who: pl.Expr, *, workflow: pl.Expr, slices: int, number: int) -> pl.Expr:
    return (who.cast(pl.UInt64) + workflow) % slices == number


def _of_same_workflows(
    runs: RunsByWho, others: RunsByWho | None, period: Period | None
) -> list[pl.LazyFrame]:
    """Rows of other files that belong to a workflow run of the period.

    A run that begins at the end of a month has rows in the files of both months.
    """
    if not (others and others.files):
        return []
    of_period = runs.read(["workflow_run", "date"], lambda _: _inside(period))["workflow_run"]
    known = of_period.drop_nulls().unique().to_frame().lazy()
    rows = others.mapped(lambda frame: frame.join(known, on="workflow_run", how="semi"))
    return [rows.read(COLUMNS, lambda _: pl.lit(value=True)).lazy()]


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


def _inside(period: Period | None) -> pl.Expr:
    """Whether the day lies in the period."""
    if period is None:
        return pl.lit(value=True)
    return (pl.col("date") >= str(period.first)) & (pl.col("date") <= str(period.last))


def _jobs_and_machines(runs: pl.LazyFrame) -> tuple[pl.DataFrame, ...]:
    """Jobs and machines of `RunStatisticsFrames`, and the jobs that ran several times.

    One query at a time: together they would take the memory of all.
    """
    runs = runs.with_columns(never_started().alias("never_started"))
    named = runs.filter(pl.col("job").is_not_null())
    attempts = collected(_attempts(named))
    jobs = collected(_jobs(runs))
    jobs = _with_attempts(jobs, attempts)
    machines = collected(_machines(named))
    return jobs, machines, attempts.filter(pl.col("attempts") > 1)


def _jobs(runs: pl.LazyFrame) -> pl.LazyFrame:
    outcomes = [(pl.col("status") == status).sum().alias(name) for status, name in OUTCOMES.items()]
    # Milliseconds, because sums of integers do not depend on the order.
    milliseconds = (pl.col("queued").cast(pl.Float64) * 1000).round().cast(pl.Int64)
    return runs.group_by(OF_JOB).agg(
        pl.len().alias("runs"),
        *outcomes,
        pl.col("never_started").sum(),
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


def _machines(runs: pl.LazyFrame) -> pl.LazyFrame:
    measured = pl.min_horizontal(pl.col("cpu").count(), pl.col("ram").count())
    return runs.group_by(OF_MACHINE).agg(
        pl.len().alias("runs"),
        measured.alias("measured_runs"),
        *(percentile(pl.col(name), HIGH).alias(f"p95_{name}") for name in ("cpu", "ram")),
        pl.col("median_cpu").count().alias("median_runs"),
        percentile(pl.col("median_cpu"), TYPICAL).alias("p50_median_cpu"),
    )


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


def _by_credit_type(credits: pl.DataFrame) -> pl.DataFrame:
    """The same, once per credit type that is not zero."""
    keys = ("date", *OF_JOB)
    sums = credits.group_by(keys).sum()
    return sums.unpivot(index=keys, variable_name="credit_type", value_name="credits").filter(
        pl.col("credits") != 0
    )


def _workflows(runs: pl.LazyFrame, period: Period | None) -> pl.LazyFrame:
    """Workflows of `RunStatisticsFrames`, from all rows of their runs."""
    ended = pl.col("outcome") != "running"
    never_started = (pl.col("outcome") == "canceled") & pl.col("had_nothing")
    return (
        workflow_runs(runs)
        .filter(_inside(period))
        .group_by(OF_WORKFLOW)
        .agg(
            ended.sum().alias("runs"),
            *((pl.col("outcome") == outcome).sum().alias(outcome) for outcome in WORKFLOW_OUTCOMES),
            never_started.sum().alias("never_started"),
            *percentiles(pl.col("seconds").filter(ended & ~never_started), "seconds"),
        )
    )
