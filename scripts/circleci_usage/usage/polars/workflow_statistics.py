"""Statistics of workflow runs: in all, over time, by branch, one by one, and how many there were.

The outcome of a workflow run needs all of its rows, including those of jobs that never ran and have
no name in the export: the run is canceled when one of its rows is. It belongs to the day of its
first row, so that a period that begins or ends within it neither halves nor doubles it. So all
files are read for their parts of workflow runs, whatever the period is.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final

import numpy as np
import polars as pl

from circleci_usage.core.machine import cores
from circleci_usage.core.periods import Period
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import OTHER_BRANCHES
from circleci_usage.usage.chosen_names import RECENT_RUNS, ChosenNames
from circleci_usage.usage.job_run_rules import WORKFLOW_OUTCOMES
from circleci_usage.usage.polars.compact_runs import JobRuns
from circleci_usage.usage.polars.daily_runs import DailyRuns, daily_runs, days_of
from circleci_usage.usage.polars.group_numbers import (
    Flags,
    Keys,
    Numbers,
    changes,
    dense,
    first_of,
    pairs,
    second_of,
)
from circleci_usage.usage.polars.ordered_names import OrderedNames
from circleci_usage.usage.polars.run_expressions import OF_WORKFLOW, inside
from circleci_usage.usage.polars.sliced_columns import filtered, slices_of
from circleci_usage.usage.polars.unit_counts import UnitCounter, unit_counter
from circleci_usage.usage.polars.workflow_records import (
    FileParts,
    PartNames,
    of_slice,
    part_names,
    read_parts,
)
from circleci_usage.usage.polars.workflow_runs import (
    WorkflowRuns,
    as_frame,
    have_ended,
    have_outcome,
    workflow_runs,
)

_OF_ALL_DAYS: Final = ("running", "never_started")
"""What is counted neither over time nor by branch."""


@dataclass(frozen=True)
class WorkflowFrames:
    """The frames of `RunStatisticsFrames` that are made of workflow runs."""

    workflows: pl.DataFrame
    workflow_times: pl.DataFrame
    workflow_branches: pl.DataFrame
    recent_runs: pl.DataFrame
    unit_counts: pl.DataFrame


def workflow_statistics(
    runs: JobRuns, period: Period | None, chosen: ChosenNames, branch_globs: Sequence[str]
) -> WorkflowFrames:
    """The statistics of the workflow runs that began in a period; their number on all days.

    Args:
        runs: the job runs.
        period: the days; None for all.
        chosen: the workflows and branches that go by their names.
        branch_globs: the globs that branches are grouped by.
    """
    parts = runs.workflow_parts()
    slices = slices_of(parts.rows)
    with working_folder() as folder, ThreadPoolExecutor(cores()) as pool:
        places = (folder / str(number) for number in count())
        files = [*pool.map(partial(read_parts, slices=slices), parts.files, places)]
        names = part_names([file.names for file in files])
        dates = names.date.all().to_frame("date")
        is_inside = inside(period).fill_null(value=False).alias("is_inside")
        reader = _SliceReader(
            files,
            names,
            unit_counter(names, branch_globs),
            days_of(dates["date"].cast(pl.Categorical)),
            dates.with_columns(is_inside)["is_inside"].to_numpy(),
            _keys(parts.numbered(chosen.workflows), "workflow", names.workflow),
            _keys(parts.numbered(chosen.branches), "branch", names.branch),
        )
        found = [*pool.map(reader.statistics, range(slices))]
    return WorkflowFrames(
        parts.named(pl.concat(each.workflows for each in found)),
        parts.named(pl.concat(each.workflow_times for each in found)),
        parts.named(pl.concat(each.workflow_branches for each in found)),
        parts.named(pl.concat(each.recent_runs for each in found)),
        parts.named(reader.counter.together(each.unit_counts for each in found)),
    )


@dataclass(frozen=True)
class _SliceReader:
    """Computes the statistics of a slice.

    Attributes:
        files: the parts of the runs.
        names: the names in them.
        counter: counts them.
        days: of each date, by its place.
        are_inside: whether each date lies in the period.
        listed: the workflows whose latest runs are listed, as `pairs`.
        branches: the branches that go by their names, likewise.
    """

    files: Sequence[FileParts]
    names: PartNames
    counter: UnitCounter
    days: Numbers
    are_inside: Flags
    listed: Keys
    branches: Keys

    def statistics(self, number: int) -> WorkflowFrames:
        """The statistics with `who`, and untidied counts."""
        # Records are not named, as they take memory for as long as they are.
        pipelines = self.counter.pipelines(
            of_slice([file.pipelines for file in self.files], self.names, number)
        )
        every = workflow_runs(of_slice([file.parts for file in self.files], self.names, number))
        counts = [pipelines, self.counter.workflow_runs(every)]
        began = filtered(every, self.are_inside.take(every["date"]))
        workflows, keys = dense(pairs(began["who"], began["workflow"]))
        daily = _daily(workflows, self.days.take(began["date"]), began)
        return WorkflowFrames(
            self._named(daily.in_all(), keys),
            self._named(daily.over_time(), keys).drop(_OF_ALL_DAYS),
            self._branches(began, workflows, keys),
            self._recent(began, workflows, keys),
            pl.concat(counts, how="diagonal"),
        )

    def _branches(self, runs: WorkflowRuns, workflows: Numbers, keys: Keys) -> pl.DataFrame:
        names, branch = self.names.branch, runs["branch"]
        # A branch may have that name, too.
        others = np.uint32(names.places_of(pl.Series([OTHER_BRANCHES])).item())
        is_shown = np.isin(pairs(runs["who"], branch), self.branches) | (branch == len(names))
        shown = np.where(is_shown, branch, others)
        branches, of_branches = dense(pairs(workflows, shown))
        found = _daily(branches, np.zeros_like(branches), runs).in_all().drop(_OF_ALL_DAYS)
        of_found = of_branches.take(found["group"].to_numpy())
        of_workflows = found.with_columns(
            pl.Series("group", first_of(of_found)),
            names.at(second_of(of_found)).alias("branch"),
        )
        return self._named(of_workflows, keys)

    def _recent(self, runs: WorkflowRuns, workflows: Numbers, keys: Keys) -> pl.DataFrame:
        """The latest runs of the listed workflows."""
        is_listed = np.isin(keys, self.listed).take(workflows)
        listed = filtered(runs, is_listed)
        # Without a date, a run comes first.
        dates = (listed["date"] + np.uint32(1)) % np.uint32(len(self.names.date) + 1)
        latest = filtered(listed, _are_latest(workflows[is_listed], dates))
        return _in_order(as_frame(latest, self.names))

    def _named(self, found: pl.DataFrame, keys: Keys) -> pl.DataFrame:
        """What was found by the number of a workflow, with `OF_WORKFLOW`."""
        of_found = keys.take(found["group"].to_numpy())
        workflow = self.names.workflow.at(second_of(of_found))
        return found.drop("group").with_columns(
            pl.Series("who", first_of(of_found)),
            workflow.cast(pl.Categorical).alias("workflow"),
        )


def _daily(groups: Numbers, days: Numbers, runs: WorkflowRuns) -> DailyRuns:
    ended = have_ended(runs)
    outcomes = {name: have_outcome(runs, name) for name in WORKFLOW_OUTCOMES}
    counted = {"runs": ended, **outcomes, "never_started": runs["never_started"]}
    seconds = np.where(ended, runs["seconds"], np.float32(np.nan))
    return daily_runs(groups, days, counted, {"seconds": seconds})


def _keys(named: pl.DataFrame, name: str, names: OrderedNames) -> Keys:
    """Names of projects as `pairs`; those that are not there are left out."""
    placed = named.select("who", names.places_of(named[name]).alias("place")).drop_nulls()
    return pairs(placed["who"].to_numpy(), placed["place"].to_numpy())


def _are_latest(workflows: Numbers, dates: Numbers) -> Flags:
    """Which runs are on the days of the `RECENT_RUNS` latest ones of their workflow."""
    numbers, _ = dense(workflows)
    days = pairs(numbers, dates)
    in_order = np.sort(days)
    firsts = changes(first_of(in_order))
    ends = np.append(firsts[1:], len(in_order))
    earliest = in_order[np.maximum(ends - RECENT_RUNS, firsts)]
    flags: Flags = days >= earliest.take(numbers)
    return flags


def _in_order(runs: pl.DataFrame) -> pl.DataFrame:
    """The latest runs of each workflow, in the order of time."""
    ordered = runs.with_columns(pl.col("workflow").cast(pl.String)).sort(
        "date", "order", "pipeline_number", "seconds", "outcome", "branch", nulls_last=False
    )
    place = pl.int_range(pl.len()).over(OF_WORKFLOW)
    first = (pl.len().over(OF_WORKFLOW).cast(pl.Int64) - RECENT_RUNS).clip(lower_bound=0)
    return (
        ordered.with_columns((place - first).alias("position"))
        .filter(pl.col("position") >= 0)
        .select(*OF_WORKFLOW, "date", "position", "outcome", "seconds", "branch", "pipeline_number")
    )
