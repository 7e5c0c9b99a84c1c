"""The workflows and branches of `ChosenNames` among job runs that have `who`."""

from typing import Final

import polars as pl

from circleci_usage.schema.export_columns import OTHER_BRANCHES

_PROJECT: Final = ("project_id", "project")


def numbered(names: pl.DataFrame, who: pl.DataFrame) -> pl.DataFrame:
    """Chosen names with `who` in place of the project's id and name."""
    projects = who.select("who", pl.col(_PROJECT).cast(pl.String))
    return names.join(projects, on=_PROJECT, nulls_equal=True).drop(_PROJECT)


def with_chosen_branches(runs: pl.LazyFrame, branches: pl.DataFrame) -> pl.LazyFrame:
    """Runs whose branches go by their names if they are among the chosen ones of their project.

        branch    | branch, if main is chosen
        main      | main
        fix-login | (other branches)
        null      | null

    Args:
        runs: with `who` and `branch`.
        branches: `numbered` ones.
    """
    texts = runs.with_columns(pl.col("branch").cast(pl.String))
    chosen = branches.lazy().with_columns(is_chosen=pl.lit(value=True))
    shown = (
        pl.when(pl.col("is_chosen") | pl.col("branch").is_null())
        .then("branch")
        .otherwise(pl.lit(OTHER_BRANCHES))
    )
    joined = texts.join(chosen, on=["who", "branch"], how="left")
    return joined.with_columns(shown.alias("branch")).drop("is_chosen")
