"""How job runs went: durations, queues, peaks, runs again. The heavy pass's ordinary numbers, beside its exact sums.

What is asked here cannot be summed up while the rows stream by: percentiles need all values, and a run again needs the
other runs of its pipeline. So the pass writes the few columns that matter into a temporary Parquet file, a twentieth
of the rows' size, which is then asked as often as needed (also for the sums by branch). The parts are read once.

Percentiles are nearest-rank ones, exact over the rows: so many percent of the runs took as long or less, which is how
CircleCI Insights defines them (circleci.com/docs/insights-glossary).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import polars as pl

from circleci_usage.columns import CREDIT_TYPES, NO_NAME
from circleci_usage.days import Period
from circleci_usage.money.units import fitting, places_of, to_count

JOB_KEYS: Final = ("organization_id", "organization", "project_id", "project", "workflow", "job")
WORKFLOW_KEYS: Final = JOB_KEYS[:-1]
MACHINE_KEYS: Final = (*JOB_KEYS, "executor", "resource_class")

_TYPICAL: Final = 0.5
_HIGH: Final = 0.95
_DAY_LENGTH: Final = len("2026-01-31")
_SECONDS_LENGTH: Final = len("2026-01-31 23:59:59")
_OUTCOMES: Final = {"success": "succeeded", "failed": "failed", "canceled": "canceled"}
_NAMES_OF: Final = {"organization": "organization_id", "project": "project_id"}


@dataclass(frozen=True)
class Performance:
    """How the job runs of a period went. Frames of ordinary numbers; names are those of daily usage.

    Attributes:
        jobs: a row per `JOB_KEYS`: `runs` (that ended), `succeeded`, `failed`, `canceled`, `reruns` (runs after the
            first of the same job in the same workflow of the same pipeline), `pipelines`, `recovered` (pipelines in
            which the job failed first and passed later), `p50_seconds`, `p95_seconds`, `p50_queued`, `p95_queued` (NaN
            where the export has no times) and `queued_seconds` (in all).
        machines: a row per `MACHINE_KEYS`: `runs`, `measured_runs`, `p95_cpu` and `p95_ram` (percent, of the runs'
            peaks; NaN where none was measured).
        workflows: a row per `WORKFLOW_KEYS`: `runs` (that ended), `succeeded`, `canceled`, `p50_seconds`,
            `p95_seconds`, from the first job's start to the end.
        reruns: credits of the runs again: `JOB_KEYS`, `date`, `credit_type`, `credits` and `job_runs`, as in daily
            usage.
        places: the credits are whole numbers of 10^-places.
    """

    jobs: pd.DataFrame
    machines: pd.DataFrame
    workflows: pd.DataFrame
    reruns: pd.DataFrame
    places: int


@dataclass(frozen=True)
class Answers:
    """The frames of `Performance` as the pass gives them, before daily usage has named them."""

    jobs: pl.DataFrame
    machines: pl.DataFrame
    workflows: pl.DataFrame
    reruns: pl.DataFrame


def narrow(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Of the rows of `scan.scan_parts` what is asked for; organisations and projects have a name only if no id.

    Pipelines and workflows are hashed to 64 bits: among ten million of a job's, two are taken for one with a chance of
    one in half a million.
    """
    return rows.select(
        pl.col("date").str.head(_DAY_LENGTH).alias("date"),
        *(_unless_identified(name) if name in _NAMES_OF else pl.col(name) for name in JOB_KEYS),
        "branch",
        "executor",
        "resource_class",
        "status",
        pl.col("job_seconds").cast(pl.Float32).alias("seconds"),
        _seconds_between("queued_at", "started_at").alias("queued"),
        _seconds_between("workflow_started_at", "workflow_stopped_at").alias("workflow_seconds"),
        (pl.col("workflow_successful").str.to_lowercase() == "true").alias("workflow_successful"),
        _hash("pipeline_id").alias("pipeline"),
        _hash("workflow_id").alias("workflow_run"),
        # Numbers count up in a project; where there are none, the time of the start does.
        pl.coalesce(pl.col("run_number").cast(pl.Int64, strict=False), _milliseconds("started_at")).alias("order"),
        *(pl.col(name).cast(pl.Float32, strict=False) for name in ("cpu", "ram")),
        # Most are zero, and nulls are written in half the time.
        *(
            pl.when(pl.col(f"{kind}_credits") != 0).then(pl.col(f"{kind}_credits")).alias(f"{kind}_credits")
            for kind in CREDIT_TYPES
        ),
    )


def ask(runs: pl.LazyFrame, period: Period | None) -> Answers:
    """What those runs of `narrow` say that ended in the period (None: on any day)."""
    runs = runs.filter(pl.col("status").cast(pl.String).is_in(list(_OUTCOMES)) & pl.col("job").is_not_null())
    if period:
        runs = runs.filter((pl.col("date") >= str(period.first)) & (pl.col("date") <= str(period.last)))
    tries = _collected(_tries(runs))
    of_tries = tries.group_by(JOB_KEYS).agg(
        pl.len().alias("pipelines"), (pl.col("tries") - 1).sum().alias("reruns"), pl.col("recovered").sum()
    )
    jobs = _collected(
        runs.group_by(JOB_KEYS).agg(
            pl.len().alias("runs"),
            *((pl.col("status") == status).sum().alias(name) for status, name in _OUTCOMES.items()),
            *_percentiles("seconds", "seconds"),
            *_percentiles("queued", "queued"),
            pl.col("queued").cast(pl.Float64).sum().round().cast(pl.Int64).alias("queued_seconds"),
        )
    )
    machines = _collected(
        runs.group_by(MACHINE_KEYS).agg(
            pl.len().alias("runs"),
            pl.min_horizontal(pl.col("cpu").count(), pl.col("ram").count()).alias("measured_runs"),
            *(_percentile(name, _HIGH).alias(f"p95_{name}") for name in ("cpu", "ram")),
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
    again = _collected(_credits_again(runs, tries.lazy().filter(pl.col("tries") > 1)))
    counts = ("pipelines", "reruns", "recovered")
    jobs = jobs.join(of_tries, on=JOB_KEYS, how="left", nulls_equal=True).with_columns(pl.col(counts).fill_null(0))
    return Answers(jobs, machines, workflows, again)


def performance(answers: Answers, known: pd.DataFrame) -> Performance:
    """Name the organisations and projects of the answers as daily usage (`DailyUsage.runs`) does."""
    names = {
        name: dict(zip(known[identity].astype("object"), known[name].astype("object"), strict=True))
        for name, identity in _NAMES_OF.items()
    }
    amounts = answers.reruns["credits"].to_list()
    places = max(map(places_of, amounts), default=0)
    credits = np.array([to_count(amount, places) for amount in amounts], dtype="object")
    reruns = _named(answers.reruns.drop("credits"), names)
    return Performance(
        jobs=_named(answers.jobs, names),
        machines=_named(answers.machines, names),
        workflows=_named(answers.workflows, names),
        reruns=reruns.assign(
            date=pd.to_datetime(reruns["date"], format="%Y-%m-%d", errors="coerce"),
            credit_type=pd.Categorical(reruns["credit_type"], categories=CREDIT_TYPES),
            credits=fitting(credits, int(credits.sum())),
        ),
        places=places,
    )


def _tries(runs: pl.LazyFrame) -> pl.LazyFrame:
    """A row per pipeline and job: how many runs it had, the first of them, whether one passed after one had failed."""
    first_failure = pl.col("order").filter(pl.col("status") == "failed").min()
    last_success = pl.col("order").filter(pl.col("status") == "success").max()
    return (
        runs.filter(pl.col("pipeline").is_not_null())
        .group_by(*JOB_KEYS, "pipeline")
        .agg(
            pl.len().alias("tries"),
            pl.col("order").min().alias("first"),
            (first_failure < last_success).fill_null(value=False).alias("recovered"),
        )
    )


def _credits_again(runs: pl.LazyFrame, tries: pl.LazyFrame) -> pl.LazyFrame:
    """Credits of the runs after the first of `tries`, by day, job and credit type."""
    keys = (*JOB_KEYS, "pipeline")
    again = (
        runs.join(tries.select(*keys, "first"), on=keys, nulls_equal=True)
        .filter(pl.col("order") > pl.col("first"))
        .group_by("date", *JOB_KEYS)
        .agg(pl.col(f"{kind}_credits").sum() for kind in CREDIT_TYPES)
    )
    return pl.concat(
        again.select(
            "date", *JOB_KEYS, pl.lit(kind).alias("credit_type"), pl.col(f"{kind}_credits").alias("credits")
        ).filter(pl.col("credits") != 0)
        for kind in CREDIT_TYPES
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
    """One answer at a time: together they would take less time, and the memory of all."""
    return query.collect(engine="streaming")


def _percentile(column: str, share: float) -> pl.Expr:
    return pl.col(column).quantile(share, interpolation="equiprobable").cast(pl.Float64)


def _percentiles(column: str, unit: str) -> tuple[pl.Expr, pl.Expr]:
    return _percentile(column, _TYPICAL).alias(f"p50_{unit}"), _percentile(column, _HIGH).alias(f"p95_{unit}")


def _milliseconds(column: str) -> pl.Expr:
    """A moment as milliseconds since 1970. Cut at the point, because Polars has a fast way for whole seconds only."""
    text = pl.col(column).str
    whole = text.head(_SECONDS_LENGTH).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms", strict=False, cache=False)
    return whole.dt.epoch("ms") + text.slice(_SECONDS_LENGTH + 1, 3).cast(pl.Int64, strict=False).fill_null(0)


def _seconds_between(first: str, last: str) -> pl.Expr:
    return (_milliseconds(last) - _milliseconds(first)) / 1000


def _hash(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null()).then(pl.col(column).hash())


def _unless_identified(name: str) -> pl.Expr:
    """A name only where there is no id: what is renamed stays one."""
    return pl.when(pl.col(_NAMES_OF[name]).is_null()).then(pl.col(name)).alias(name)


def _named(frame: pl.DataFrame, names: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for series in frame:
        is_text = not series.dtype.is_numeric()
        columns[series.name] = pd.Series(
            series.cast(pl.String).fill_null(NO_NAME).to_list() if is_text else series.to_numpy(),
            dtype="object" if is_text else None,
        )
    for name, identity in _NAMES_OF.items():
        latest = pd.Series(columns[identity].map(names[name]), dtype="object")
        columns[name] = latest.where(columns[identity].ne(NO_NAME) & latest.notna(), columns[name])
    return pd.DataFrame(columns)
