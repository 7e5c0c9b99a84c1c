"""What runs were charged a minute, by resource class: a histogram over whole rates, for `money.derived_rates`.

It is written with Narwhals, as `sums` is: in Polars here, in Spark on a cluster. It stays small however many runs there
are, because a class has as many lines as its runs have whole rates.
"""

from typing import Any, Final

import narwhals as nw

RATE_KEYS: Final = ("executor", "resource_class", "in_parallel", "rate")
RATE_SUMS: Final = ("runs", "credits", "container_seconds", "containers")

SHORTEST: Final = 60
"""Seconds. Of a shorter run the rounding of its credits hides the rate."""

_HALF_A_MINUTE: Final = 30
_NO_RATE: Final = 1e9
"""Credits a minute that no machine costs, and that whole numbers of 64 bits still hold."""


def class_rates(runs: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Job runs with the columns of `runs.write_runs` → `RATE_SUMS` by `RATE_KEYS`.

    Runs count that last at least `SHORTEST`, have cost compute credits and tell in how many containers they ran. `rate`
    is what one of them cost in whole credits a minute, half a credit less for its rounding up: 120 for a run of 600
    seconds in one container that cost 1,200 credits.
    """
    containers = nw.col("containers").cast(nw.Float64)
    container_seconds = nw.col("job_seconds").cast(nw.Float64) * containers
    halves = nw.col("compute_credits").cast(nw.Float64) * 2 - containers
    # Doubles are exact here wherever credits and seconds are whole, and are divided alike by every engine.
    rate = halves * _HALF_A_MINUTE / nw.col("container_seconds") + 0.5
    return (
        runs.filter(
            nw.col("job_seconds") >= SHORTEST,
            nw.col("compute_credits") > 0,
            nw.col("containers") >= 1,
            ~nw.col("resource_class").is_null(),
            ~nw.col("executor").is_null(),
        )
        .with_columns(container_seconds=container_seconds)
        .with_columns(rate=rate.floor(), in_parallel=nw.col("containers") > 1)
        .filter(nw.col("rate") < _NO_RATE)
        .with_columns(nw.col("rate", "containers", "container_seconds").cast(nw.Int64))
        .group_by(*RATE_KEYS)
        .agg(
            nw.len().alias("runs"),
            nw.col("compute_credits").sum().alias("credits"),
            nw.col("container_seconds").sum(),
            nw.col("containers").sum(),
        )
    )
