"""The top lines of breakdowns: credit types, teams, projects, jobs, resource classes and others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.render.charts.day_bars import Spark, spark
from circleci_usage.render.view.breakdown_lines import lines
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.tag_lists import tag_list
from circleci_usage.render.view.top_lists import TopList, top_list
from circleci_usage.schema.dimensions import BREAKDOWN_TABLES

COMPACT_LENGTH: Final = 48

_TOP: Final = 15
_COMPACT_TOP: Final = 8
_ELSEWHERE: Final = ("credit_types", "teams", "organizations", "projects", "jobs", "daily")
"""Breakdowns that other sections show."""


@dataclass(frozen=True)
class WideList:
    """A list over the whole width of the page.

    Attributes:
        top: its lines.
        sparks: the days of each line, or none.
        targets: the anchor that each line leads to, or none.
    """

    top: TopList
    sparks: Sequence[Spark] = ()
    targets: Sequence[str] = ()


def credit_type_section(view: ReportView) -> Sequence[TopList]:
    """Credit types, teams and organizations, side by side."""
    breakdowns = view.report.breakdowns
    names = ["credit_types"]
    if not view.team_report and any(
        line.name != UNALLOCATED for line in lines(breakdowns["teams"])
    ):
        names.append("teams")
    if len(breakdowns["organizations"].lines) > 1:
        names.append("organizations")
    return _compact(view, names)


def tags_section(view: ReportView) -> Sequence[TopList] | None:
    """The values of each tag of the settings file, side by side; None without tags."""
    tags = view.report.tags
    return [tag_list(view, tag, _COMPACT_TOP, COMPACT_LENGTH) for tag in tags] or None


def environment_section(view: ReportView) -> Sequence[TopList]:
    """Resource classes, executors, branches and whatever else no other section shows."""
    others = [name for name in BREAKDOWN_TABLES if name not in _ELSEWHERE]
    return _compact(view, [name for name in others if name in view.report.breakdowns])


def projects_section(view: ReportView) -> WideList:
    """The most expensive projects with their days."""
    top = top_list(view, "projects", _TOP)
    shown = view.projects[: len(top.rows)]
    sparks = [spark(project.daily) for project in shown]
    if view.team_report:
        return WideList(top, sparks)
    return WideList(top, sparks, [f"project-{project.file_name}" for project in shown])


def jobs_section(view: ReportView) -> WideList:
    """The most expensive jobs, with the project and workflow of each."""
    return WideList(top_list(view, "jobs", _TOP))


def _compact(view: ReportView, names: Sequence[str]) -> list[TopList]:
    return [top_list(view, name, _COMPACT_TOP, label_length=COMPACT_LENGTH) for name in names]
