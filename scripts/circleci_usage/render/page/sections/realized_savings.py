"""Realized savings: what jobs save that moved to another resource class."""

from typing import Final

from circleci_usage.analysis.savings.class_changes import ClassName
from circleci_usage.analysis.savings.realized import RealizedSaving
from circleci_usage.core.decimals import plain
from circleci_usage.render.formatting import Shown, day, money, number
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    class_cell,
    job_cell,
    more_rows,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report_folder.realized_savings_tables import REALIZED_SAVINGS

_ROWS: Final = 10
_HEADINGS: Final = (
    "Job",
    "Monthly savings",
    "Predicted",
    "Changed",
    "Class before",
    "Class now",
    "Credits per run before",
    "Credits per run now",
    "Runs compared",
)
_TEXTS: Final = ("Changed", "Class before", "Class now")
_HINT: Final = (
    "Credits per run on the new class vs. the 28 days before the change, at the runs and price of"
    " this period. Predicted: what the rates promise if runs take as long as before. Other changes"
    " to a job count, too."
)


def realized_savings_section(view: ReportView) -> PageTables | None:
    """The jobs that moved to another class, those that save most first."""
    found = view.report.findings.realized_savings
    if not found.changes:
        return None
    predicted = money(found.predicted, view.currency)
    rows = [_row(each, view) for each in found.changes[:_ROWS]]
    note = more_rows(_ROWS, found.changes, "job")
    return PageTables(
        total=(
            money(found.saved, view.currency),
            f"realized monthly savings ({predicted} predicted)",
        ),
        hint=_HINT,
        tables=[PageTable("Jobs that changed class", _HEADINGS, rows, note, _TEXTS)],
        files=[REALIZED_SAVINGS.name],
    )


def _row(each: RealizedSaving, view: ReportView) -> Row:
    runs = f"{number(each.runs_before)} and {number(each.runs_after)}"
    return [
        job_cell(each.key, view),
        Cell(money(each.saved, view.currency), tone="less" if each.saved >= 0 else "more"),
        money(each.predicted, view.currency),
        Shown(day(each.changed_on), each.changed_on),
        _class(each.before, each.after, view),
        _class(each.after, each.before, view),
        plain(each.credits_per_run_before),
        plain(each.credits_per_run_after),
        Shown(runs, each.runs_after),
    ]


def _class(name: ClassName, other: ClassName, view: ReportView) -> Cell:
    """The class, with its executor where that has changed, too."""
    executor = name.executor if name.executor != other.executor else ""
    return class_cell(name.resource_class, view, executor)
