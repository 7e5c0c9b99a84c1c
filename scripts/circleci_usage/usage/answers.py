"""What is asked of the job runs that the heavy pass wrote aside: its ordinary numbers, beside its exact sums.

It cannot be summed up while the rows stream by: percentiles need all values, and a run again needs the other runs of
its pipeline.

Percentiles are nearest-rank ones, exact over the rows: so many percent of the runs took as long or less, which is how
CircleCI Insights defines them (circleci.com/docs/insights-glossary).
"""

from dataclasses import dataclass
from typing import Final

import narwhals as nw
import polars as pl

from circleci_usage.columns import CREDIT_TYPES
from circleci_usage.days import Period
from circleci_usage.usage.class_rates import RATE_KEYS, class_rates
from circleci_usage.usage.runs import in_turn, unless_identified

JOB_KEYS: Final = ("organization_id", "organization", "project_id", "project", "workflow", "job")
WORKFLOW_KEYS: Final = JOB_KEYS[:-1]
MACHINE_KEYS: Final = (*JOB_KEYS, "executor", "resource_class")

TYPICAL: Final = 0.5
HIGH: Final = 0.95
_SLICE: Final = 600_000
_ASKED: Final = (
    *MACHINE_KEYS,
    "status",
    "seconds",
    "queued",
    "workflow_seconds",
    "workflow_successful",
    "pipeline",
    "workflow_run",
    "order",
    "cpu",
    "ram",
    "median_cpu",
)
OUTCOMES: Final = {"success": "succeeded", "failed": "failed", "canceled": "canceled"}


@dataclass(frozen=True)
class Answers:
    """The frames of `performance.Performance` as an engine gives them, before daily usage has named them."""

    jobs: pl.DataFrame
    machines: pl.DataFrame
    workflows: pl.DataFrame
    reruns: pl.DataFrame
    classes: pl.DataFrame


def ask(runs: pl.LazyFrame, period: Period | None) -> Answers:
    """What those runs of `runs.write_runs` say that ended in the period (None: on any day).

    Slice by slice of about `_SLICE` runs, each with all runs of its workflows: the memory that it takes does not grow
    with the runs, but with those of a single name of a workflow in a single project.
    """
    slices = max(1, runs.select(pl.len()).collect().item() // _SLICE)
    ended = pl.col("status").cast(pl.String).is_in(list(OUTCOMES)) & pl.col("job").is_not_null()
    if period:
        ended &= (pl.col("date") >= str(period.first)) & (pl.col("date") <= str(period.last))
    place = pl.sum_horizontal(pl.col(name).to_physical().cast(pl.UInt64) for name in ("project_id", "workflow"))
    runs = unless_identified(runs)
    answers = []
    for number in range(slices):
        slice_of_runs = _collected(runs.filter(ended & (place % slices == number)).select(_ASKED))
        answers.append(_answers(slice_of_runs.lazy()))
    jobs, machines, workflows, tries = (pl.concat(frames) for frames in zip(*answers, strict=True))
    # Some rows at a time: a join of all took 300 MB more, now and then.
    again = [_collected(_credits_again(some.filter(ended), tries.lazy())) for some in in_turn(runs, _SLICE)]
    rates = [_collected(_class_rates(some.filter(ended))) for some in in_turn(runs, _SLICE)]
    return Answers(
        jobs,
        machines,
        workflows,
        reruns=_by_credit_type(pl.concat(again)),
        classes=pl.concat(rates).group_by(RATE_KEYS).sum(),
    )


def _class_rates(runs: pl.LazyFrame) -> pl.LazyFrame:
    rates: pl.LazyFrame = class_rates(nw.from_native(runs)).to_native()
    return rates


def _answers(runs: pl.LazyFrame) -> tuple[pl.DataFrame, ...]:
    """Jobs, machines and workflows of `Answers`, and the tries of jobs that had several.

    One query at a time: together they would take the memory of all.
    """
    tries = _collected(_tries(runs))
    of_tries = tries.group_by(JOB_KEYS).agg(
        pl.len().alias("pipelines"), (pl.col("tries") - 1).sum().alias("reruns"), pl.col("recovered").sum()
    )
    jobs = _collected(
        runs.group_by(JOB_KEYS).agg(
            pl.len().alias("runs"),
            *((pl.col("status") == status).sum().alias(name) for status, name in OUTCOMES.items()),
            *_percentiles("seconds", "seconds"),
            *_percentiles("queued", "queued"),
            # Milliseconds, because sums of integers do not depend on the order.
            ((pl.col("queued").cast(pl.Float64) * 1000).round().cast(pl.Int64).sum() / 1000)
            .round()
            .cast(pl.Int64)
            .alias("queued_seconds"),
        )
    )
    machines = _collected(
        runs.group_by(MACHINE_KEYS).agg(
            pl.len().alias("runs"),
            pl.min_horizontal(pl.col("cpu").count(), pl.col("ram").count()).alias("measured_runs"),
            *(_percentile(name, HIGH).alias(f"p95_{name}") for name in ("cpu", "ram")),
            pl.col("median_cpu").count().alias("median_runs"),
            _percentile("median_cpu", TYPICAL).alias("p50_median_cpu"),
        )
    )
    workflows = _collected(
        _workflow_runs(runs)
        .group_by(WORKFLOW_KEYS)
        .agg(
            pl.len().alias("runs"),
            pl.col("successful").sum().alias("succeeded"),
            (pl.col("canceled") & ~pl.col("successful")).sum().alias("canceled"),
            *_percentiles("seconds", "seconds"),
        )
    )
    counts = ("pipelines", "reruns", "recovered")
    jobs = jobs.join(of_tries, on=JOB_KEYS, how="left", nulls_equal=True).with_columns(pl.col(counts).fill_null(0))
    return jobs, machines, workflows, tries.filter(pl.col("tries") > 1)


def _tries(runs: pl.LazyFrame) -> pl.LazyFrame:
    """A row per pipeline and job: how many runs it had, the first of them, whether one passed after one had failed."""
    failed, passed = (pl.when(pl.col("status") == status).then("order") for status in ("failed", "success"))
    return (
        runs.filter(pl.col("pipeline").is_not_null())
        .with_columns(failed=failed, passed=passed)
        .group_by(*JOB_KEYS, "pipeline")
        .agg(
            pl.len().alias("tries"),
            pl.col("order").min().alias("first"),
            (pl.col("failed").min() < pl.col("passed").max()).fill_null(value=False).alias("recovered"),
        )
    )


def _credits_again(runs: pl.LazyFrame, tries: pl.LazyFrame) -> pl.LazyFrame:
    """Credits of the runs after the first of `tries`, by day and job."""
    keys = (*JOB_KEYS, "pipeline")
    return (
        runs.join(tries.select(*keys, "first"), on=keys, nulls_equal=True)
        .filter(pl.col("order") > pl.col("first"))
        .group_by("date", *JOB_KEYS)
        .agg(pl.col(f"{kind}_credits").sum().alias(kind) for kind in CREDIT_TYPES)
    )


def _by_credit_type(credits: pl.DataFrame) -> pl.DataFrame:
    """The same, once per credit type that is not zero."""
    keys = ("date", *JOB_KEYS)
    sums = credits.group_by(keys).sum()
    return sums.unpivot(CREDIT_TYPES, index=keys, variable_name="credit_type", value_name="credits").filter(
        pl.col("credits") != 0
    )


def _workflow_runs(runs: pl.LazyFrame) -> pl.LazyFrame:
    """A row per run of a workflow that has ended."""
    return (
        runs.filter(pl.col("workflow_run").is_not_null() & pl.col("workflow_seconds").is_not_null())
        .group_by(*WORKFLOW_KEYS, "workflow_run")
        .agg(
            pl.col("workflow_seconds").max().alias("seconds"),
            pl.col("workflow_successful").any().alias("successful"),
            (pl.col("status") == "canceled").any().alias("canceled"),
        )
    )


def _collected(query: pl.LazyFrame) -> pl.DataFrame:
    return query.collect(engine="streaming")


def _percentile(column: str, share: float) -> pl.Expr:
    return pl.col(column).quantile(share, interpolation="equiprobable").cast(pl.Float64)


def _percentiles(column: str, unit: str) -> tuple[pl.Expr, pl.Expr]:
    return _percentile(column, TYPICAL).alias(f"p50_{unit}"), _percentile(column, HIGH).alias(f"p95_{unit}")
