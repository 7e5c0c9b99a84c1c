"""Parts → daily usage, which everything else is made from: sums as pandas frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import INT64, Counts
from circleci_usage.schema.export_columns import credit_types_of
from circleci_usage.usage.aggregates import (
    BRANCH_DIMENSIONS,
    DAILY_DIMENSIONS,
    MAIN_BRANCHES,
    NUMBER,
    RUN_MEASURES,
    USER_DIMENSIONS,
    Sums,
    used_types,
)
from circleci_usage.usage.cache import read_sums
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.run_statistics import RunStatistics, run_statistics


@dataclass(frozen=True)
class DailyUsage:
    """Job runs summed per UTC day and dimension.

    Attributes:
        runs: a row per combination of `DAILY_DIMENSIONS`, with `job_runs`, `unreconciled_rows` (the
            runs whose TOTAL_CREDITS is not the sum of their credit types), `total_credits` and
            `job_seconds`.
        credits: the same rows once per credit type that is not zero, with `credit_type`, `credits`
            and `job_runs` (the runs that used such credits).
        branch_runs: a row per combination of `BRANCH_DIMENSIONS`, with `job_runs`.
        branch_credits: as `credits`, but by `BRANCH_DIMENSIONS`.
        user_runs: a row per combination of `USER_DIMENSIONS`, with `job_runs`. A user that the
            export does not name is `NO_NAME`; where facts of an earlier version do not say who it
            was, `UNKNOWN_USER`.
        user_credits: as `credits`, but by `USER_DIMENSIONS`.
        run_statistics: how the job runs of a period went.
        places: credits and seconds are whole numbers of 10^-places (see `core.scaled_integers`).
        warnings: what a reader should know of the rows, a line each.
        has_repeats: whether rows were left out because they repeat job runs.

    Organizations and projects have the name of their last day, so that a renamed one may have
    several rows alike. The dimensions are categoricals, except `date`, which is a datetime64
    midnight (NaT where the export has no day).
    """

    runs: pd.DataFrame
    credits: pd.DataFrame
    branch_runs: pd.DataFrame
    branch_credits: pd.DataFrame
    user_runs: pd.DataFrame
    user_credits: pd.DataFrame
    run_statistics: RunStatistics
    places: int
    warnings: tuple[str, ...] = ()
    has_repeats: bool = False

    @property
    def rows(self) -> int:
        """How many job runs were read."""
        return int(self.runs["job_runs"].sum())


def read_daily_usage(
    parts: Sequence[Part],
    *,
    period: Period | None = None,
    branch_globs: Sequence[str] = MAIN_BRANCHES,
    user_patterns: Sequence[str] = (),
    cache: Path | None = None,
    job_groups: JobGroups = NO_GROUPS,
) -> DailyUsage:
    """Sum the job runs of all parts per UTC day and dimension, streaming.

    Args:
        parts: what to read.
        period: the days of `DailyUsage.run_statistics`; None for all. The sums are of all days.
        branch_globs: the globs of `branch_group`: each branch belongs to the globs that it matches.
        user_patterns: likewise, those of `user_group`.
        cache: a folder to keep the sums in; parts that were summed before are not read again.
        job_groups: what jobs are called in `DailyUsage.run_statistics`; the sums have their own
            names.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
    """
    patterns = NamePatterns(branch_globs, user_patterns)
    return daily_usage(read_sums(parts, patterns, period, cache, job_groups))


def daily_usage(sums: Sums) -> DailyUsage:
    """The sums of an engine as pandas frames of scaled integers.

    Whoever keeps no sums besides needs less memory: they are dropped as soon as they are converted.
    """
    # Halves of two branches may be a whole of their day.
    places = max(map(_places, (sums.days, sums.branches, sums.users)))
    of_days, of_branches, of_users = (
        _to_pandas(sums.days.select(*DAILY_DIMENSIONS, *RUN_MEASURES), places),
        _to_pandas(sums.branches.select(*BRANCH_DIMENSIONS, "job_runs"), places),
        _to_pandas(sums.users.select(*USER_DIMENSIONS, "job_runs"), places),
    )
    credits, branch_credits, user_credits = (
        _by_credit_type(sums.days, of_days[[*DAILY_DIMENSIONS]], places),
        _by_credit_type(sums.branches, of_branches[[*BRANCH_DIMENSIONS]], places),
        _by_credit_type(sums.users, of_users[[*USER_DIMENSIONS]], places),
    )
    warnings, has_repeats = sums.warnings, sums.has_repeats
    found = {**vars(sums.run_statistics)}
    del sums
    return DailyUsage(
        runs=of_days,
        credits=credits,
        branch_runs=of_branches,
        branch_credits=branch_credits,
        user_runs=of_users,
        user_credits=user_credits,
        run_statistics=run_statistics(found, of_days),
        places=places,
        warnings=warnings,
        has_repeats=has_repeats,
    )


def _by_credit_type(sums: pl.DataFrame, dimensions: pd.DataFrame, places: int) -> pd.DataFrame:
    """The rows of wide sums once per credit type that is not zero.

        job | compute_credits | compute_runs | storage_credits | storage_runs
        a   | 10              | 2            | 3               | 1

    becomes

        job | credit_type | credits | job_runs
        a   | compute     | 10      | 2
        a   | storage     | 3       | 1

    Args:
        sums: the sums of all types.
        dimensions: the names of the same rows.
        places: see `DailyUsage`.
    """
    every_kind = credit_types_of(sums.columns)
    used = {kind: (sums[f"{kind}_credits"] != 0).arg_true() for kind in used_types(sums)}
    rows = np.concatenate([each.to_numpy() for each in used.values()])
    numbers = [every_kind.index(kind) for kind in used]
    kinds = np.repeat(numbers, [len(each) for each in used.values()])
    amounts = pl.concat(sums[f"{kind}_credits"].gather(each) for kind, each in used.items())
    job_runs = pl.concat(sums[f"{kind}_runs"].gather(each) for kind, each in used.items())
    return (
        dimensions.take(rows)
        .reset_index(drop=True)
        .assign(
            credit_type=pd.Categorical.from_codes(
                kinds, categories=pd.Index(every_kind, dtype="object")
            ),
            credits=_counts(amounts, places),
            job_runs=_counts(job_runs, 0),
        )
    )


def _places(sums: pl.DataFrame) -> int:
    """The decimal places that the amounts need; none if they are integers."""
    if not any(series.dtype.is_decimal() for series in sums):
        return 0
    for unused in range(NUMBER.scale, 0, -1):
        rests = (pl.col(pl.Decimal).to_physical() % pl.lit(10**unused, pl.Int128) != 0).any()
        if not any(sums.select(rests).row(0)):
            return NUMBER.scale - unused
    return NUMBER.scale


def _to_pandas(frame: pl.DataFrame, places: int) -> pd.DataFrame:
    return pd.DataFrame({series.name: _column(series, places) for series in frame})


def _column(series: pl.Series, places: int) -> Any:  # noqa: ANN401 - pandas takes many kinds of columns
    if series.dtype == pl.Categorical:
        return _categories(series)
    if series.dtype == pl.Date:
        return series.cast(pl.Datetime("us")).to_numpy()
    return _counts(series, places)


def _categories(texts: pl.Series) -> pd.Categorical:
    """The texts, none of them null, as pandas numbers them: from zero, in their order."""
    known = texts.unique().sort()
    codes, of_known = (each.to_physical().to_numpy() for each in (texts, known))
    numbers = np.zeros(max(of_known.tolist(), default=-1) + 1, "int32")
    numbers[of_known] = np.arange(len(known))
    names = pd.Index(known.cast(pl.String).to_list(), dtype="object")
    return pd.Categorical.from_codes(numbers[codes], categories=names)


def _counts(amounts: pl.Series, places: int) -> Counts:
    if amounts.dtype.is_integer():
        return amounts.cast(pl.Int64).to_numpy()
    unit = 10 ** (NUMBER.scale - places)
    counts = (
        amounts.to_physical().to_frame().select(pl.first() // pl.lit(unit, pl.Int128)).to_series()
    )
    if counts.abs().sum() < INT64:
        return counts.cast(pl.Int64).to_numpy()
    return np.array(counts.to_list(), dtype="object")
