"""All projects: each with its days, workflows, jobs and resource classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.render.charts.day_bars import Spark, spark
from circleci_usage.render.formatting import drawn_money, shortened
from circleci_usage.render.page.sections.breakdowns import COMPACT_LENGTH
from circleci_usage.render.view.projects import ProjectView
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.top_lists import LABEL_LENGTH, TopList, project_list

# So many lines of a project's workflows and jobs keep the page below two megabytes.
_PROJECT_LINES: Final = ((60, 10), (200, 6))
_LINES_OF_MANY: Final = 4
_IN_FULL: Final = 600
"""Projects beyond these have a line each; all of them are in the tables."""


@dataclass(frozen=True)
class ProjectDetails:
    """A project that can be expanded.

    Attributes:
        project: the project.
        label: its name, perhaps shortened.
        spark: its days.
        highest: what its most expensive day cost; empty without days.
        lists: its workflows, jobs and resource classes.
    """

    project: ProjectView
    label: str
    spark: Spark
    highest: str
    lists: Sequence[TopList]


@dataclass(frozen=True)
class AllProjects:
    """The section: `others` are the projects, with their labels, that have a line alone."""

    projects: Sequence[ProjectDetails]
    others: Sequence[tuple[ProjectView, str]]


def all_projects_section(view: ReportView) -> AllProjects:
    """Each project on its own, the most expensive first."""
    every = view.projects
    limit = _lines_of_each(len(every))
    labels = shortened([project.name for project in every], LABEL_LENGTH)
    labeled = [*zip(every, labels, strict=True)]
    details = []
    for project, label in labeled[:_IN_FULL]:
        details.append(_details(project, label, limit, view))
    return AllProjects(details, labeled[_IN_FULL:])


def _lines_of_each(projects: int) -> int:
    for most, limit in _PROJECT_LINES:
        if projects <= most:
            return limit
    return _LINES_OF_MANY


def _details(project: ProjectView, label: str, limit: int, view: ReportView) -> ProjectDetails:
    highest = drawn_money(max(project.daily), view.currency) if project.daily else ""
    lists = [
        project_list(view, "workflows", project.workflows, limit, COMPACT_LENGTH),
        project_list(view, "jobs", project.jobs, limit, COMPACT_LENGTH),
        project_list(view, "resource_classes", project.classes, limit, COMPACT_LENGTH),
    ]
    return ProjectDetails(project, label, spark(project.daily), highest, lists)
