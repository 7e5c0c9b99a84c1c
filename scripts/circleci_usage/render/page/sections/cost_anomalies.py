"""Cost anomalies: days that cost far more than expected."""

from dataclasses import replace
from typing import Final

from circleci_usage.analysis.anomalies import Anomaly, MainDriver
from circleci_usage.render.formatting import long_day, money, money_change
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    more_rows,
    name_cell,
    project_cell,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.keys import ProjectKey

_ROWS: Final = 10
_HEADINGS: Final = ("Project", "Actual", "Expected", "Excess", "Day", "Main driver")
_HINT: Final = (
    "Compared with the same weekday in the surrounding weeks, considering how much the cost usually"
    " varies. If the anomaly is limited to one job, the amounts are that job's."
)


def cost_anomalies_section(view: ReportView) -> PageTables | None:
    """A row per anomaly, the largest first."""
    found = view.report.findings.anomalies
    if not found:
        return None
    rows = [_row(anomaly, view) for anomaly in found[:_ROWS]]
    note = more_rows(len(rows), found, "day")
    table = PageTable("Cost anomalies", _HEADINGS, rows, note, texts=("Day", "Main driver"))
    return PageTables([table], hint=_HINT, files=["anomalies"])


def _row(anomaly: Anomaly, view: ReportView) -> Row:
    currency = view.currency
    return [
        _project(anomaly, view),
        money(anomaly.actual, currency),
        money(anomaly.expected, currency),
        Cell(money_change(anomaly.excess, currency), tone="more"),
        long_day(anomaly.day),
        _main_driver(anomaly, anomaly.main_driver, view) if anomaly.main_driver else "",
    ]


def _project(anomaly: Anomaly, view: ReportView) -> Cell:
    link = view.explore.anomaly(anomaly)
    if not anomaly.project:
        return Cell("all projects", link=link)
    return replace(project_cell(ProjectKey(*anomaly.project), view), link=link)


def _main_driver(anomaly: Anomaly, driver: MainDriver, view: ReportView) -> Cell:
    usual = f"(usually {money(driver.expected, view.currency)})"
    amounts = f"{money(driver.actual, view.currency)} {usual}"
    return name_cell(driver.job, amounts, view.explore.main_driver(anomaly, driver))
