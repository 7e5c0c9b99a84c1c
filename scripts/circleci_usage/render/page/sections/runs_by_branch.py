"""Runs by branch: what default and other branches cost, and how workflows run on them."""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import Final

from circleci_usage.analysis.branch_kind_costs import (
    NO_JOB_RUN,
    BranchKindTotal,
    branch_kind_totals,
)
from circleci_usage.analysis.branch_runs import BranchRuns
from circleci_usage.analysis.default_branches import DEFAULT, NO_BRANCH, OTHER
from circleci_usage.render.formatting import Shown, duration, money, number, percent
from circleci_usage.render.page.tables import Cell, PageTable, PageTables, Row, name_cell
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.usage.aggregates import MAIN_BRANCHES

_WORKFLOWS: Final = 5
_BRANCHES: Final = 3
_KIND_HEADINGS: Final = ("Branches", "Cost", "Share", "Scheduled", "Job runs")
_RUN_HEADINGS: Final = (
    "Branch",
    "Cost",
    "Kind",
    "Credits",
    "Runs",
    "Success rate",
    "Canceled",
    "p50",
    "p95",
)
_NAMES: Final = {
    DEFAULT: "Default branches",
    OTHER: "Other branches",
    NO_BRANCH: "No branch",
    NO_JOB_RUN: "Charges of no job run",
    "": "Total",
}
_KINDS: Final = {DEFAULT: "default", OTHER: "other", NO_BRANCH: "no branch", None: ""}
_HINT: Final = (
    "The default branch of a project is the first of default_branches in the settings file (unless"
    f" set: {', '.join(MAIN_BRANCHES)}) that it has runs on; other branches are mostly feature"
    " branches. Scheduled is the part of the cost that schedules started."
)
_NOTE: Final = (
    f"The {_WORKFLOWS} most expensive workflows, each with its default branch and its"
    f" {_BRANCHES} most expensive other branches."
)


def runs_by_branch_section(view: ReportView) -> PageTables | None:
    """The kinds of branches first, then the most expensive workflows on their branches.

    Nothing without any branch.
    """
    found = view.report.findings
    if not {each.kind for each in found.branch_kinds} & {DEFAULT, OTHER}:
        return None
    *kinds, everything = (_kind_row(each, view) for each in branch_kind_totals(found.branch_kinds))
    runs = [_run_row(each, view) for each in _shown(found.branch_runs)]
    return PageTables(
        hint=_HINT,
        tables=[
            PageTable("Default and other branches", _KIND_HEADINGS, kinds, total=everything),
            PageTable("Workflows by branch", _RUN_HEADINGS, runs, _NOTE, ("Kind",)),
        ],
        files=["branch_kinds", "workflow_branches"],
    )


def _kind_row(each: BranchKindTotal, view: ReportView) -> Row:
    cost = Cell("–", whole="no price") if each.cost is None else money(each.cost, view.currency)
    scheduled = "" if each.scheduled is None else money(each.scheduled, view.currency)
    return [
        _NAMES[each.kind],
        cost,
        Cell(percent(each.share), share=float(each.share)),
        scheduled,
        number(each.job_runs),
    ]


def _shown(lines: Sequence[BranchRuns]) -> Iterator[BranchRuns]:
    """The lines of the most expensive workflows: all branches, the default and a few others."""
    by_workflow = groupby(lines, lambda each: each.key)
    for _, of_workflow in islice(by_workflow, _WORKFLOWS):
        whole, *branches = of_workflow
        yield whole
        yield from (each for each in branches if each.kind == DEFAULT)
        yield from islice((each for each in branches if each.kind == OTHER), _BRANCHES)


def _run_row(each: BranchRuns, view: ReportView) -> Row:
    rate: Cell | str = Cell("–", whole=_no_rate(each))
    if each.success_rate is not None:
        rate = percent(each.success_rate)
    cost = Cell("–", whole="no price") if each.cost is None else money(each.cost, view.currency)
    return [
        _branch_cell(each, view),
        cost,
        _KINDS[each.kind],
        number(each.credits),
        number(each.runs),
        rate,
        number(each.canceled),
        _percentile(each.p50_seconds),
        _percentile(each.p95_seconds),
    ]


def _branch_cell(each: BranchRuns, view: ReportView) -> Cell:
    """A branch, and the workflow that runs on it: sorted, lines part from their workflow."""
    key, around = each.key, view.project_names.around_branch(each.key)
    if each.is_whole:
        link, circleci = view.explore.named(key._asdict()), view.circleci.workflow(key)
        return name_cell("All branches", around, link, circleci=circleci)
    link = view.explore.named({**key._asdict(), "branch": each.branch})
    circleci = view.circleci.branch(key.project_key, each.branch)
    return name_cell(each.branch, around, link, circleci=circleci)


def _no_rate(each: BranchRuns) -> str:
    return "every run was canceled" if each.runs else "no workflow run began here"


def _percentile(seconds: float | None) -> Shown | Cell:
    return Cell("–", whole="too few runs") if seconds is None else duration(seconds)
