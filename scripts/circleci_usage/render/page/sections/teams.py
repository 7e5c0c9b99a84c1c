"""Teams: what each is charged, and the way to its report."""

from decimal import Decimal
from typing import Final

from circleci_usage.analysis.savings import Savings
from circleci_usage.core.decimals import ratio, total
from circleci_usage.render.formatting import Shown, money, percent, percent_change
from circleci_usage.render.page.sections.period_comparison import change_tone
from circleci_usage.render.page.tables import Cell, PageTable, PageTables, Row, name_cell, unknown
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import TeamReport
from circleci_usage.schema.report_files import team_page

_HEADINGS: Final = (
    "Team",
    "Cost",
    "Share",
    "Change",
    "Direct",
    "Shared",
    "Failed and canceled",
    "Monthly savings",
)
_HINT: Final = (
    "Each team’s name leads to its own report. Wasted spend and savings of a job are listed with"
    " the team that owns most of its runs."
)


def teams_section(view: ReportView) -> PageTables | None:
    """All teams, the most expensive first; none where teams have no reports."""
    reports = view.report.team_reports
    if not reports:
        return None
    ordered = sorted(reports, key=lambda each: (-each.report.totals.cost, each.team))
    rows = [_row(each, view) for each in ordered]
    tables = [PageTable("Teams", _HEADINGS, rows, total=_total(view))]
    return PageTables(tables, hint=_HINT, files=["teams", "chargeback", "team_unit_costs"])


def _row(each: TeamReport, view: ReportView) -> Row:
    found, currency = each.report.findings, view.currency
    waste = found.wasted_spend.total
    return [
        name_cell(each.team, link=team_page(each.folder)),
        money(each.report.totals.cost, currency),
        percent(ratio(each.report.totals.cost, each.whole_cost)),
        _change(each),
        money(each.direct, currency),
        money(each.shared, currency),
        money(waste.failed + waste.canceled, currency),
        money(_saved(found.savings), currency),
    ]


def _change(each: TeamReport) -> Cell | Shown:
    changes = each.report.findings.period_comparison
    share = changes.total.relative_change if changes else None
    if share is None:
        return unknown("–")
    return Cell(percent_change(share), tone=change_tone(each.report))


def _total(view: ReportView) -> Row:
    report, currency = view.report, view.currency
    waste = report.findings.wasted_spend.total
    direct = total(each.direct for each in report.team_reports)
    shared = total(each.shared for each in report.team_reports)
    changes = report.findings.period_comparison
    share = changes.total.relative_change if changes else None
    return [
        "Total",
        money(report.totals.cost, currency),
        percent(Decimal(1)),
        unknown("–") if share is None else percent_change(share),
        money(direct, currency),
        money(shared, currency),
        money(waste.failed + waste.canceled, currency),
        money(_saved(report.findings.savings), currency),
    ]


def _saved(savings: Savings) -> Decimal:
    return savings.counted("certain") + savings.counted("likely")
