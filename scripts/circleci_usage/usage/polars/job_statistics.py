"""How the runs of jobs went, in all and over time, and which of them were reruns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.usage.job_run_rules import OUTCOMES
from circleci_usage.usage.polars.group_numbers import Numbers, dense
from circleci_usage.usage.polars.ranked_values import RankableValues, rankable
from circleci_usage.usage.polars.run_expressions import first_days
from circleci_usage.usage.polars.run_records import (
    FAILED,
    NO_ORDER,
    SUCCESS,
    Records,
    chosen,
    to_date,
)

_Indices = npt.NDArray[np.int64]

_JOB: Final = np.uint64(32)
_MIXER: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd number without pattern."""

_BEFORE_ALL: Final = -(2**63)
_NO_DATE: Final = -(2**31)


def job_statistics(records: Records, jobs: Numbers) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The statistics of job runs by `job_number`, and those by `grain`, `date` and `job_number`.

    Args:
        records: all runs of some jobs.
        jobs: the job of each.
    """
    days = _days_of(records, jobs)
    times = []
    for grain, dates in first_days(days.dates):
        firsts = _changes(days.jobs, dates.to_physical().fill_null(_NO_DATE).to_numpy())
        of_grain = pl.DataFrame(
            [dates.gather(firsts).cast(pl.String).alias("date"), *days.by(firsts)]
        )
        times.append(of_grain.with_columns(pl.lit(grain).alias("grain")))
    with_day = pl.concat(times).filter(pl.col("date").is_not_null())
    return days.by(_changes(days.jobs)), with_day.drop("never_started")


@dataclass(frozen=True)
class _Days:
    """Job runs in the order of their jobs and days.

    Attributes:
        jobs: the job of each day that it ran on.
        dates: these days.
        starts: the first run of each.
        sums: their sums.
        runs: how many runs there are.
        seconds: of each run.
        queued: of each run.
    """

    jobs: Numbers
    dates: pl.Series
    starts: _Indices
    sums: Mapping[str, npt.NDArray[np.int64]]
    runs: int
    seconds: RankableValues
    queued: RankableValues

    def by(self, firsts: _Indices) -> pl.DataFrame:
        """The statistics of several days of a job, of which `firsts` are the first ones."""
        starts = self.starts[firsts]
        runs = np.diff(starts, append=self.runs)
        groups = np.repeat(np.arange(len(runs), dtype=np.uint32), runs)
        sums = {name: np.add.reduceat(each, firsts) for name, each in self.sums.items()}
        milliseconds = sums.pop("queued")
        return pl.DataFrame(
            [
                pl.Series("job_number", self.jobs[firsts]),
                pl.Series("runs", runs, pl.UInt32),
                *(pl.Series(name, each, pl.UInt32) for name, each in sums.items()),
                *self.seconds.ranked(groups, len(runs)).percentiles("seconds"),
                *self.queued.ranked(groups, len(runs)).percentiles("queued"),
                pl.Series("queued_seconds", np.rint(milliseconds / 1000), pl.Int64),
            ]
        )


def _days_of(records: Records, jobs: Numbers) -> _Days:
    key = jobs.astype(np.uint64) << _JOB | records["day"]
    order = np.argsort(key)
    key = key.take(order)
    outcome, never_started, seconds, queued = (
        records[name].take(order) for name in ("outcome", "never_started", "seconds", "queued")
    )
    starts = _changes(key)
    # Milliseconds, because sums of integers do not depend on the order.
    milliseconds = np.rint(np.nan_to_num(queued.astype(np.float64)) * 1000)
    counted = {
        **{name: outcome == place for place, name in enumerate(OUTCOMES.values())},
        "never_started": never_started,
        "queued": milliseconds.astype(np.int64),
    }
    return _Days(
        (key[starts] >> _JOB).astype(np.uint32),
        to_date(key[starts].astype(np.uint32)),
        starts,
        {name: np.add.reduceat(each, starts, dtype=np.int64) for name, each in counted.items()},
        len(order),
        rankable(seconds),
        rankable(queued),
    )


def _changes(*columns: npt.NDArray[Any]) -> _Indices:
    """The places where the value of a column changes; the first one is among them."""
    changes = np.zeros(len(columns[0]), np.bool_)
    changes[:1] = True
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


@dataclass(frozen=True)
class Attempts:
    """The runs of each job in each pipeline.

    Attributes:
        jobs: by `job_number`: its `pipelines`, `reruns`, and pipelines in which it `recovered`.
        reruns: `run` of the runs after the first one of their job in their pipeline.
    """

    jobs: pl.DataFrame
    reruns: npt.NDArray[np.uint32]


def attempts_of(records: Records, jobs: Numbers) -> Attempts:
    """Job runs → their attempts. A job recovers when it passes after it has failed.

    Args:
        records: all runs of some jobs; those without a pipeline are left out.
        jobs: the job of each.

        pipeline | job | order | status         job | pipelines | reruns | recovered
        p        | a   | 1     | failed     →   a   | 2         | 1      | 1
        p        | a   | 2     | success
        q        | a   | 3     | success
    """
    jobs = jobs[records["has_pipeline"]]
    records = chosen(records, records["has_pipeline"])
    key = records["pipeline"] ^ (jobs * _MIXER)
    by_key = np.argsort(key)
    starts = _changes(key[by_key])
    attempts = np.diff(starts, append=len(by_key))
    order, outcome = records["order"].take(by_key), records["outcome"].take(by_key)
    first = np.minimum.reduceat(order, starts)
    failed = np.where(outcome == FAILED, order, NO_ORDER)
    passed = np.where((outcome == SUCCESS) & (order != NO_ORDER), order, _BEFORE_ALL)
    recovered = np.minimum.reduceat(failed, starts) < np.maximum.reduceat(passed, starts)
    is_rerun = (order > np.repeat(first, attempts)) & (order != NO_ORDER)
    of_pipelines, names = dense(jobs.take(by_key[starts]))
    counted = {
        "pipelines": None,
        "reruns": attempts - 1,
        "recovered": recovered,
    }
    counts = {name: np.bincount(of_pipelines, each) for name, each in counted.items()}
    of_jobs = pl.DataFrame({"job_number": names, **counts}).cast(pl.UInt32)
    return Attempts(of_jobs, records["run"][by_key[is_rerun]])
