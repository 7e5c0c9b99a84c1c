"""What every engine returns: job runs summed per day and dimension, as small Polars frames.

An engine returns bare sums; here they are put in order: days become dates, blank lines disappear,
organizations and projects get their latest names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from circleci_usage.core.periods import EXPORTED_DAYS
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import IDENTITIES, KEY_IDENTITIES, names_in
from circleci_usage.schema.export_columns import (
    BRANCH_GROUP,
    LONGEST_NAME,
    NO_NAME,
    OTHER,
    USER_GROUP,
    credit_types_of,
)
from circleci_usage.usage.job_run_rules import DECIMALS, DIGITS
from circleci_usage.usage.run_statistics import RunStatisticsFrames

BRANCH_DIMENSIONS: Final = names_in(Place.BRANCH_USAGE)
"""What the daily usage of branches is summed by."""

USER_DIMENSIONS: Final = names_in(Place.USER_USAGE)
"""What the daily usage of users is summed by."""

DAILY_DIMENSIONS: Final = names_in(Place.DAILY_USAGE)
"""What daily usage is summed by. Branches are too many to be one of these; see `DailyUsage`."""

_ALL_DIMENSIONS: Final = frozenset(DAILY_DIMENSIONS + BRANCH_DIMENSIONS + USER_DIMENSIONS)

_GROUPS: Final = (BRANCH_GROUP, USER_GROUP)
"""Lists of patterns, not names."""

NUMBER: Final = pl.Decimal(DIGITS, DECIMALS)
"""The type of amounts that are not all whole."""

MAIN_BRANCHES: Final = ("main", "master", "trunk", "develop")
"""Branches that have a group of their own also where the settings file does not name them."""

RUN_MEASURES: Final = ("job_runs", "unreconciled_rows", "total_credits", "job_seconds")


@dataclass(frozen=True)
class Sums:
    """What an engine returns.

    Attributes:
        days: a wide frame with the sums per day and dimension, of the `used_types`.
        branches: the same per day and branch.
        users: the same per day and user.
        run_statistics: how the job runs went.
        warnings: what a reader should know of the rows, a line each.
        has_repeats: whether rows were left out because they repeat job runs.
    """

    days: pl.DataFrame
    branches: pl.DataFrame
    users: pl.DataFrame
    run_statistics: RunStatisticsFrames
    warnings: tuple[str, ...] = ()
    has_repeats: bool = False


def tidy_days(sums: pl.DataFrame) -> pl.DataFrame:
    """Sums by `DAILY_DIMENSIONS` as an engine gives them → `Sums.days`.

    Raises:
        polars.exceptions.PolarsError: a day is not one of an export, or a name is too long.
    """
    return _tidy(sums, DAILY_DIMENSIONS)


def tidy_branches(sums: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Sums by `BRANCH_DIMENSIONS` of `unless_identified` runs → `Sums.branches`, with names.

    Organizations and projects are named as in `Sums.days`.

    Raises:
        polars.exceptions.PolarsError: as `tidy_days`.
    """
    return _tidy(with_latest_names(sums, days), BRANCH_DIMENSIONS)


def tidy_users(sums: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Sums by `USER_DIMENSIONS` → `Sums.users`, as `tidy_branches`."""
    return _tidy(with_latest_names(sums, days), USER_DIMENSIONS)


def with_latest_names(sums: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Fill in the names of organizations and projects that have an id, as `Sums.days` has them."""
    for name, identity in KEY_IDENTITIES.items():
        latest = days.select(identity, pl.col(name).alias("latest")).unique(identity)
        named = sums.join(latest, on=identity, how="left").with_columns(
            pl.col(name).fill_null(pl.col("latest"))
        )
        sums = named.drop("latest")
    return sums


def used_types(sums: pl.DataFrame) -> list[str]:
    """The credit types that sums have columns of; engines leave out those that no run used."""
    columns = {*sums.columns}
    return [kind for kind in credit_types_of(columns) if f"{kind}_credits" in columns]


def has_columns(sums: pl.DataFrame, dimensions: Sequence[str]) -> bool:
    """Whether a frame that was read has the columns of sums by some dimensions, and no others."""
    of_types = (f"{kind}_{what}" for kind in used_types(sums) for what in ("credits", "runs"))
    return {*dimensions, *RUN_MEASURES, *of_types} == {*sums.columns}


def refuse_odd(sums: pl.DataFrame) -> None:
    """Refuse sums of days that no export has, or of names that are too long.

    Raises:
        polars.exceptions.PolarsError: there are such.
    """
    names = [name for name in sums.columns if name in _ALL_DIMENSIONS]
    days = sums["date"].str.to_date("%Y-%m-%d") if sums["date"].dtype == pl.String else sums["date"]
    if not _are_of_exports(days) or any(
        _longest(sums[name]) > LONGEST_NAME for name in names if name != "date"
    ):
        raise pl.exceptions.ComputeError("a day is not of an export, or a name is too long")


def _tidy(sums: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Sort the rows; days become dates, blank lines disappear, names are the latest."""
    names = [key for key in keys if key != "date"]
    blank = pl.all_horizontal(pl.col(key).is_null() for key in keys if key not in _GROUPS)
    sums = sums if used_types(sums) else sums.with_columns(_no_credits(sums))
    amounts = [f"{kind}_credits" for kind in used_types(sums)]
    nothing = (pl.col("job_seconds") == 0) & pl.all_horizontal(
        pl.col(amount) == 0 for amount in amounts
    )
    sums = sums.filter(~(blank & nothing)).with_columns(pl.col("date").str.to_date("%Y-%m-%d"))
    refuse_odd(sums)
    return sums.sort(*keys).with_columns(
        _latest(name) if name in IDENTITIES else pl.col(name).fill_null(NO_NAME) for name in names
    )


def _are_of_exports(days: pl.Series) -> bool:
    return bool(days.drop_nulls().is_between(EXPORTED_DAYS.first, EXPORTED_DAYS.last).all())


def _longest(names: pl.Series) -> int:
    """The length of the longest name; lists of globs are not names."""
    if names.name in _GROUPS:
        return 0
    longest = names.unique().cast(pl.String).str.len_chars().max()
    return longest if isinstance(longest, int) else 0


def _no_credits(sums: pl.DataFrame) -> list[pl.Expr]:
    """A type with zeros, so that there is one."""
    like = {"credits": sums["total_credits"].dtype, "runs": sums["job_runs"].dtype}
    return [pl.lit(0, dtype).alias(f"{OTHER}_{what}") for what, dtype in like.items()]


def _latest(name: str) -> pl.Expr:
    """A name as of the last day, so that a renamed project is one line, not two.

    date       | project_id | project          project
    2026-03-01 | p1         | web       →      shop
    2026-03-02 | p1         | shop             shop
    """
    identity = pl.col(IDENTITIES[name])
    latest = pl.col(name).sort_by("date", name).last().over(identity)
    return pl.when(identity.is_null()).then(pl.col(name)).otherwise(latest).fill_null(NO_NAME)
