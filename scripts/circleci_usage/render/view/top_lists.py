"""Breakdowns as people read them: the top lines with readable names, and the rest in one.

Page, Markdown, Slack and terminal all show these.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from circleci_usage.analysis.breakdowns import PROJECT
from circleci_usage.render.formatting import shortened, visible_name
from circleci_usage.render.view.breakdown_lines import (
    Line,
    Top,
    lines,
    top,
    used_lines,
    uses_of,
)
from circleci_usage.render.view.circleci_links import CircleCILinks
from circleci_usage.render.view.explore_links import ExploreLinks
from circleci_usage.render.view.project_names import ProjectNames
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.dimensions import BREAKDOWN_TABLES
from circleci_usage.schema.export_columns import NO_NAME, credit_type_name
from circleci_usage.schema.keys import BranchKey, JobKey, ProjectKey, WorkflowKey
from circleci_usage.schema.report_files import table_file

LABEL_LENGTH: Final = 80


@dataclass(frozen=True)
class TopLine:
    """One line.

    Attributes:
        name: of the line.
        label: shortens it.
        detail: what it belongs to.
        line: its amounts.
        link: to the explorer; empty without one.
        circleci: the same on CircleCI; None without one.
    """

    name: str
    label: str
    detail: str
    line: Line
    link: str
    circleci: str | None


@dataclass(frozen=True)
class TopList:
    """A breakdown.

    Attributes:
        title: names the whole list.
        heading: names one line of it.
        rows: the most expensive, in that order.
        rest: the sum of all others, if there are any.
        others: what the rest is called.
        file: the table that has them all.
        is_hostile: whether the names come from the export; credit types have names of ours.
    """

    title: str
    heading: str
    rows: Sequence[TopLine]
    rest: Line | None
    others: str
    file: str
    is_hostile: bool


class _Names(NamedTuple):
    """How a line is called, what it belongs to, and where the explorer and CircleCI show it."""

    name: Callable[[Line, ProjectNames], str]
    detail: Callable[[Line, ProjectNames], str] = lambda *_: ""
    link: Callable[[Line], str] = lambda _: ""
    circleci: Callable[[Line], str | None] = lambda _: None


def top_list(
    view: ReportView, breakdown: str, limit: int, *, label_length: int = LABEL_LENGTH
) -> TopList:
    """The most expensive lines of one of the report's breakdowns.

    Args:
        view: the report.
        breakdown: its name.
        limit: how many lines to show, besides the rest.
        label_length: longer names lose their middle.
    """
    chosen = top(lines(view.report.breakdowns[breakdown]), limit)
    called = _linked(_names(breakdown), BREAKDOWN_TABLES[breakdown].keys, view.explore)
    page = _CIRCLECI.get(breakdown)
    if page:
        called = called._replace(circleci=lambda line: page(view.circleci, line))
    return _top_list(chosen, breakdown, called, view.project_names, label_length)


def project_list(
    view: ReportView, breakdown: str, of_project: Sequence[Line], limit: int, label_length: int
) -> TopList:
    """The most expensive workflows, jobs or resource classes of one project, given all of them.

    Lines without a name that cost nothing are left out. Jobs that share their name name their
    workflow. None leads to CircleCI: a page has thousands of these lines.
    """
    every = used_lines(of_project)
    chosen = top(every, limit)
    uses = uses_of((line.name for line in chosen.lines), every)

    def workflow(line: Line, projects: ProjectNames) -> str:
        is_shared = breakdown == "jobs" and uses[line.name] > 1
        return _workflow_of_job(line, projects) if is_shared else ""

    keys = (*PROJECT, *BREAKDOWN_TABLES[breakdown].keys)
    called = _names(breakdown)._replace(detail=workflow)
    called = _linked(called, [*dict.fromkeys(keys)], view.explore)
    return _top_list(chosen, breakdown, called, ProjectNames([]), label_length)


def _names(breakdown: str) -> _Names:
    return _NAMES.get(breakdown, _Names(_own_name))


def _linked(called: _Names, keys: Sequence[str], explore: ExploreLinks) -> _Names:
    """The same with links, given the dimensions of the lines' keys."""
    return called._replace(link=lambda line: explore.named(dict(zip(keys, line.key, strict=True))))


def _top_list(
    chosen: Top, breakdown: str, called: _Names, projects: ProjectNames, label_length: int
) -> TopList:
    table = BREAKDOWN_TABLES[breakdown]
    names = [called.name(line, projects) for line in chosen.lines]
    details = shortened([called.detail(line, projects) for line in chosen.lines], label_length)
    labels = shortened(names, label_length)
    links = [called.link(line) for line in chosen.lines]
    circleci = [called.circleci(line) for line in chosen.lines]
    columns = (names, labels, details, chosen.lines, links, circleci)
    rows = [TopLine(*row) for row in zip(*columns, strict=True)]
    others = f"{chosen.others:,} other {table.title.lower()}"
    is_hostile = breakdown != "credit_types"
    return TopList(
        table.title, table.heading, rows, chosen.rest, others, table_file(breakdown), is_hostile
    )


def _own_name(line: Line, _: ProjectNames) -> str:
    return line.name


def _all_names(line: Line, _: ProjectNames) -> str:
    return " · ".join(dict.fromkeys(map(visible_name, line.key)))


def _credit_type(line: Line, _: ProjectNames) -> str:
    return credit_type_name(line.name)


def _project(line: Line, projects: ProjectNames) -> str:
    return projects.of(ProjectKey(*line.key))


def _job(line: Line, _: ProjectNames) -> str:
    return "(no job)" if line.name == NO_NAME else line.name


def _workflow(line: Line, _: ProjectNames) -> str:
    return "(no workflow)" if line.name == NO_NAME else line.name


def _workflow_of_job(line: Line, _: ProjectNames) -> str:
    workflow = JobKey(*line.key).workflow
    return "(no workflow)" if workflow == NO_NAME else visible_name(workflow)


def _branch(links: CircleCILinks, key: BranchKey) -> str | None:
    return links.branch(key.project_key, key.branch)


def _around_workflow(line: Line, projects: ProjectNames) -> str:
    return projects.around(WorkflowKey(*line.key).project_key)


def _around_branch(line: Line, projects: ProjectNames) -> str:
    return projects.around(BranchKey(*line.key).project_key)


def _around_job(line: Line, projects: ProjectNames) -> str:
    return projects.around_job(JobKey(*line.key))


_NAMES: Final = {
    "credit_types": _Names(_credit_type),
    "projects": _Names(_project),
    "workflows": _Names(_workflow, _around_workflow),
    "jobs": _Names(_job, _around_job),
    "branches": _Names(_own_name, _around_branch),
    "executors": _Names(_all_names),
}
"""How the lines of a breakdown are called where their last name does not say enough."""

_CIRCLECI: Final[Mapping[str, Callable[[CircleCILinks, Line], str | None]]] = {
    "projects": lambda links, line: links.project(ProjectKey(*line.key)),
    "workflows": lambda links, line: links.workflow(WorkflowKey(*line.key)),
    "jobs": lambda links, line: links.job(JobKey(*line.key)),
    "branches": lambda links, line: _branch(links, BranchKey(*line.key)),
}
"""The pages of CircleCI that the lines of a breakdown lead to."""
