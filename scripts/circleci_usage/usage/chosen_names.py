"""The workflows and branches that run statistics show by name: the ones that cost the most.

Chosen from the sums of an engine, so that every engine chooses alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.schema.export_columns import NO_NAME

RECENT_RUNS: Final = 100
"""Runs of a workflow that are listed one by one: the latest."""

_WORKFLOWS: Final = 12
_BRANCHES: Final = 10
_PROJECT: Final = ("project_id", "project")


@dataclass(frozen=True)
class ChosenNames:
    """Names as they stand in job runs: null where the export has none.

    Attributes:
        workflows: `project_id`, `project` (null where there is an id) and `workflow`.
        branches: `project_id`, `project` (likewise) and `branch`.
    """

    workflows: pl.DataFrame
    branches: pl.DataFrame


def chosen_names(
    days: pl.DataFrame, branches: pl.DataFrame, period: Period | None, main: Sequence[str]
) -> ChosenNames:
    """Choose the workflows with the most credits, and of each project the branches with the most.

    Args:
        days: `Sums.days`.
        branches: `Sums.branches`.
        period: the days that count; None for all.
        main: branches that are always chosen, such as `main`; other globs match none.
    """
    workflows = _ranked(days, "workflow", period).head(_WORKFLOWS)
    ranked = _ranked(branches, "branch", period)
    place = pl.int_range(pl.len()).over(_PROJECT)
    top = ranked.filter((place < _BRANCHES) | pl.col("branch").is_in(list(main)))
    return ChosenNames(_as_in_runs(workflows, "workflow"), _as_in_runs(top, "branch"))


def _ranked(sums: pl.DataFrame, name: str, period: Period | None) -> pl.DataFrame:
    """Projects and names, those with the most credits first."""
    if period:
        sums = sums.filter(pl.col("date").is_between(period.first, period.last))
    keys = (*_PROJECT, name)
    texts = sums.select(pl.col(keys).cast(pl.String), "total_credits", "job_runs")
    totals = texts.group_by(keys).agg(pl.col("total_credits", "job_runs").sum())
    order = [True, True, False, False, False]
    return totals.sort("total_credits", "job_runs", *keys, descending=order)


def _as_in_runs(names: pl.DataFrame, name: str) -> pl.DataFrame:
    has_id = pl.col("project_id") != NO_NAME
    bare = names.select(
        "project_id", pl.when(~has_id).then(pl.col("project")).alias("project"), name
    )
    return bare.select(pl.when(pl.all() != NO_NAME).then(pl.all()).name.keep())
