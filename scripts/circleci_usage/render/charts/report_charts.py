"""What the charts of a report show; `drawing` draws them.

Amounts become plain texts, which need not know the values they show.
"""

from typing import Final

from circleci_usage.core.plurals import amount_of
from circleci_usage.render.charts.chart_data import (
    BarsChart,
    Days,
    DaysChart,
    ProjectChart,
    ReportCharts,
)
from circleci_usage.render.formatting import days, money, number, percent
from circleci_usage.render.view.breakdown_lines import lines, seats, top
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import credit_type_name
from circleci_usage.schema.keys import ProjectKey

_TOP_PROJECTS: Final = 20


def report_charts(view: ReportView) -> ReportCharts:
    """All charts of a report."""
    period = view.report.period
    return ReportCharts(
        _cost_by_day(view),
        {
            "credits-by-project": _credits_by_project(view),
            "cost-by-credit-type": _cost_by_credit_type(view.report),
        },
        Days([*period], days(period), view.currency),
        _projects(view),
    )


def _cost_by_day(view: ReportView) -> DaysChart:
    """Stacked bars of the days, with the previous period as a dashed line."""
    apart, currency = seats(view.report), view.currency
    left_out = f", including {money(apart, currency)} for seats (not shown)" if apart else ""
    return DaysChart("Cost by day", _subtitle(view.report) + left_out, view.daily, currency)


def _credits_by_project(view: ReportView) -> BarsChart:
    """Horizontal bars of the projects with the most credits, and the rest in one."""
    report = view.report
    every = sorted(lines(report.breakdowns["projects"]), key=lambda line: -line.credits)
    chosen = top(every, _TOP_PROJECTS)
    names = [view.project_names.of(ProjectKey(*line.key)) for line in chosen.lines]
    amounts = [line.credits for line in chosen.lines]
    if chosen.rest:
        names.append(f"{chosen.others} other projects")
        amounts.append(chosen.rest.credits)
    return BarsChart(
        "Credits by project",
        f"{days(report.period)} · {amount_of(number(report.totals.credits), 'credit')} total",
        names,
        [float(amount) for amount in amounts],
        [str(number(amount)) for amount in amounts],
        has_rest=chosen.rest is not None,
    )


def _cost_by_credit_type(report: Report) -> BarsChart:
    """Horizontal bars of the credit types."""
    every = lines(report.breakdowns["credit_types"])
    return BarsChart(
        "Cost by credit type",
        _subtitle(report),
        [credit_type_name(line.name) for line in every],
        [float(line.cost) for line in every],
        [f"{money(line.cost, report.currency)}  {percent(line.share)}" for line in every],
    )


def _projects(view: ReportView) -> list[ProjectChart]:
    """What is drawn for each project that has days."""
    charts = []
    for project in view.projects:
        if project.daily:
            cost = str(money(project.line.cost, view.currency))
            charts.append(ProjectChart(project.file_name, project.name, cost, project.daily))
    return charts


def _subtitle(report: Report) -> str:
    return f"{days(report.period)} · {money(report.totals.cost, report.currency)} total"
