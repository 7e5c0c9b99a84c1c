"""Runs of workflows, from all parts of them."""

import polars as pl

from circleci_usage.usage.polars.run_expressions import OF_WORKFLOW
from circleci_usage.usage.polars.workflow_parts import FLAGS


def workflow_runs(parts: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of `workflow_parts`, with `who` → a row per run of a workflow, with its `outcome`.

    CircleCI sets the end of a workflow also while it is on hold: then some of its jobs wait, and
    none has failed. Without an end, a run has ended when all of its rows have; without
    IS_WORKFLOW_SUCCESSFUL, it was successful when all of its jobs were.

    Columns:
        `OF_WORKFLOW`, `workflow_run`, `date`, `seconds`, `branch`, `order`, `pipeline_number`,
            `outcome`, `never_started` (canceled without any job on a machine: such a run has no
            `seconds`, whatever times the export tells).
    """
    waits = pl.col("waiting") & ~pl.col("failed")
    outcome = (
        pl.when("canceled")
        .then(pl.lit("canceled"))
        .when(pl.col("successful") | (pl.col("untold") & pl.col("all_passed")))
        .then(pl.lit("succeeded"))
        .when(~pl.col("stopped") & ~pl.col("all_ended"))
        .then(pl.lit("running"))
        .when(waits)
        .then(pl.lit("on_hold"))
        .otherwise(pl.lit("failed"))
    )
    flags = [
        (pl.col(name).any() if holds == "any" else pl.col(name).all())
        for name, holds in FLAGS.items()
    ]
    return (
        parts.filter(pl.col("workflow_run").is_not_null())
        .group_by(*OF_WORKFLOW, "workflow_run")
        .agg(
            pl.col("date", "branch", "order", "pipeline_number").min(),
            pl.col("seconds").max(),
            *flags,
        )
        .with_columns(outcome.alias("outcome"))
        .with_columns(never_started=(pl.col("outcome") == "canceled") & pl.col("had_nothing"))
        .with_columns(pl.when(~pl.col("never_started")).then("seconds").alias("seconds"))
        .drop(*FLAGS)
    )
