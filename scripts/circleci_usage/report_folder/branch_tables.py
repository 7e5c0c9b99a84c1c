"""Tables of branches: runs of workflows by branch, and what kinds of branches cost."""

from collections.abc import Iterable
from typing import Final

from circleci_usage.analysis.branch_kind_costs import BranchKindCost
from circleci_usage.analysis.branch_runs import BranchRuns
from circleci_usage.analysis.breakdowns import WORKFLOW
from circleci_usage.report_folder.columns import (
    COST,
    CREDITS,
    JOB_RUNS,
    CatalogTable,
    count,
    dimensions,
    number,
    share,
    text,
)
from circleci_usage.report_folder.table import Row, Table

_KIND: Final = (
    "`default`, `other`, or `none` for runs without a branch, such as those of tags: the default"
    " branch of a project is the first of `default_branches` that it has runs on"
)

WORKFLOW_BRANCHES: Final = CatalogTable(
    "workflow_branches",
    "Runs by branch",
    "A workflow on a branch. The credits and costs of its branches sum to those of its line"
    " `(all branches)`.",
    (
        *dimensions(WORKFLOW),
        text(
            "branch",
            "Name of the branch: of each project the most expensive ones and default branches have"
            " a line, the rest is `(other branches)`; `(none)` is no branch.",
        ),
        text("branch_kind", f"{_KIND}; empty for lines of several branches."),
        count("runs", "runs", "Workflow runs that ended or are on hold."),
        count("succeeded", "runs", "Successful runs."),
        count("canceled", "runs", "Canceled runs."),
        count("on_hold", "runs", "Runs that wait, mostly for approval."),
        share(
            "success_rate", "Successful runs ÷ (all − canceled runs); empty if all were canceled."
        ),
        number("p50_seconds", "seconds", "50% of runs finished within this time."),
        number(
            "p95_seconds", "seconds", "95% of runs finished within this time; empty for few runs."
        ),
        CREDITS,
        COST,
    ),
)

BRANCH_KINDS: Final = CatalogTable(
    "branch_kinds",
    "Default and other branches",
    "A kind of branch, and what started its job runs. All lines sum to the totals.",
    (
        text("branch_kind", f"{_KIND}; `no job run` for charges such as seats."),
        text(
            "started_by",
            "`schedule` (scheduled pipelines and workflows), `event` (anything else, such as a push"
            " or the API), `unknown`, or `no job run`.",
        ),
        CREDITS,
        COST,
        share("share", "Share of the total cost."),
        JOB_RUNS,
    ),
)


def workflow_branches_table(lines: Iterable[BranchRuns]) -> Table:
    """Workflows by branch."""
    return Table(WORKFLOW_BRANCHES, (_runs_row(each) for each in lines))


def _runs_row(each: BranchRuns) -> Row:
    return (
        *each.key,
        each.branch,
        each.kind,
        each.runs,
        each.succeeded,
        each.canceled,
        each.on_hold,
        each.success_rate,
        each.p50_seconds,
        each.p95_seconds,
        each.credits,
        each.cost,
    )


def branch_kinds_table(lines: Iterable[BranchKindCost]) -> Table:
    """What kinds of branches cost."""
    return Table(BRANCH_KINDS, (_kind_row(each) for each in lines))


def _kind_row(each: BranchKindCost) -> Row:
    return (each.kind, each.started_by, each.credits, each.cost, each.share, each.job_runs)
