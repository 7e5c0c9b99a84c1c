"""The groups of a branch and of a user: the patterns that they match."""

from collections.abc import Sequence

import polars as pl

from circleci_usage.core.patterns import pattern_regex
from circleci_usage.schema.export_columns import (
    BRANCH_GROUP,
    NO_NAME,
    OTHER_BRANCHES,
    OTHER_USERS,
    USER_GROUP,
)


def with_branch_groups(runs: pl.DataFrame, patterns: Sequence[str]) -> pl.DataFrame:
    r"""Job runs with `branch_group`, a categorical.

    It has the patterns that the branch matches, joined by line feeds, or `OTHER_BRANCHES`, or
    `NO_NAME`. Each branch is matched once: there are far fewer of them than runs.

    branch    | branch_group of main, release/*
    main      | main
    release/2 | release/*
    fix-login | (other branches)
    """
    branch = pl.col("branch")
    no_group = pl.when(branch.is_null()).then(pl.lit(NO_NAME)).otherwise(pl.lit(OTHER_BRANCHES))
    return _with_groups(runs, "branch", patterns, no_group.alias(BRANCH_GROUP))


def with_user_groups(runs: pl.DataFrame, patterns: Sequence[str]) -> pl.DataFrame:
    """Job runs with `user_group`, likewise; without a match it is `OTHER_USERS`."""
    no_group = pl.lit(OTHER_USERS).alias(USER_GROUP)
    if not patterns:
        return runs.with_columns(no_group.cast(pl.Categorical))
    return _with_groups(runs, "user", patterns, no_group)


def _with_groups(
    runs: pl.DataFrame, name: str, patterns: Sequence[str], no_group: pl.Expr
) -> pl.DataFrame:
    """Job runs with the groups of a name, in the column that `no_group` is called."""
    names = runs.select(name).unique()
    group = _group_of(pl.col(name).cast(pl.String), patterns, no_group).cast(pl.Categorical)
    groups = names.with_columns(group.alias(no_group.meta.output_name()))
    return runs.join(groups, on=name, how="left", nulls_equal=True, maintain_order="left")


def _group_of(name: pl.Expr, patterns: Sequence[str], no_group: pl.Expr) -> pl.Expr:
    if not patterns:
        return no_group
    shown = name.fill_null(NO_NAME)
    flags = {pattern: shown.str.contains(pattern_regex(pattern)) for pattern in patterns}
    found = [pl.when(is_matching).then(pl.lit(pattern)) for pattern, is_matching in flags.items()]
    groups = pl.concat_str(found, separator="\n", ignore_nulls=True)
    return pl.when(groups == "").then(no_group).otherwise(groups)
