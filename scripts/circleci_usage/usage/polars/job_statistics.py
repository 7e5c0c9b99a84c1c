"""How the runs of jobs went, in all and over time, and which of them were reruns."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.usage.job_run_rules import OUTCOMES
from circleci_usage.usage.polars.daily_runs import daily_runs
from circleci_usage.usage.polars.group_numbers import Numbers, dense, gathered, with_group
from circleci_usage.usage.polars.run_records import FAILED, SUCCESS, Records
from circleci_usage.usage.polars.sliced_columns import NO_NUMBER, filtered

_BEFORE_ALL: Final = -(2**63)


def job_statistics(records: Records, jobs: Numbers) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The statistics of job runs by `job_number`, and those by `grain`, `date` and `job_number`.

    Args:
        records: all runs of some jobs.
        jobs: the job of each.
    """
    outcome, queued = records["outcome"], records["queued"]
    # Milliseconds, because sums of integers do not depend on the order.
    milliseconds = np.rint(np.nan_to_num(queued.astype(np.float64)) * 1000)
    counted = {
        "runs": np.ones(len(outcome), np.bool_),
        **{name: outcome == place for place, name in enumerate(OUTCOMES.values())},
        "never_started": records["never_started"],
        "queued_seconds": milliseconds.astype(np.int64),
    }
    daily = daily_runs(
        jobs, records["day"], counted, {"seconds": records["seconds"], "queued": queued}
    )
    return _of_jobs(daily.in_all()), _of_jobs(daily.over_time()).drop("never_started")


def _of_jobs(found: pl.DataFrame) -> pl.DataFrame:
    """Statistics of groups as those of jobs, with whole seconds in queues."""
    seconds = np.rint(found["queued_seconds"].to_numpy() / 1000)
    return found.rename({"group": "job_number"}).with_columns(
        pl.Series("queued_seconds", seconds, pl.Int64)
    )


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
    records = filtered(records, records["has_pipeline"])
    rows = gathered(with_group(records["pipeline"], jobs))
    by_key, starts = rows.order, rows.starts
    attempts = np.diff(starts, append=len(by_key))
    order, outcome = records["order"].take(by_key), records["outcome"].take(by_key)
    first = np.minimum.reduceat(order, starts)
    failed = np.where(outcome == FAILED, order, NO_NUMBER)
    passed = np.where((outcome == SUCCESS) & (order != NO_NUMBER), order, _BEFORE_ALL)
    recovered = np.minimum.reduceat(failed, starts) < np.maximum.reduceat(passed, starts)
    is_rerun = (order > np.repeat(first, attempts)) & (order != NO_NUMBER)
    of_pipelines, names = dense(jobs.take(rows.firsts))
    counted = {
        "pipelines": None,
        "reruns": attempts - 1,
        "recovered": recovered,
    }
    counts = {name: np.bincount(of_pipelines, each) for name, each in counted.items()}
    of_jobs = pl.DataFrame({"job_number": names, **counts}).cast(pl.UInt32)
    return Attempts(of_jobs, records["run"][by_key[is_rerun]])
