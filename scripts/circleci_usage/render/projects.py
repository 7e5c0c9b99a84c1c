"""Every project as the formats need it: what it is called, its file, its days, its workflows and jobs."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.analysis.totals import PROJECT
from circleci_usage.columns import NO_NAME
from circleci_usage.render.lines import Line, by_project, daily_costs, lines
from circleci_usage.report import Report

ProjectNames = Mapping[tuple[str, ...], str]
"""Key of a project → what to call it, the costliest first."""

_UNSAFE: Final = re.compile(r"[^a-z0-9_]+")
_FILE_NAME_LENGTH: Final = 60
_DIGEST_LENGTH: Final = 8


@dataclass(frozen=True)
class Project:
    """One project.

    Attributes:
        line: its amounts.
        name: with the organisation's where there are several; no two projects share one.
        file_name: the name made safe for file names and anchors, as unique.
        daily: its cost on each day of the period, for drawing.
        workflows: the costliest first.
        jobs: the costliest first.
    """

    line: Line
    name: str
    file_name: str
    daily: Sequence[float]
    workflows: Sequence[Line]
    jobs: Sequence[Line]


def projects(report: Report) -> list[Project]:
    """All projects, the costliest first."""
    names = project_names(report)
    daily = daily_costs(report, PROJECT)
    workflows = by_project(lines(report.breakdowns["workflows"]))
    jobs = by_project(lines(report.breakdowns["jobs"]))
    without_cost = [0.0] * len(report.period)
    return [
        Project(
            line, names[line.key], file_name, daily.get(line.key, without_cost), workflows[line.key], jobs[line.key]
        )
        for line, file_name in zip(lines(report.breakdowns["projects"]), file_names(names), strict=True)
    ]


def project_names(report: Report) -> ProjectNames:
    """What to call each project: with its organisation where there are several, with its id where that would not do."""
    keys = [line.key for line in lines(report.breakdowns["projects"])]
    several = len({organization for _, organization, _, _ in keys}) > 1
    names = {key: _name(key, with_organization=several) for key in keys}
    uses = Counter(names.values())
    return {key: f"{name} ({key[2]})" if uses[name] > 1 else name for key, name in names.items()}


def _name(key: tuple[str, ...], *, with_organization: bool) -> str:
    _, organization, _, project = key
    if project == NO_NAME:
        return f"{organization} (no project)" if with_organization else "(no project)"
    return f"{organization}/{project}" if with_organization else project


def file_names(names: ProjectNames) -> list[str]:
    """A name for each project's files, safe on every file system; unique also where case does not count."""
    safe = [_UNSAFE.sub("-", label.lower()).strip("-")[:_FILE_NAME_LENGTH] for label in names.values()]
    uses = Counter(safe)
    return [
        name if name and uses[name] == 1 else f"{name or 'project'}-{_digest(key)}"
        for name, key in zip(safe, names, strict=True)
    ]


def _digest(key: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:_DIGEST_LENGTH]
