"""The group of a branch: the globs that it matches."""

from collections.abc import Sequence

import polars as pl

from circleci_usage.core.globs import glob_regex
from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME, OTHER_BRANCHES


def with_branch_groups(runs: pl.DataFrame, globs: Sequence[str]) -> pl.DataFrame:
    r"""Job runs with `branch_group`, a categorical.

    It has the globs that the branch matches, joined by line feeds, or `OTHER_BRANCHES`, or
    `NO_NAME`. Each branch is matched once: there are far fewer of them than runs.

    branch    | branch_group of main, release/*
    main      | main
    release/2 | release/*
    fix-login | (other branches)
    """
    branches = runs.select("branch").unique()
    group = _group_of(pl.col("branch").cast(pl.String), globs).cast(pl.Categorical)
    groups = branches.with_columns(group.alias(BRANCH_GROUP))
    return runs.join(groups, on="branch", how="left", nulls_equal=True, maintain_order="left")


def _group_of(branch: pl.Expr, globs: Sequence[str]) -> pl.Expr:
    no_group = pl.when(branch.is_null()).then(pl.lit(NO_NAME)).otherwise(pl.lit(OTHER_BRANCHES))
    if not globs:
        return no_group
    shown = branch.fill_null(NO_NAME)
    matching = [
        pl.when(shown.str.contains(f"^{glob_regex(glob)}$")).then(pl.lit(glob)) for glob in globs
    ]
    groups = pl.concat_str(matching, separator="\n", ignore_nulls=True)
    return pl.when(groups == "").then(no_group).otherwise(groups)
