"""Run statistics from a cluster: what `usage.polars.run_statistics` computes, in Spark's words."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pyspark.sql import DataFrame
from pyspark.sql import functions as sql

from circleci_usage.core.periods import Period
from circleci_usage.usage.chosen_names import ChosenNames
from circleci_usage.usage.job_run_rules import (
    HALF_A_MINUTE,
    JOB_KEYS,
    LAST_STEP,
    NO_RATE,
    OUTCOMES,
    RATE_KEYS,
    SHORTEST,
    STEP,
    TIME_KEYS,
    WORKFLOW_KEYS,
)
from circleci_usage.usage.run_statistics import RunStatisticsFrames
from circleci_usage.usage.spark.job_runs import grouped, unless_identified
from circleci_usage.usage.spark.machine_statistics import machine_statistics
from circleci_usage.usage.spark.name_groups import KnownPatterns
from circleci_usage.usage.spark.run_expressions import (
    brought,
    collected,
    credits_by_type,
    inside,
    joined,
    over_time,
    percentiles,
    thousandths,
)
from circleci_usage.usage.spark.unit_counts import unit_counts
from circleci_usage.usage.spark.workflow_runs import (
    recent_runs,
    with_chosen_branches,
    workflow_branches,
    workflow_runs,
    workflow_times,
    workflows,
)


def compute_run_statistics(
    runs: DataFrame,
    period: Period | None,
    chosen: ChosenNames,
    branch_patterns: KnownPatterns,
    groups: Mapping[str, str],
) -> RunStatisticsFrames:
    """As `polars.run_statistics.compute_run_statistics`, of the runs of `read_runs`."""
    every = unless_identified(runs).withColumn(
        "has_nothing", (sql.col("job_seconds") == 0) & (sql.col("total_credits") == 0)
    )
    never_started = sql.expr("status = 'canceled' AND has_nothing")
    of_period = grouped(every, groups).filter(inside(period))
    runs = of_period.filter(sql.col("status").isin(*OUTCOMES)).withColumn(
        "never_started", never_started
    )
    named = runs.filter("job IS NOT NULL")
    attempts = _attempts(named)
    branches = brought(chosen.branches, like=runs)
    with _persisted(workflow_runs(every)) as of_workflows:
        inside_period = of_workflows.filter(inside(period))
        return RunStatisticsFrames(
            jobs=collected(
                joined(_jobs(runs, JOB_KEYS), _of_attempts(attempts)).fillna(
                    0, ["pipelines", "reruns", "recovered"]
                )
            ),
            machines=collected(machine_statistics(named)),
            workflows=collected(workflows(inside_period)),
            reruns=collected(_rerun_credits(runs, attempts.filter("attempts > 1"))),
            classes=collected(_class_rates(runs)),
            workflow_times=collected(workflow_times(inside_period)),
            job_times=collected(_job_times(runs)),
            workflow_branches=collected(workflow_branches(inside_period, branches)),
            branch_credits=collected(_branch_credits(of_period, branches)),
            recent_runs=collected(recent_runs(inside_period, brought(chosen.workflows, like=runs))),
            class_use=collected(_class_use(named)),
            unit_counts=collected(unit_counts(every, of_workflows, branch_patterns)),
        )


@contextmanager
def _persisted(frame: DataFrame) -> Iterator[DataFrame]:
    """Keep a frame on the workers while several queries read it."""
    kept = frame.persist()
    try:
        yield kept
    finally:
        kept.unpersist()


def _jobs(runs: DataFrame, keys: Sequence[str]) -> DataFrame:
    return runs.groupBy(*keys).agg(
        sql.count("*").alias("runs"),
        *(
            sql.count_if(sql.col("status") == status).alias(name)
            for status, name in OUTCOMES.items()
        ),
        sql.count_if("never_started").alias("never_started"),
        *percentiles("IF(never_started, NULL, seconds)", "seconds"),
        *percentiles("queued", "queued"),
        sql.coalesce(
            sql.bround(sql.sum(thousandths("queued")) / sql.lit(1000.0)).cast("bigint"),
            sql.lit(0),
        ).alias("queued_seconds"),
    )


def _job_times(runs: DataFrame) -> DataFrame:
    return _jobs(over_time(runs), (*TIME_KEYS, *JOB_KEYS)).drop("never_started")


def _class_use(runs: DataFrame) -> DataFrame:
    """As in `polars.run_statistics`: how many runs of a class had which peak use."""
    measures = sql.stack(
        sql.lit(2), sql.lit("cpu"), sql.col("cpu"), sql.lit("ram"), sql.col("ram")
    ).alias("measure", "use")
    percent = sql.least(sql.floor(sql.col("use") / STEP) * STEP, sql.lit(LAST_STEP))
    return (
        runs.select("executor", "resource_class", measures)
        .filter("use IS NOT NULL")
        .groupBy("executor", "resource_class", "measure", percent.alias("percent"))
        .agg(sql.count("*").alias("runs"))
    )


def _class_rates(runs: DataFrame) -> DataFrame:
    """As in `polars.run_statistics`: what runs of a class were charged."""
    counted = runs.filter(
        (sql.col("job_seconds") >= SHORTEST)
        & (sql.col("compute_credits") > 0)
        & (sql.col("containers") >= 1)
        & sql.col("resource_class").isNotNull()
        & sql.col("executor").isNotNull()
    )
    containers = sql.col("containers").cast("double")
    container_seconds = sql.col("job_seconds").cast("double") * containers
    halves = sql.col("compute_credits").cast("double") * sql.lit(2.0) - containers
    rate = halves * sql.lit(float(HALF_A_MINUTE)) / sql.col("container_seconds") + sql.lit(0.5)
    rated = counted.withColumn("container_seconds", container_seconds).withColumn("rate", rate)
    return (
        rated.filter(sql.col("rate") < NO_RATE)
        .withColumns(
            {
                "rate": sql.floor("rate"),
                "in_parallel": sql.col("containers") > 1,
                "containers": sql.col("containers").cast("bigint"),
                "container_seconds": sql.col("container_seconds").cast("bigint"),
            }
        )
        .groupBy(*RATE_KEYS)
        .agg(
            sql.count("*").alias("runs"),
            sql.sum("compute_credits").alias("credits"),
            sql.sum("container_seconds").alias("container_seconds"),
            sql.sum("containers").alias("containers"),
        )
    )


def _attempts(runs: DataFrame) -> DataFrame:
    """As in `polars.run_statistics`: a row per pipeline and job with its `attempts`."""
    first_failure = sql.min(sql.when(sql.col("status") == "failed", sql.col("order")))
    last_success = sql.max(sql.when(sql.col("status") == "success", sql.col("order")))
    return (
        runs.filter("pipeline IS NOT NULL")
        .groupBy(*JOB_KEYS, "pipeline")
        .agg(
            sql.count("*").alias("attempts"),
            sql.min("order").alias("first"),
            (first_failure < last_success).alias("recovered"),
        )
    )


def _of_attempts(attempts: DataFrame) -> DataFrame:
    return attempts.groupBy(*JOB_KEYS).agg(
        sql.count("*").alias("pipelines"),
        sql.sum(sql.col("attempts") - 1).alias("reruns"),
        sql.count_if("recovered").alias("recovered"),
    )


def _rerun_credits(runs: DataFrame, attempts: DataFrame) -> DataFrame:
    """Credits of the runs after the first of `attempts`, by day, job and credit type."""
    keys = (*JOB_KEYS, "pipeline")
    again = joined(runs, attempts.select(*keys, "first"), keys, how="inner").filter("order > first")
    return credits_by_type(again, ("date", *JOB_KEYS))


def _branch_credits(runs: DataFrame, branches: DataFrame) -> DataFrame:
    """Credits by day, workflow, branch and credit type."""
    keys = ("date", *WORKFLOW_KEYS, "branch")
    return credits_by_type(with_chosen_branches(runs, branches), keys)
