"""What the sections of the page show: a small function of the report each, None where there is nothing to show."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.render.charts import overview, style
from circleci_usage.render.charts.inline_svg import inline_svg
from circleci_usage.render.charts.sparklines import spark
from circleci_usage.render.formatting import days, drawn_money, long_day, shortened
from circleci_usage.render.view.breakdown_lines import lines, seats
from circleci_usage.render.view.day_series import DailySeries, daily_series
from circleci_usage.render.view.projects import projects
from circleci_usage.render.view.top_lists import LABEL_LENGTH, TopList, project_list, top_list
from circleci_usage.report import Report

View = Mapping[str, Any] | None
"""The variables of a section's template; None leaves the section out."""

_TOP: Final = 15
_COMPACT_TOP: Final = 8
_COMPACT_LENGTH: Final = 48
_DAYS_WITH_TIPS: Final = 93
_NARROW: Final = 4.0

# So many lines of a project's workflows and jobs keep the page below two megabytes.
_PROJECT_LINES: Final = ((60, 10), (200, 6), (1_000_000, 4))
_IN_FULL: Final = 600
"""Projects beyond these have a line each; all of them are in the tables."""


def day_view(report: Report) -> View:
    """The cost of each day."""
    daily = daily_series(report)
    if not daily.series:
        return None
    label = (
        f"Stacked bar chart of the cost by day, {days(report.period)}, by {daily.kind}."
        " The table below lists the totals."
    )
    with style.house_style():
        wide = inline_svg(overview.cost_by_day(daily, report.currency), label, "wide")
        narrow = inline_svg(
            overview.cost_by_day(daily, report.currency, width=_NARROW, height=2.7), label, "narrow"
        )
    return {
        "kind": daily.kind,
        "wide": wide,
        "narrow": narrow,
        "legend": [
            (series.label, "rest" if series.is_rest else f"series-{number}")
            for number, series in enumerate(daily.series, start=1)
        ],
        "before": daily.before.label if daily.before else "",
        "seats": seats(report),
        "tips": _tips(daily, report.currency) if len(daily.days) <= _DAYS_WITH_TIPS else [],
        "area": overview.day_area(),
        "lines": lines(report.breakdowns["daily"]),
    }


def _tips(daily: DailySeries, currency: str) -> list[str]:
    """What each day shows under the pointer."""
    tips = []
    for index, (day, total) in enumerate(zip(daily.days, daily.totals, strict=True)):
        parts = [
            f"{drawn_money(series.values[index], currency)}  {series.label}"
            for series in reversed(daily.series)
            if series.values[index]
        ]
        tips.append("\n".join([long_day(day), f"{drawn_money(total, currency)} total", *parts]))
    return tips


def spending_view(report: Report) -> View:
    """Credit types, teams and organisations, side by side."""
    names = ["credit_types"]
    if any(line.name != UNALLOCATED for line in lines(report.breakdowns["teams"])):
        names.append("teams")
    if len(report.breakdowns["organizations"].lines) > 1:
        names.append("organizations")
    return {"lists": _compact(report, names)}


def machine_view(report: Report) -> View:
    """Where jobs ran, how they ended, what started them."""
    names = ["resource_classes", "executors", "statuses", "triggers", "branches", "workflows"]
    return {"lists": _compact(report, names)}


def _compact(report: Report, names: Sequence[str]) -> list[TopList]:
    return [top_list(report, name, _COMPACT_TOP, label_length=_COMPACT_LENGTH) for name in names]


def project_view(report: Report) -> View:
    """The costliest projects with their days."""
    return {
        "list": top_list(report, "projects", _TOP),
        "sparks": [spark(project.daily) for project in projects(report)],
        "targets": [f"project-{project.file_name}" for project in projects(report)],
    }


def job_view(report: Report) -> View:
    """The costliest jobs, with the project and workflow that each belongs to."""
    return {"list": top_list(report, "jobs", _TOP), "sparks": [], "targets": []}


def every_project_view(report: Report) -> View:
    """Each project on its own: its days, workflows, jobs and resource classes."""
    every = projects(report)
    limit = next(limit for most, limit in _PROJECT_LINES if len(every) <= most)
    labels = shortened([project.name for project in every], LABEL_LENGTH)
    labelled = [*zip(every, labels, strict=True)]
    return {
        "others": labelled[_IN_FULL:],
        "projects": [
            {
                "label": label,
                "project": project,
                "spark": spark(project.daily),
                "highest": drawn_money(max(project.daily), report.currency)
                if project.daily
                else "",
                "lists": [
                    project_list("workflows", project.workflows, limit, _COMPACT_LENGTH),
                    project_list("jobs", project.jobs, limit, _COMPACT_LENGTH),
                    project_list("resource_classes", project.classes, limit, _COMPACT_LENGTH),
                ],
            }
            for project, label in labelled[:_IN_FULL]
        ],
    }
