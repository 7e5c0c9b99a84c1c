"""Every project as page and charts need it: its name, file, days, workflows and jobs."""

from collections.abc import Sequence
from dataclasses import dataclass

from circleci_usage.analysis.breakdowns import PROJECT
from circleci_usage.analysis.unattributed import is_project
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period
from circleci_usage.render.view.breakdown_lines import Line, by_project, daily_costs, lines
from circleci_usage.render.view.circleci_links import CircleCILinks
from circleci_usage.render.view.explore_links import ExploreLinks
from circleci_usage.render.view.project_names import ProjectNames
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import CREDIT_TYPE_NAMES, NO_NAME
from circleci_usage.schema.keys import ProjectKey


@dataclass(frozen=True)
class ProjectView:
    """One project.

    Attributes:
        line: its amounts.
        name: with the organization's where there are several; no two projects share one.
        file_name: the name made safe for file names and anchors, as unique.
        daily: its cost on each day of the period, for drawing; empty for what is billed monthly.
        workflows: the most expensive first.
        jobs: the most expensive first.
        classes: resource classes, the most expensive first; their job runs are unknown.
        link: to the explorer; empty without one.
        circleci: to CircleCI; None without one.
    """

    line: Line
    name: str
    file_name: str
    daily: Sequence[float]
    workflows: Sequence[Line]
    jobs: Sequence[Line]
    classes: Sequence[Line]
    link: str
    circleci: str | None


def projects(
    report: Report, names: ProjectNames, explore: ExploreLinks, circleci: CircleCILinks
) -> Sequence[ProjectView]:
    """All projects of a report, the most expensive first."""
    files = names.files
    daily = daily_costs(report, PROJECT)
    workflows = by_project(report.breakdowns["workflows"])
    jobs = by_project(report.breakdowns["jobs"])
    classes = _classes(report)
    every = []
    for line in lines(report.breakdowns["projects"]):
        key = ProjectKey(*line.key)
        project = ProjectView(
            line=line,
            name=names.of(key),
            file_name=files[key],
            daily=daily.get(key) or _unused(line, report.period),
            workflows=workflows.get(key, ()),
            jobs=jobs.get(key, ()),
            classes=classes.get(key, ()),
            link=explore.named(key._asdict()),
            circleci=circleci.project(key),
        )
        every.append(project)
    return every


def _unused(line: Line, period: Period) -> Sequence[float]:
    """The days of a project without any cost."""
    return [0.0] * len(period) if is_project(line.key) and not line.credits else ()


def _classes(report: Report) -> dict[ProjectKey, list[Line]]:
    """The resource classes of each project, as far as the cube tells them apart."""
    used = report.cube[~report.cube["resource_class"].isin([NO_NAME, *CREDIT_TYPE_NAMES.values()])]
    amounts = ["credits", "cost", "unpriced_credits"]
    sums = used.groupby([*PROJECT, "resource_class"])[amounts].sum().reset_index()
    grouped: dict[ProjectKey, list[Line]] = {}
    for row in sums.to_dict("records"):
        key = ProjectKey(*(row[name] for name in ProjectKey._fields))
        own_name, unpriced = row["resource_class"], row["unpriced_credits"]
        line = Line((*key, own_name), own_name, row["credits"], row["cost"], ZERO, 0, unpriced)
        grouped.setdefault(key, []).append(line)
    for of_project in grouped.values():
        of_project.sort(key=lambda line: (-line.cost, -line.credits, line.key))
    return grouped
