"""Run statistics, computed from the job runs that are kept.

They cannot be summed while the rows stream by: percentiles need all values, and reruns need the
other runs of their pipeline. So each file is read once, into short records, which are summed in
slices that have all runs of their jobs. Which runs were reruns is known only then; the files are
read again for what these used.

Percentiles are nearest-rank ones, exact over the rows: that percentage of the runs took as long or
less, as CircleCI Insights defines them (circleci.com/docs/insights-glossary).
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.core.machine import cores
from circleci_usage.core.periods import Period
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.usage.chosen_names import ChosenNames
from circleci_usage.usage.job_run_rules import RATE_KEYS
from circleci_usage.usage.polars.compact_runs import JobRuns, RunsByWho, RunsOfFile
from circleci_usage.usage.polars.credit_statistics import (
    OF_BRANCH,
    by_credit_type,
    running_credits,
)
from circleci_usage.usage.polars.job_runs import grouped
from circleci_usage.usage.polars.run_expressions import OF_JOB, OF_MACHINE
from circleci_usage.usage.polars.run_files import OF_RERUN, FileReader, FileStatistics
from circleci_usage.usage.polars.run_slices import (
    OF_CLASS,
    Machines,
    SliceStatistics,
    machines_of,
    slice_statistics,
)
from circleci_usage.usage.polars.sliced_columns import slices_of
from circleci_usage.usage.polars.workflow_statistics import workflow_statistics
from circleci_usage.usage.run_statistics import RunStatisticsFrames

_OF_USE: Final = ("executor", "resource_class", "measure", "percent")


def compute_run_statistics(
    runs: JobRuns,
    period: Period | None,
    chosen: ChosenNames,
    branch_globs: Sequence[str],
    groups: Mapping[str, str] | None = None,
) -> RunStatisticsFrames:
    """The statistics of the job runs that ended in a period.

    Jobs have the names of their groups. Runs of jobs without a name are a line of `jobs` whose job
    is null, and count in the runs of their workflows.

    Args:
        runs: the job runs.
        period: the days; None for all.
        chosen: the workflows and branches that go by their names.
        branch_globs: the globs that branches are grouped by.
        groups: see `job_runs.grouped`.
    """
    of_workflows = workflow_statistics(runs, period, chosen, branch_globs)
    every_file = runs.by_who().mapped(lambda frame: grouped(frame, groups or {}))
    by_who = every_file.within(period) if period else every_file
    with working_folder() as folder:
        slices = slices_of(by_who.rows)
        branches = by_who.numbered(chosen.branches)
        of_runs = _of_runs(by_who, FileReader(period, branches, slices, folder))
    return RunStatisticsFrames(
        by_who.named(of_runs.jobs),
        by_who.named(of_runs.machines),
        of_workflows.workflows,
        reruns=by_who.named(of_runs.reruns),
        classes=of_runs.classes,
        workflow_times=of_workflows.workflow_times,
        job_times=by_who.named(of_runs.times),
        workflow_branches=of_workflows.workflow_branches,
        branch_credits=by_who.named(of_runs.branch_credits),
        recent_runs=of_workflows.recent_runs,
        class_use=of_runs.class_use,
        unit_counts=of_workflows.unit_counts,
    )


@dataclass(frozen=True)
class _OfRuns:
    """The frames of `RunStatisticsFrames` that are made of job runs, with `who`."""

    jobs: pl.DataFrame
    machines: pl.DataFrame
    reruns: pl.DataFrame
    classes: pl.DataFrame
    times: pl.DataFrame
    branch_credits: pl.DataFrame
    class_use: pl.DataFrame


def _of_runs(by_who: RunsByWho, reader: FileReader) -> _OfRuns:
    files, firsts = by_who.files, [0, *accumulate(each.rows for each in by_who.files)]
    with ThreadPoolExecutor(cores()) as pool:
        of_files, branches = [], running_credits(OF_BRANCH)
        for of_file, credits in pool.map(reader.read, files, firsts):
            of_files.append(of_file)
            branches.add(credits)
        records = [each.records for each in of_files]
        machines = machines_of(records)
        of_slice = partial(slice_statistics, records, machines)
        slices = [*pool.map(of_slice, range(reader.slices))]
        is_rerun = np.zeros(firsts[-1], np.bool_)
        is_rerun[np.concatenate([each.reruns for each in slices])] = True
        kinds = tuple(dict.fromkeys(kind for each in of_files for kind in each.kinds))
        of_reruns = partial(_rerun_credits, reader, is_rerun, kinds)
        reruns = running_credits(OF_RERUN)
        for credits in pool.map(of_reruns, files, firsts, of_files):
            reruns.add(credits)
    return _OfRuns(
        machines.named(pl.concat(each.jobs for each in slices), "job_number", OF_JOB),
        _machines(machines, slices, of_files),
        by_credit_type(reruns.total(), OF_RERUN),
        pl.concat(each.rates for each in of_files).group_by(RATE_KEYS).sum(),
        machines.named(pl.concat(each.times for each in slices), "job_number", OF_JOB),
        by_credit_type(branches.total(), OF_BRANCH),
        _class_use(machines, slices),
    )


def _rerun_credits(
    reader: FileReader,
    is_rerun: npt.NDArray[np.bool_],
    kinds: tuple[str, ...],
    file: RunsOfFile,
    first: int,
    of_file: FileStatistics,
) -> pl.DataFrame:
    return reader.rerun_credits(file, is_rerun[first : first + of_file.runs], kinds)


def _machines(
    machines: Machines, slices: Sequence[SliceStatistics], of_files: Sequence[FileStatistics]
) -> pl.DataFrame:
    """Few jobs run in several containers: what is known of them is zero for the others."""
    found = pl.concat(each.machines for each in slices)
    containers = machines.of_all([each.containers for each in of_files])
    parallel = machines.of_all([each.parallel for each in of_files])
    sums = containers.group_by("machine").sum()
    of_parallel = parallel.group_by("machine").agg(
        pl.col("most_containers").max(), pl.exclude("machine", "most_containers").sum()
    )
    for some in (sums, of_parallel):
        found = found.join(some, on="machine", how="left")
    counted = pl.exclude("^(p50|p95|mean|max)_.*$").fill_null(0)
    return machines.named(found.with_columns(counted), "machine", OF_MACHINE)


def _class_use(machines: Machines, slices: Sequence[SliceStatistics]) -> pl.DataFrame:
    every = pl.concat(each.use for each in slices)
    return machines.named(every, "class_number", OF_CLASS).group_by(_OF_USE).sum()
