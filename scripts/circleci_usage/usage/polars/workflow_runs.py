"""Runs of workflows, from all rows of their job runs."""

import polars as pl

from circleci_usage.usage.job_run_rules import OUTCOMES, WAITING
from circleci_usage.usage.polars.run_expressions import OF_WORKFLOW, has_nothing


def workflow_runs(runs: pl.LazyFrame, *more: pl.Expr) -> pl.LazyFrame:
    """A row per run of a workflow: its first day, its `outcome`, whether it never had a machine.

    CircleCI sets the end of a workflow also while it is on hold: then some of its jobs wait, and
    none has failed. Without an end, a run has ended when all of its rows have; without
    IS_WORKFLOW_SUCCESSFUL, it was successful when all of its jobs were.
    """
    status = pl.col("status").cast(pl.String)
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
    return (
        runs.filter(pl.col("workflow_run").is_not_null())
        .group_by(*OF_WORKFLOW, "workflow_run")
        .agg(
            pl.col("date").min(),
            pl.col("workflow_seconds").max().alias("seconds"),
            pl.col("workflow_stopped").any().alias("stopped"),
            pl.col("workflow_successful").any().alias("successful"),
            pl.col("workflow_successful").is_null().all().alias("untold"),
            (status == "success").fill_null(value=False).all().alias("all_passed"),
            status.is_in(list(OUTCOMES)).fill_null(value=False).all().alias("all_ended"),
            (status == "canceled").any().alias("canceled"),
            (status == "failed").any().alias("failed"),
            status.is_in(WAITING).any().alias("waiting"),
            has_nothing().all().alias("had_nothing"),
            *more,
        )
        .with_columns(outcome.alias("outcome"))
    )
