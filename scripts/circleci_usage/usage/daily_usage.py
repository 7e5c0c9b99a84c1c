"""Parts → daily usage: the one heavy pass.

The parts are read once, streamed into a temporary Parquet file with the few columns that matter, a twentieth of their
size; that is asked for everything (`runs`, `performance`). So an export of any size passes through a bounded amount of
memory. The sums are written with Narwhals, so that they run wherever a lazy frame with the same columns lives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from circleci_usage.columns import BRANCH_GROUP, CREDIT_TYPES, NO_NAME, OTHER
from circleci_usage.days import Period
from circleci_usage.money.units import INT64, Counts
from circleci_usage.usage.cache import Sums, load_sums, save_sums, sums_key
from circleci_usage.usage.damage import damage_behind, find_damage
from circleci_usage.usage.parts import Part
from circleci_usage.usage.performance import Performance, ask, performance
from circleci_usage.usage.runs import unless_identified, write_runs
from circleci_usage.usage.scan import IDENTITIES, NUMBER, WHOLE, scan_parts

BRANCH_DIMENSIONS: Final = ("date", "organization_id", "organization", "project_id", "project", "branch")

DIMENSIONS: Final = (
    "date",
    "organization_id",
    "organization",
    "project_id",
    "project",
    "vcs_url",
    "workflow",
    "job",
    "resource_class",
    "executor",
    "operating_system",
    "status",
    "trigger",
    BRANCH_GROUP,
)
"""What daily usage is summed by. Branches are too many to be one of these; see `DailyUsage`."""

RUN_MEASURES: Final = ("job_runs", "unreconciled_rows", "total_credits", "job_seconds")

MAIN_BRANCHES: Final = ("main", "master", "trunk", "develop")
"""Branches that are told apart from all others also where settings do not name them."""

_AT_A_TIME: Final = 800_000
_NAMES_OF: Final = {**IDENTITIES, "vcs_url": "project_id"}


@dataclass(frozen=True)
class DailyUsage:
    """Job runs summed per UTC day and dimension.

    Attributes:
        runs: a row per combination of `DIMENSIONS`, with `job_runs`, `unreconciled_rows` (in how many of the runs
            TOTAL_CREDITS is not the sum of the credit types), `total_credits` and `job_seconds`.
        credits: the same rows once per credit type that is not zero, with `credit_type`, `credits` and `job_runs` (the
            runs that used such credits).
        branch_runs: a row per combination of `BRANCH_DIMENSIONS`, with `job_runs`.
        branch_credits: as `credits`, but by `BRANCH_DIMENSIONS`.
        performance: how the job runs of a period went.
        places: credits and seconds are whole numbers of 10^-places (see `units`).

    Organisations and projects have the name of their last day, so that a renamed one may have several rows alike. The
    dimensions are categoricals, except `date`, which is a datetime64 midnight (NaT where the export has no day).
    """

    runs: pd.DataFrame
    credits: pd.DataFrame
    branch_runs: pd.DataFrame
    branch_credits: pd.DataFrame
    performance: Performance
    places: int

    @property
    def rows(self) -> int:
        """How many job runs were read."""
        return int(self.runs["job_runs"].sum())


def read_daily_usage(
    parts: Sequence[Part],
    *,
    period: Period | None = None,
    branch_globs: Sequence[str] = MAIN_BRANCHES,
    cache: Path | None = None,
) -> DailyUsage:
    """Sum the job runs of all parts per UTC day and dimension, streaming.

    Args:
        parts: what to read.
        period: the days that `DailyUsage.performance` is about; None for all days. The sums are of all days anyway.
        branch_globs: what branches are told apart by in `branch_group`: each branch stands under the globs it matches.
        cache: a folder to keep the sums in; parts that were summed before are then not read again.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
    """
    globs = sorted(set(branch_globs))
    if cache is None:
        return _daily_usage(_sums(parts, globs, period))
    changed = _changed(parts)
    key = sums_key(parts, globs, period)
    sums = load_sums(cache, key)
    if sums is None:
        sums = _sums(parts, globs, period)
        # Parts that changed while they were read have sums that belong to no key.
        if _changed(parts) == changed:
            save_sums(sums, cache, key)
    return _daily_usage(sums)


def _changed(parts: Sequence[Part]) -> list[int]:
    """When each was changed last."""
    return [part.path.stat().st_mtime_ns for part in parts]


def _sums(parts: Sequence[Part], branch_globs: Sequence[str], period: Period | None) -> Sums:
    with TemporaryDirectory(prefix="circleci-usage-", ignore_cleanup_errors=True) as folder:
        try:
            runs = pl.scan_parquet(_written(parts, branch_globs, Path(folder)))
            days = _tidy(_summed(runs, DIMENSIONS), DIMENSIONS)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise damage_behind(error, parts) from error
        if days["torn_rows"].sum():
            damage = find_damage(parts)
            if damage:
                raise damage
        of_branches = _summed(unless_identified(runs), BRANCH_DIMENSIONS)
        branches = _tidy(_named_as(days, of_branches), BRANCH_DIMENSIONS)
        return Sums(days, branches, ask(runs, period))


def _written(parts: Sequence[Part], branch_globs: Sequence[str], folder: Path) -> Path:
    """The file that the heavy pass asks, in a folder of its own: writers that failed may go on for a moment."""
    whole, exact = folder / "whole.parquet", folder / "exact.parquet"
    try:
        write_runs(scan_parts(parts, branch_globs, WHOLE), whole)
    except pl.exceptions.ComputeError:
        # Most often the first fraction; if it was damage, that is met again.
        write_runs(scan_parts(parts, branch_globs, NUMBER), exact)
        return exact
    return whole


def _summed(runs: pl.LazyFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    """Sums of sums of so many runs at a time: a reader of all of them would run ahead, and into memory."""
    rows = runs.select(pl.len()).collect().item()
    sums: list[pl.LazyFrame] = [
        sum_runs(nw.from_native(runs.slice(first, _AT_A_TIME)), dimensions).to_native()
        for first in range(0, max(rows, 1), _AT_A_TIME)
    ]
    first, *others = [each.collect(engine="streaming") for each in sums]
    if not others:
        return first
    return pl.concat([first, *others]).lazy().group_by(dimensions).sum().collect(engine="streaming")


def _named_as(days: pl.DataFrame, branches: pl.DataFrame) -> pl.DataFrame:
    """Give organisations and projects that have an id the names that daily usage has for them."""
    for name, identity in IDENTITIES.items():
        latest = days.select(identity, pl.col(name).alias("latest")).unique(identity)
        named = branches.join(latest, on=identity, how="left").with_columns(pl.col(name).fill_null(pl.col("latest")))
        branches = named.drop("latest")
    return branches


def sum_runs(runs: nw.LazyFrame[Any], dimensions: Sequence[str]) -> nw.LazyFrame[Any]:
    """Job runs with the columns of `runs.write_runs` → their sums, on any engine that Narwhals speaks to."""
    amounts = [nw.col(f"{kind}_credits") for kind in CREDIT_TYPES]
    return runs.group_by(*dimensions).agg(
        nw.len().alias("job_runs"),
        nw.col("job_seconds").sum(),
        nw.col("total_credits").sum(),
        nw.col("torn").sum().alias("torn_rows"),
        nw.col(f"{OTHER}_credits").count().alias("unreconciled_rows"),
        *(amount.sum() for amount in amounts),
        *(amount.count().alias(f"{kind}_runs") for kind, amount in zip(CREDIT_TYPES, amounts, strict=True)),
    )


def _tidy(sums: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Turn the text of days into dates, drop what only blank lines made, order the rows, say the names as of late."""
    names = [key for key in keys if key != "date"]
    blank = pl.all_horizontal(pl.col(key).is_null() for key in keys if key != BRANCH_GROUP)
    nothing = (pl.col("job_seconds") == 0) & pl.all_horizontal(pl.col(f"{kind}_credits") == 0 for kind in CREDIT_TYPES)
    return (
        sums.filter(~(blank & nothing))
        .with_columns(pl.col("date").str.to_date("%Y-%m-%d"))
        .sort(*keys)
        .with_columns(_latest(name) if name in _NAMES_OF else pl.col(name).fill_null(NO_NAME) for name in names)
    )


def _latest(name: str) -> pl.Expr:
    """A name as it is on the last day: who renames a project or an organisation wants it in one line, not in two."""
    identity = pl.col(_NAMES_OF[name])
    latest = pl.col(name).sort_by("date", name).last().over(identity)
    return pl.when(identity.is_null()).then(pl.col(name)).otherwise(latest).fill_null(NO_NAME)


def _daily_usage(sums: Sums) -> DailyUsage:
    # Halves of two branches may be a whole of their day.
    places = max(_places(sums.days), _places(sums.branches))
    of_days, of_branches = (
        _to_pandas(sums.days.select(*DIMENSIONS, *RUN_MEASURES), places),
        _to_pandas(sums.branches.select(*BRANCH_DIMENSIONS, "job_runs"), places),
    )
    return DailyUsage(
        runs=of_days,
        credits=_by_credit_type(sums.days, of_days[[*DIMENSIONS]], places),
        branch_runs=of_branches,
        branch_credits=_by_credit_type(sums.branches, of_branches[[*BRANCH_DIMENSIONS]], places),
        performance=performance(sums.answers, of_days),
        places=places,
    )


def _by_credit_type(sums: pl.DataFrame, dimensions: pd.DataFrame, places: int) -> pd.DataFrame:
    """The rows of wide sums once per credit type that is not zero; `dimensions` has the same rows."""
    used = {kind: (sums[f"{kind}_credits"] != 0).arg_true() for kind in CREDIT_TYPES}
    rows = np.concatenate([each.to_numpy() for each in used.values()])
    kinds = np.repeat(np.arange(len(CREDIT_TYPES)), [len(each) for each in used.values()])
    amounts = pl.concat(sums[f"{kind}_credits"].gather(each) for kind, each in used.items())
    job_runs = pl.concat(sums[f"{kind}_runs"].gather(each) for kind, each in used.items())
    return (
        dimensions.take(rows)
        .reset_index(drop=True)
        .assign(
            credit_type=pd.Categorical.from_codes(kinds, categories=pd.Index(CREDIT_TYPES, dtype="object")),
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
        known = series.unique().sort().cast(pl.String)
        codes = series.cast(pl.String).cast(pl.Enum(known)).to_physical()
        return pd.Categorical.from_codes(codes.to_numpy(), categories=pd.Index(known.to_list(), dtype="object"))
    if series.dtype == pl.Date:
        return series.cast(pl.Datetime("us")).to_numpy()
    return _counts(series, places)


def _counts(amounts: pl.Series, places: int) -> Counts:
    if amounts.dtype.is_integer():
        return amounts.cast(pl.Int64).to_numpy()
    unit = 10 ** (NUMBER.scale - places)
    counts = amounts.to_physical().to_frame().select(pl.first() // pl.lit(unit, pl.Int128)).to_series()
    if counts.abs().sum() < INT64:
        return counts.cast(pl.Int64).to_numpy()
    return np.array(counts.to_list(), dtype="object")
