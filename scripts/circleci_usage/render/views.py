"""What the sections of the page show: a small function of the report each, None where there is nothing to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from circleci_usage.allocation import UNALLOCATED
from circleci_usage.columns import CREDIT_TYPE_NAMES
from circleci_usage.render import charts, style
from circleci_usage.render.inline import inline_svg
from circleci_usage.render.lines import Line, lines, top
from circleci_usage.render.projects import projects
from circleci_usage.render.series import DailySeries, daily_series
from circleci_usage.render.shown import counted, days, drawn_money, long_day, shortened
from circleci_usage.render.sparks import Spark, spark
from circleci_usage.report import Report

View = Mapping[str, Any] | None
"""The variables of a section's template; None leaves the section out."""

_TOP: Final = 15
_COMPACT_TOP: Final = 8
_LABEL_LENGTH: Final = 80
_DAYS_WITH_TIPS: Final = 93
_NARROW: Final = 4.0

# So many lines of a project's workflows and jobs keep the page below two megabytes.
_PROJECT_LINES: Final = ((60, 10), (200, 6), (1_000_000, 4))

_EXECUTORS: Final = {"unknown": "Not known"}


@dataclass(frozen=True)
class Row:
    """One line of a table: `name` is what `label` shortens, `detail` stands beside it, `target` is where it leads."""

    name: str
    label: str
    line: Line
    detail: str = ""
    target: str = ""
    spark: Spark | None = None


@dataclass(frozen=True)
class Table:
    """A breakdown as a table: its dearest rows, the rest in one, and the file that has them all."""

    title: str
    heading: str
    rows: Sequence[Row]
    rest: Line | None
    others: str
    file: str


def day_view(report: Report) -> View:
    """The cost of each day."""
    daily = daily_series(report)
    if not daily.series:
        return None
    label = (
        f"Stacked bars: the cost of each day of {days(report.period)} by {daily.kind}. The table below has the sums."
    )
    with style.house_style():
        wide = inline_svg(charts.cost_by_day(daily, report.currency), label, "wide")
        narrow = inline_svg(charts.cost_by_day(daily, report.currency, width=_NARROW, height=2.7), label, "narrow")
    return {
        "kind": daily.kind,
        "wide": wide,
        "narrow": narrow,
        "legend": [(series.label, _key_color(index, series.is_rest)) for index, series in enumerate(daily.series, 1)],
        "tips": _tips(daily, report.currency) if len(daily.days) <= _DAYS_WITH_TIPS else [],
        "area": charts.day_area(),
        "lines": lines(report.breakdowns["daily"]),
    }


def _key_color(number: int, is_rest: bool) -> str:  # noqa: FBT001 - a property of the series
    return "rest" if is_rest else f"series-{number}"


def _tips(daily: DailySeries, currency: str) -> list[str]:
    """What each day shows under the pointer."""
    tips = []
    for index, (day, total) in enumerate(zip(daily.days, daily.totals, strict=True)):
        parts = [
            f"{drawn_money(series.values[index], currency)}  {series.label}"
            for series in reversed(daily.series)
            if series.values[index]
        ]
        tips.append("\n".join([long_day(day), f"{drawn_money(total, currency)} in all", *parts]))
    return tips


def spending_view(report: Report) -> View:
    """Credit types, teams and organisations, side by side."""
    tables = [_table(report, "credit_types", "Credit types", "Credit type", CREDIT_TYPE_NAMES)]
    if any(line.name != UNALLOCATED for line in lines(report.breakdowns["teams"])):
        tables.append(_table(report, "teams", "Teams", "Team"))
    if len(report.breakdowns["organizations"].lines) > 1:
        tables.append(_table(report, "organizations", "Organizations", "Organization"))
    return {"title": "What the credits went to", "tables": tables}


def machine_view(report: Report) -> View:
    """Where jobs ran."""
    tables = [_table(report, "resource_classes", "Resource classes", "Resource class")]
    return {"title": "Where jobs ran", "tables": tables}


def _table(report: Report, name: str, title: str, heading: str, names: Mapping[str, str] | None = None) -> Table:
    chosen = top(lines(report.breakdowns[name]), _COMPACT_TOP)
    full = [(names or {}).get(line.name, line.name) for line in chosen.lines]
    rows = [Row(*row) for row in zip(full, shortened(full, _LABEL_LENGTH), chosen.lines, strict=True)]
    return Table(title, heading, rows, chosen.rest, f"{chosen.others} others", f"tables/{name}.csv")


def project_view(report: Report) -> View:
    """The dearest projects with their days."""
    every = projects(report)
    chosen = top([project.line for project in every], _TOP)
    shown = every[: len(chosen.lines)]
    labels = shortened([project.label for project in shown], _LABEL_LENGTH)
    rows = [
        Row(project.label, label, project.line, target=f"project-{project.file_name}", spark=spark(project.daily))
        for project, label in zip(shown, labels, strict=True)
    ]
    return {
        "table": Table(
            "Projects", "Project", rows, chosen.rest, f"{chosen.others} other projects", "tables/projects.csv"
        )
    }


def job_view(report: Report) -> View:
    """The dearest jobs, with the project and workflow that each belongs to."""
    chosen = top(lines(report.breakdowns["jobs"]), _TOP)
    labels = shortened([line.name for line in chosen.lines], _LABEL_LENGTH)
    rows = [
        Row(line.name, label, line, detail=" · ".join(shortened([line.key[-3], line.key[-2]], _LABEL_LENGTH)))
        for line, label in zip(chosen.lines, labels, strict=True)
    ]
    return {"table": Table("Jobs", "Job", rows, chosen.rest, f"{chosen.others} other jobs", "tables/jobs.csv")}


def every_project_view(report: Report) -> View:
    """Each project on its own: its days, workflows and jobs."""
    every = projects(report)
    limit = next(limit for most, limit in _PROJECT_LINES if len(every) <= most)
    labels = shortened([project.label for project in every], _LABEL_LENGTH)
    return {
        "projects": [
            {
                "label": label,
                "name": project.label,
                "file": project.file_name,
                "line": project.line,
                "spark": spark(project.daily),
                "highest": drawn_money(max(project.daily), report.currency),
                "tables": [
                    _project_table("Workflow", project.workflows, limit),
                    _project_table("Job", project.jobs, limit),
                ],
            }
            for project, label in zip(every, labels, strict=True)
        ],
    }


def _project_table(heading: str, every: Sequence[Line], limit: int) -> Table:
    chosen = top(every, limit)
    labels = shortened([line.name for line in chosen.lines], _LABEL_LENGTH // 2)
    rows = [Row(line.name, label, line) for line, label in zip(chosen.lines, labels, strict=True)]
    return Table("", heading, rows, chosen.rest, counted(chosen.others, f"other {heading.lower()}"), "")


def number_view(report: Report) -> View:
    """How the numbers were made."""
    return {"prices": report.prices.periods}
