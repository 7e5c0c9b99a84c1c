"""Actions on runs that never pass: jobs, workflows that schedules start, and branches.

A job that never passes is one of `WastedSpend.always_failing`. What a schedule starts, or a branch,
is judged by workflow runs: those that were canceled or are on hold say nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from circleci_usage.analysis.branch_kind_costs import SCHEDULES
from circleci_usage.analysis.branch_runs import BranchRuns
from circleci_usage.analysis.default_branches import OTHER
from circleci_usage.analysis.durations import DurationStats
from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.savings.actions import Action
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.core.decimals import estimating
from circleci_usage.core.grouping import sum_by
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.keys import JobClassKey, JobKey, WorkflowKey


def never_passes(known: SavingsInput) -> Iterator[Action]:
    """Jobs that never pass: all that they cost."""
    for each in known.waste.always_failing:
        key = JobKey(*each.key)
        spent = known.places.all_of_job(key)
        if spent:
            yield Action(
                kind="never passes",
                where=JobClassKey(*key, "", ""),
                certainty="likely",
                effort="medium",
                lever="runs",
                parts=known.places.saved_of(spent),
                evidence={"runs": each.runs, "failed_runs": each.failed_runs},
            )


def failing_schedules(known: SavingsInput) -> Iterator[Action]:
    """Workflows that a schedule starts, and that never pass then: what these runs cost."""
    started = _started_by_schedule(known.owned.runs)
    scheduled = known.places.part(_are_scheduled)
    for workflow in known.durations.workflows:
        runs = started.get(WorkflowKey(*workflow.key))
        if runs and _always_fails(workflow, runs):
            spent = scheduled.of_workflow(runs.key)
            if spent:
                yield Action(
                    kind="schedule always fails",
                    where=JobClassKey(*runs.key, "", "", ""),
                    certainty="likely",
                    effort="low",
                    lever="runs",
                    parts=known.places.saved_of(spent),
                    evidence={"runs": runs.ended},
                )


def failing_branches(known: SavingsInput) -> Iterator[Action]:
    """Branches beside the default branch on which a workflow never passes: what it costs there."""
    whole: BranchRuns | None = None
    for each in known.branch_runs:
        whole = each if each.is_whole else whole
        if whole and _never_passes_on(each) and whole.credits > 0:
            with estimating():
                share = each.credits / whole.credits
            spent = known.places.of_workflow(each.key)
            saved = (part.saved(share) for part in spent)
            parts = tuple(part for part in saved if part.cost)
            if parts:
                yield Action(
                    kind="branch never passes",
                    where=JobClassKey(*each.key, "", "", ""),
                    certainty="worth a look",
                    effort="low",
                    lever="runs",
                    parts=parts,
                    evidence={"runs": each.runs},
                    branch=each.branch,
                )


def _never_passes_on(branch: BranchRuns) -> bool:
    finished = branch.runs - branch.canceled - branch.on_hold
    return branch.kind == OTHER and finished >= ENOUGH_RUNS and not branch.succeeded


@dataclass(frozen=True)
class _ScheduledRuns:
    """The job runs of a workflow that schedules started.

    Attributes:
        key: the workflow.
        are_all: whether nothing else starts the workflow.
        ended: passed and failed runs of the job that has most.
        passed: runs of the job that passed most often.
        never_passed: failed runs of the job that failed most often without ever passing.
    """

    key: WorkflowKey
    are_all: bool
    ended: int
    passed: int
    never_passed: int


def _always_fails(workflow: DurationStats, runs: _ScheduledRuns) -> bool:
    """Whether no scheduled run passes, although there are enough.

    Success is known of all runs of a workflow together. If others passed, a job has to prove it:
    one that never passes on schedule, and failed whenever the jobs before it passed.
    """
    if runs.ended < ENOUGH_RUNS:
        return False
    if workflow.succeeded:
        is_proven = runs.never_passed >= max(ENOUGH_RUNS, runs.passed)
        return is_proven and not runs.are_all
    return workflow.runs - workflow.canceled - (workflow.on_hold or 0) >= ENOUGH_RUNS


def _are_scheduled(lines: pd.DataFrame) -> pd.Series:
    return lines["trigger"].isin(SCHEDULES)


def _started_by_schedule(runs: pd.DataFrame) -> Mapping[WorkflowKey, _ScheduledRuns]:
    """What schedules started, by workflow."""
    are_scheduled = _are_scheduled(runs)
    scheduled = runs[are_scheduled & (runs["job"] != NO_NAME)]
    if scheduled.empty:
        return {}
    workflows = [*WorkflowKey._fields]
    others = runs.loc[~are_scheduled & (runs["job_runs"] > 0), workflows].drop_duplicates()
    also_otherwise = {WorkflowKey(*row) for row in others.itertuples(index=False, name=None)}
    counts = sum_by(_by_outcome(scheduled), JobKey._fields, ["success", "failed"])
    found = {}
    for names, of_jobs in counts.groupby(level=workflows, observed=True):
        key = WorkflowKey(*map(str, names))
        found[key] = _scheduled_runs(key, of_jobs, are_all=key not in also_otherwise)
    return found


def _by_outcome(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with a column for those that passed, and one for those that failed."""
    statuses = ("success", "failed")
    columns = {name: runs["job_runs"].where(runs["status"] == name, 0) for name in statuses}
    return runs.assign(**columns)


def _scheduled_runs(key: WorkflowKey, of_jobs: pd.DataFrame, *, are_all: bool) -> _ScheduledRuns:
    """The runs of a workflow's jobs, counted."""
    passed, failed = of_jobs["success"], of_jobs["failed"]
    return _ScheduledRuns(
        key=key,
        are_all=are_all,
        ended=int((passed + failed).max()),
        passed=int(passed.max()),
        never_passed=int(failed[passed == 0].max()) if (passed == 0).any() else 0,
    )
