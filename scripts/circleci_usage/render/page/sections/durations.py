"""Duration and success rate of workflows and jobs."""

from typing import Final

from circleci_usage.analysis.durations import DurationStats
from circleci_usage.analysis.evidence import ENOUGH_FOR_P95
from circleci_usage.render.formatting import duration, money, number, percent
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    job_cell,
    more_rows,
    workflow_cell,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.keys import JobKey, WorkflowKey

_ROWS: Final = 10
_COUNTS: Final = ("Cost", "Credits", "Runs", "Success rate", "Canceled")
_WORKFLOW_HEADINGS: Final = ("Workflow", *_COUNTS, "On hold", "Running", "p50", "p95")
_JOB_HEADINGS: Final = ("Job", *_COUNTS, "p50", "p95", "p95 queue time")
_HINT: Final = (
    f"50% / 95% of runs finished within p50 / p95; p95 is shown for {ENOUGH_FOR_P95} runs or more."
    " Canceled runs are excluded from the success rate; a workflow run is canceled when any of its"
    " jobs is. As in CircleCI Insights, runs on hold count as not successful (yet); running ones"
    " are not counted."
)


def durations_section(view: ReportView) -> PageTables | None:
    """How long workflows and jobs take, and how often they succeed."""
    found = view.report.findings.durations
    if not found.workflows and not found.jobs:
        return None
    workflows = [_workflow_row(each, view) for each in found.workflows[:_ROWS]]
    jobs = [_job_row(each, view) for each in found.jobs[:_ROWS]]
    more_workflows = more_rows(_ROWS, found.workflows, "workflow")
    tables = [
        PageTable("Workflows", _WORKFLOW_HEADINGS, workflows, more_workflows),
        PageTable("Jobs", _JOB_HEADINGS, jobs, more_rows(_ROWS, found.jobs, "job")),
    ]
    return PageTables(
        hint=_HINT,
        tables=[table for table in tables if table.rows],
        files=["workflow_durations", "job_durations"],
    )


def _workflow_row(stats: DurationStats, view: ReportView) -> Row:
    return [
        workflow_cell(WorkflowKey(*stats.key), view),
        *_counts(stats, view.currency),
        number(stats.on_hold or 0),
        number(stats.running or 0),
        *_lengths(stats),
    ]


def _job_row(stats: DurationStats, view: ReportView) -> Row:
    return [
        job_cell(JobKey(*stats.key), view),
        *_counts(stats, view.currency),
        *_lengths(stats),
        _percentile(stats.p95_queued),
    ]


def _counts(stats: DurationStats, currency: str) -> Row:
    rate: Cell | str = Cell("–", whole="every run was canceled")
    if stats.success_rate is not None:
        rate = percent(stats.success_rate)
    never = f"({number(stats.never_started)} never started)" if stats.never_started else ""
    return [
        money(stats.cost, currency),
        number(stats.credits),
        number(stats.runs),
        rate,
        Cell(number(stats.canceled), detail=never),
    ]


def _lengths(stats: DurationStats) -> Row:
    return [_percentile(stats.p50_seconds), _percentile(stats.p95_seconds)]


def _percentile(seconds: float | None) -> Cell | str:
    return Cell("–", whole="too few runs") if seconds is None else duration(seconds)
