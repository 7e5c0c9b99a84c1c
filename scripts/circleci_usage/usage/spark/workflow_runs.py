"""Runs of workflows from a cluster, and what is told of them: over time, by branch, one by one."""

from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sql

from circleci_usage.schema.export_columns import OTHER_BRANCHES
from circleci_usage.usage.chosen_names import RECENT_RUNS
from circleci_usage.usage.job_run_rules import (
    OUTCOMES,
    OVER_TIME,
    TIME_KEYS,
    WAITING,
    WORKFLOW_KEYS,
    WORKFLOW_OUTCOMES,
)
from circleci_usage.usage.spark.run_expressions import joined, over_time, percentiles

_OF_BRANCH: Final = ("project_id", "project", "branch")
_OF_WORKFLOW: Final = ("project_id", "project", "workflow")
_IN_ORDER: Final = ("date", "order", "pipeline_number", "seconds", "outcome", "branch")


def workflow_runs(runs: DataFrame) -> DataFrame:
    """As `polars.workflow_runs.workflow_runs`: a row per run of a workflow, with its `outcome`."""
    status = sql.col("status")
    outcome = sql.expr(
        "CASE WHEN canceled THEN 'canceled'"
        " WHEN successful OR (untold AND all_passed) THEN 'succeeded'"
        " WHEN NOT stopped AND NOT all_ended THEN 'running'"
        " WHEN waiting AND NOT failed THEN 'on_hold'"
        " ELSE 'failed' END"
    )
    return (
        runs.filter("workflow_run IS NOT NULL")
        .groupBy(*WORKFLOW_KEYS, "workflow_run")
        .agg(
            sql.min("date").alias("date"),
            sql.max("workflow_seconds").alias("seconds"),
            sql.bool_or("workflow_stopped").alias("stopped"),
            _any(sql.col("workflow_successful")).alias("successful"),
            sql.bool_and(sql.col("workflow_successful").isNull()).alias("untold"),
            _all(status == "success").alias("all_passed"),
            _all(status.isin(*OUTCOMES)).alias("all_ended"),
            _any(status == "canceled").alias("canceled"),
            _any(status == "failed").alias("failed"),
            _any(status.isin(*WAITING)).alias("waiting"),
            sql.bool_and("has_nothing").alias("had_nothing"),
            sql.min("branch").alias("branch"),
            sql.min("order").alias("order"),
            sql.min("pipeline_number").alias("pipeline_number"),
        )
        .withColumn("outcome", outcome)
        .withColumn("never_started", sql.expr("outcome = 'canceled' AND had_nothing"))
        .withColumn("seconds", sql.expr("IF(never_started, NULL, seconds)"))
    )


def workflows(runs: DataFrame) -> DataFrame:
    """Workflows of `RunStatisticsFrames`, from their runs in the period."""
    return runs.groupBy(*WORKFLOW_KEYS).agg(
        ended().alias("runs"),
        *map(with_outcome, WORKFLOW_OUTCOMES),
        sql.count_if("never_started").alias("never_started"),
        *_durations(),
    )


def workflow_times(runs: DataFrame) -> DataFrame:
    """The same by day, week and month."""
    return over_time(runs).groupBy(*TIME_KEYS, *WORKFLOW_KEYS).agg(*_outcomes())


def workflow_branches(runs: DataFrame, branches: DataFrame) -> DataFrame:
    """The same by branch; `branches` are the ones that go by their names."""
    shown = with_chosen_branches(runs, branches)
    return shown.groupBy(*WORKFLOW_KEYS, "branch").agg(*_outcomes())


def with_chosen_branches(runs: DataFrame, branches: DataFrame) -> DataFrame:
    """Runs with `OTHER_BRANCHES` in place of the branches that do not go by their names."""
    marked = branches.withColumn("is_chosen", sql.lit(True))  # noqa: FBT003
    shown = sql.when(sql.col("is_chosen") | sql.col("branch").isNull(), sql.col("branch"))
    return (
        joined(runs, marked, _OF_BRANCH)
        .withColumn("branch", shown.otherwise(sql.lit(OTHER_BRANCHES)))
        .drop("is_chosen")
    )


def recent_runs(runs: DataFrame, workflows: DataFrame) -> DataFrame:
    """The latest runs of some workflows, each with its `position`, from the oldest on."""
    of_workflow = Window.partitionBy(*WORKFLOW_KEYS)
    in_order = of_workflow.orderBy(*(sql.col(name).asc_nulls_first() for name in _IN_ORDER))
    older = sql.greatest(sql.count("*").over(of_workflow) - RECENT_RUNS, sql.lit(0))
    return (
        joined(runs, workflows, _OF_WORKFLOW, "left_semi")
        .withColumn("position", sql.row_number().over(in_order) - 1 - older)
        .filter("position >= 0")
        .select(
            *WORKFLOW_KEYS,
            "date",
            "position",
            "outcome",
            sql.col("seconds").cast("double").alias("seconds"),
            "branch",
            "pipeline_number",
        )
    )


def ended() -> Column:
    """How many runs have ended or are on hold."""
    return sql.count_if(sql.col("outcome") != "running")


def with_outcome(outcome: str) -> Column:
    """How many runs have an outcome."""
    return sql.count_if(sql.col("outcome") == outcome).alias(outcome)


def _outcomes() -> tuple[Column, ...]:
    return (ended().alias("runs"), *map(with_outcome, OVER_TIME), *_durations())


def _durations() -> tuple[Column, ...]:
    return percentiles("IF(outcome = 'running', NULL, seconds)", "seconds")


def _any(flag: Column) -> Column:
    """Whether a flag is true in any row; null counts as false."""
    return sql.coalesce(sql.bool_or(flag), sql.lit(False))  # noqa: FBT003


def _all(flag: Column) -> Column:
    """Whether a flag is true in every row; null counts as false."""
    return sql.bool_and(sql.coalesce(flag, sql.lit(False)))  # noqa: FBT003
