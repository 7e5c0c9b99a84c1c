"""Change vs. previous period: how much more or less projects and jobs cost than before."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from circleci_usage.analysis.period_comparison import Change, PeriodComparison, costing
from circleci_usage.render.formatting import Shown, days, money, money_change, percent_change
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    Tone,
    job_cell,
    more_rows,
    project_cell,
)
from circleci_usage.render.text.materiality import is_change, is_change_per_day
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.schema.keys import JobKey, ProjectKey

_ROWS: Final = 10


def period_comparison_section(view: ReportView) -> PageTables | None:
    """The largest changes by project and job; what cost nothing in either period is not listed."""
    changes = view.report.findings.period_comparison
    if not changes:
        return None
    projects, jobs = costing(changes.projects), costing(changes.jobs)
    if not projects:
        return None
    return PageTables(
        hint=_hint(days(changes.before), without_seats=changes.without_seats),
        tables=[_project_table(projects, changes, view), _job_table(jobs, changes, view)],
        files=["changes_by_project", "changes_by_job"],
    )


def change_tone(report: Report) -> Tone:
    """Whether the total's change is good or bad news.

    It is neither when only the lengths of the periods differ.
    """
    changes = report.findings.period_comparison
    if not changes or not (is_change(changes.total) and is_change_per_day(changes.total)):
        return ""
    return _tone(changes.total)


def _hint(before: str, *, without_seats: bool) -> str:
    seats = " Seats are excluded because they are billed monthly." if without_seats else ""
    return (
        f"Compared with {before}, largest changes first. The volume effect is the change at the"
        f" previous cost per run; the rest is the rate effect.{seats}"
    )


def _project_table(
    found: Sequence[Change], changes: PeriodComparison, view: ReportView
) -> PageTable:
    rows = []
    for change in found[:_ROWS]:
        key = ProjectKey(*change.key)
        name = replace(project_cell(key, view), link=view.explore.change(key, changes))
        rows.append([name, *_amounts(change, view.currency)])
    note = more_rows(len(rows), found, "project")
    return PageTable("Projects", _headings("Project", changes), rows, note)


def _job_table(found: Sequence[Change], changes: PeriodComparison, view: ReportView) -> PageTable:
    rows = []
    for change in found[:_ROWS]:
        key = JobKey(*change.key)
        name = replace(job_cell(key, view), link=view.explore.change(key, changes))
        rows.append([name, *_amounts(change, view.currency)])
    return PageTable("Jobs", _headings("Job", changes), rows, more_rows(len(rows), found, "job"))


def _headings(name: str, changes: PeriodComparison) -> Sequence[str]:
    before, now = days(changes.before), days(changes.now)
    return (name, now, "Change", "Change %", before, "Change per day", "Volume effect")


def _amounts(change: Change, currency: str) -> Row:
    tone = _tone(change)
    by_runs = change.volume_effect
    return [
        money(change.after, currency),
        Cell(money_change(change.difference, currency), tone=tone),
        Cell(_relative_change(change), tone=tone),
        money(change.before, currency),
        _change_per_day(change, currency),
        "" if by_runs is None else money_change(by_runs, currency),
    ]


def _tone(change: Change) -> Tone:
    if not change.difference:
        return ""
    return "more" if change.difference > 0 else "less"


def _relative_change(change: Change) -> str:
    """The change in percent; what did not run in one of the periods is new or gone."""
    if not change.before and not change.started_before:
        return Shown("new", None)
    if not change.after and not change.started_after:
        return Shown("gone", change.relative_change)
    return (
        Shown("", None)
        if change.relative_change is None
        else percent_change(change.relative_change)
    )


def _change_per_day(change: Change, currency: str) -> Cell:
    """The change if both periods were equally long."""
    share = (
        f"({percent_change(change.relative_change_per_day)})"
        if change.relative_change_per_day
        else ""
    )
    return Cell(money_change(change.difference_per_day, currency), detail=share)
