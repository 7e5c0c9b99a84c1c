"""Parts of workflow runs: what the job runs of one file say of each.

They are fewer than the job runs, and kept beside them, so that workflow runs of a year can be
counted without reading its job runs. `workflow_runs` puts them together.
"""

from typing import Final

import polars as pl

from circleci_usage.usage.job_run_rules import OUTCOMES, WAITING
from circleci_usage.usage.polars.job_runs import has_nothing

RUN: Final = ("workflow", "workflow_run", "pipeline")
"""What identifies a run within its project."""

FLAGS: Final = {
    **dict.fromkeys(("stopped", "successful", "canceled", "failed", "waiting"), "any"),
    **dict.fromkeys(("untold", "all_passed", "all_ended", "had_nothing"), "all"),
}
"""What is said of a run → whether it holds if any, or all, of its job runs say so."""

PART: Final = (*RUN, "date", "seconds", "branch", "order", "pipeline_number", *FLAGS)
"""What is said of a run."""


def workflow_parts(runs: pl.LazyFrame, project: str) -> pl.LazyFrame:
    """A row per workflow run, and one for the job runs of a pipeline that have none.

    Args:
        runs: job runs as `typed_runs` has them.
        project: their column that tells projects apart.

    Columns:
        project; those of `PART`: `date` is that of the first job run, `branch` the first by name (a
            workflow run has one, unless the export is odd), `order` and `pipeline_number` are the
            lowest.
    """
    status = pl.col("status").cast(pl.String)
    return runs.group_by(project, *RUN).agg(
        pl.col("date").min(),
        pl.col("workflow_seconds").max().cast(pl.Float64).alias("seconds"),
        pl.col("branch").cast(pl.String).min(),
        pl.col("order", "pipeline_number").min(),
        pl.col("workflow_stopped").any().alias("stopped"),
        pl.col("workflow_successful").any().alias("successful"),
        (status == "canceled").any().alias("canceled"),
        (status == "failed").any().alias("failed"),
        status.is_in(WAITING).any().alias("waiting"),
        pl.col("workflow_successful").is_null().all().alias("untold"),
        (status == "success").fill_null(value=False).all().alias("all_passed"),
        status.is_in(list(OUTCOMES)).fill_null(value=False).all().alias("all_ended"),
        has_nothing().all().alias("had_nothing"),
    )
