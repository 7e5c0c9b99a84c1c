"""Wasted spend: failed, canceled and rerun work."""

from collections.abc import Sequence
from typing import Final

from circleci_usage.analysis.wasted_spend import Waste
from circleci_usage.render.formatting import duration, money, number, number_of
from circleci_usage.render.page.tables import PageTable, PageTables, Row, job_cell, more_rows
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.keys import JobKey

_ROWS: Final = 10
_FEW_ROWS: Final = 5
_HEADINGS: Final = (
    "Job",
    "Failed",
    "Canceled",
    "Reruns",
    "Failed runs",
    "Runs",
    "Queue time",
)


def wasted_spend_section(view: ReportView) -> PageTables | None:
    """What failed, canceled and rerun jobs cost, and the jobs that waste most."""
    waste = view.report.findings.wasted_spend
    if not waste.total.runs:
        return None
    tables = [
        _table("Top jobs by wasted spend", waste.costly, _ROWS, view),
        _table("Never succeeded", waste.always_failing, _FEW_ROWS, view),
        _table("Flaky: failed, then passed in the same pipeline", waste.flaky, _FEW_ROWS, view),
    ]
    return PageTables(
        hint="Categories overlap (a rerun can also fail), so they do not sum to the total.",
        facts=_facts(waste.total, view.currency),
        tables=[table for table in tables if table.rows],
        files=["waste"],
    )


def _facts(total: Waste, currency: str) -> list[tuple[str, str, str]]:
    return [
        ("Failed runs", money(total.failed, currency), number_of(total.failed_runs, "run")),
        ("Canceled runs", money(total.canceled, currency), _canceled_runs(total)),
        ("Reruns", money(total.reruns, currency), number_of(total.rerun_runs, "run")),
        ("Queue time", duration(total.queued_seconds), "no credits charged"),
    ]


def _canceled_runs(waste: Waste) -> str:
    """`9 runs stopped, 47 never started`: only those that were stopped cost something."""
    if not waste.never_started_runs:
        return number_of(waste.canceled_runs, "run")
    stopped = number_of(waste.stopped_runs, "run")
    return f"{stopped} stopped, {number(waste.never_started_runs)} never started"


def _table(title: str, found: Sequence[Waste], limit: int, view: ReportView) -> PageTable:
    rows = [_row(each, view) for each in found[:limit]]
    return PageTable(title, _HEADINGS, rows, more_rows(limit, found, "job"))


def _row(waste: Waste, view: ReportView) -> Row:
    return [
        job_cell(JobKey(*waste.key), view),
        money(waste.failed, view.currency),
        money(waste.canceled, view.currency),
        money(waste.reruns, view.currency),
        number(waste.failed_runs),
        number(waste.runs),
        duration(waste.queued_seconds),
    ]
