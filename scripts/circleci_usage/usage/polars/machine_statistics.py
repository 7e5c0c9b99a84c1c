"""How job runs used their machines: peaks, layer caching and containers, by job and class."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.usage.job_run_rules import (
    AT_LIMIT,
    HIGH,
    LAST_STEP,
    MEASURES,
    MOST_CONTAINERS,
    STEP,
    TYPICAL,
    USES,
)
from circleci_usage.usage.polars.group_numbers import Numbers, dense
from circleci_usage.usage.polars.ranked_values import RankedValues, rankable
from circleci_usage.usage.polars.run_records import SUCCESS, Records


def machine_statistics(records: Records, machines: Numbers) -> pl.DataFrame:
    """What `machines` of `RunStatisticsFrames` says of peaks and layer caching, by `machine`.

    Args:
        records: all runs of some machines.
        machines: the machine of each.
    """
    groups, names = dense(machines)
    count = len(names)
    uses = {name: rankable(records[name]).ranked(groups, count) for name in USES}
    measured = np.minimum(*(uses[name].counts for name in MEASURES))
    return pl.DataFrame(
        [
            pl.Series("machine", names),
            _counts("runs", np.bincount(groups, minlength=count)),
            _counts("measured_runs", measured),
            *(uses[name].percentile(HIGH).alias(f"p95_{name}") for name in MEASURES),
            _counts("median_runs", uses["median_cpu"].counts),
            uses["median_cpu"].percentile(TYPICAL).alias("p50_median_cpu"),
            *(_mean(uses[f"median_{name}"]).alias(f"mean_{name}") for name in MEASURES),
            *(uses[name].highest().alias(f"max_{name}") for name in MEASURES),
            _counts("cpu_limited", _limited(uses["median_cpu"])),
            _counts("ram_limited", _limited(uses["ram"])),
            *_cached(records, groups, count),
        ]
    )


def _counts(name: str, counts: npt.NDArray[Any]) -> pl.Series:
    return pl.Series(name, counts, pl.UInt32)


def _mean(percent: RankedValues) -> pl.Series:
    """The mean of percentages; null where there are none."""
    # Thousandths, because sums of integers do not depend on the order.
    thousandths = np.rint(percent.values.astype(np.float64) * 1000).astype(np.int64)
    sums, counts = percent.sums(thousandths), np.maximum(percent.counts, 1)
    means = np.where(percent.counts > 0, sums / counts / 1000, np.nan)
    return pl.Series(means, nan_to_null=True)


def _limited(percent: RankedValues) -> npt.NDArray[np.int64]:
    """How many runs used at least `AT_LIMIT`."""
    return percent.sums((percent.values >= AT_LIMIT).astype(np.int64))


def _cached(records: Records, groups: Numbers, count: int) -> list[pl.Series]:
    """Runs with and without layer caching, of the jobs on classes where any run used it."""
    is_cached = records["is_cached"]
    cached = np.bincount(groups[is_cached], minlength=count)
    counts = (records["outcome"] == SUCCESS) & (cached > 0)[groups]
    columns = [_counts("cached_runs", cached)]
    for unit, some in (("cached", counts & is_cached), ("uncached", counts & ~is_cached)):
        seconds = rankable(records["seconds"][some]).ranked(groups[some], count)
        columns.append(_counts(f"runs_with_{unit}_seconds", seconds.counts))
        columns.append(seconds.percentile(TYPICAL).alias(f"p50_{unit}_seconds"))
    return columns


def container_sums(runs: pl.LazyFrame) -> pl.LazyFrame:
    """Runs that say in how many containers they ran, and these, by `machine`."""
    return runs.group_by("machine").agg(
        pl.col("containers").count().alias("container_runs"),
        pl.col("containers").cast(pl.Int64).sum(),
    )


def parallel_runs(runs: pl.LazyFrame) -> pl.LazyFrame:
    """Runs that succeeded in several containers: their seconds and credits, by `machine`."""
    containers = pl.col("containers").cast(pl.Int64)
    # Without fractions of a second: whole numbers have the same sum in any order.
    container_seconds = pl.col("job_seconds").cast(pl.Int64) * containers
    return (
        runs.filter(
            pl.col("status") == "success", pl.col("containers").is_between(2, MOST_CONTAINERS)
        )
        .group_by("machine")
        .agg(
            pl.len().alias("parallel_runs"),
            containers.sum().alias("parallel_containers"),
            containers.max().alias("most_containers"),
            container_seconds.sum().alias("container_seconds"),
            pl.col("compute_credits").sum().alias("container_credits"),
        )
    )


def class_use(records: Records, classes: Numbers) -> pl.DataFrame:
    """How many runs of each class had which peak use, in steps of `STEP` percent.

    Args:
        records: any runs.
        classes: the class of each.
    """
    return pl.concat(_use_of(records[measure], classes, measure) for measure in MEASURES)


def _use_of(percent: npt.NDArray[np.float32], classes: Numbers, measure: str) -> pl.DataFrame:
    is_known = ~np.isnan(percent)
    steps = np.floor(percent[is_known].astype(np.float64) / STEP).astype(np.int64)
    most = LAST_STEP // STEP
    number = classes[is_known] * (most + 1) + np.minimum(steps, most)
    counts = np.bincount(number)
    (found,) = np.nonzero(counts)
    return pl.DataFrame(
        {
            "class_number": (found // (most + 1)).astype(np.uint32),
            "percent": found % (most + 1) * STEP,
            "runs": counts[found].astype(np.uint32),
        }
    ).with_columns(pl.lit(measure).alias("measure"))
