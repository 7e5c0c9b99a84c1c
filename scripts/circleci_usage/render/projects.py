"""Every project as the formats need it: what it is called, its file, its days, its workflows and jobs."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.render.lines import Line, by_project, daily_costs, lines
from circleci_usage.report import Report

_UNSAFE: Final = re.compile(r"[^a-z0-9_]+")
_FILE_NAME_LENGTH: Final = 60
_DIGEST_LENGTH: Final = 8


@dataclass(frozen=True)
class Project:
    """One project.

    Attributes:
        line: its amounts.
        label: its name, with the organisation's where there are several; no two projects share one.
        file_name: the label made safe for file names and anchors, as unique.
        daily: its cost on each day of the period, for drawing.
        workflows: the dearest first.
        jobs: the dearest first.
    """

    line: Line
    label: str
    file_name: str
    daily: Sequence[float]
    workflows: Sequence[Line]
    jobs: Sequence[Line]


def projects(report: Report) -> list[Project]:
    """All projects, the dearest first."""
    every = lines(report.breakdowns["projects"])
    labels = project_labels(every)
    daily = daily_costs(report, report.breakdowns["projects"].keys)
    workflows = by_project(lines(report.breakdowns["workflows"]))
    jobs = by_project(lines(report.breakdowns["jobs"]))
    without_cost = [0.0] * len(report.period)
    return [
        Project(line, label, file_name, daily.get(line.key, without_cost), workflows[line.key], jobs[line.key])
        for line, label, file_name in zip(every, labels.values(), file_names(labels), strict=True)
    ]


def project_labels(every: Sequence[Line]) -> dict[tuple[str, ...], str]:
    """Key of a project → what to call it, in the same order."""
    several = len({organization for _, organization, _, _ in (line.key for line in every)}) > 1
    labels = {line.key: f"{line.key[1]}/{line.name}" if several else line.name for line in every}
    uses = Counter(labels.values())
    return {key: f"{label} ({key[2]})" if uses[label] > 1 else label for key, label in labels.items()}


def file_names(labels: dict[tuple[str, ...], str]) -> list[str]:
    """A name for each project's files, safe on every file system; unique also where case does not count."""
    safe = [_UNSAFE.sub("-", label.lower()).strip("-")[:_FILE_NAME_LENGTH] for label in labels.values()]
    uses = Counter(safe)
    return [
        name if name and uses[name] == 1 else f"{name or 'project'}-{_digest(key)}"
        for name, key in zip(safe, labels, strict=True)
    ]


def _digest(key: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:_DIGEST_LENGTH]
