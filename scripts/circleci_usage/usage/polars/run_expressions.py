"""What run statistics are made of: keys, percentiles, and what a run was like."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.usage.job_run_rules import (
    HIGH,
    JOB_KEYS,
    MACHINE_KEYS,
    OUTCOMES,
    TYPICAL,
    WORKFLOW_KEYS,
)
from circleci_usage.usage.polars.compact_runs import WHO
from circleci_usage.usage.polars.job_runs import has_nothing


def _short(keys: Sequence[str]) -> tuple[str, ...]:
    """Keys with `who` in place of what it stands for."""
    return ("who", *(key for key in keys if key not in WHO))


OF_JOB: Final = _short(JOB_KEYS)
OF_WORKFLOW: Final = _short(WORKFLOW_KEYS)
OF_MACHINE: Final = _short(MACHINE_KEYS)
"""`JOB_KEYS` and the others of runs that have `who`."""


def inside(period: Period | None) -> pl.Expr:
    """Whether the day lies in the period."""
    if period is None:
        return pl.lit(value=True)
    return (pl.col("date") >= str(period.first)) & (pl.col("date") <= str(period.last))


def has_ended() -> pl.Expr:
    """Whether a job run has ended; null where its status is."""
    return pl.any_horizontal(pl.col("status") == status for status in OUTCOMES)


def never_started() -> pl.Expr:
    """Whether a job run was canceled before it had a machine."""
    return (pl.col("status") == "canceled") & has_nothing()


def collected(query: pl.LazyFrame) -> pl.DataFrame:
    """The result of a query, computed some rows at a time."""
    return query.collect(engine="streaming")


def percentile(values: pl.Expr, share: float) -> pl.Expr:
    """The nearest-rank percentile; null where there are no values."""
    return values.quantile(share, interpolation="equiprobable").cast(pl.Float64)


def percentiles(values: pl.Expr, unit: str) -> tuple[pl.Expr, ...]:
    """The percentiles that are shown, and the number of runs behind them."""
    return (
        values.count().alias(f"runs_with_{unit}"),
        percentile(values, TYPICAL).alias(f"p50_{unit}"),
        percentile(values, HIGH).alias(f"p95_{unit}"),
    )
