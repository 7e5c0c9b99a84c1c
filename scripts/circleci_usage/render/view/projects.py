"""Every project as the formats need it: what it is called, its file, its days, its workflows and jobs."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from circleci_usage.analysis.breakdowns import JOB, PROJECT
from circleci_usage.analysis.unattributed import is_project
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period
from circleci_usage.render.formatting import visible
from circleci_usage.render.view.breakdown_lines import Line, by_project, daily_costs, lines
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import CREDIT_TYPE_NAMES, NO_NAME, is_credit_type

_UNSAFE: Final = re.compile(r"[^a-z0-9_]+")
_FILE_NAME_LENGTH: Final = 60
_DIGEST_LENGTH: Final = 8


@dataclass(frozen=True)
class ProjectView:
    """One project.

    Attributes:
        line: its amounts.
        name: with the organisation's where there are several; no two projects share one.
        file_name: the name made safe for file names and anchors, as unique.
        daily: its cost on each day of the period, for drawing; empty of what no day causes, such as seats.
        workflows: the costliest first.
        jobs: the costliest first.
        classes: resource classes, the costliest first; their job runs are not known.
    """

    line: Line
    name: str
    file_name: str
    daily: Sequence[float]
    workflows: Sequence[Line]
    jobs: Sequence[Line]
    classes: Sequence[Line]


class ProjectNames:
    """What to call each project: with its organisation where there are several, with its id where that would not do."""

    def __init__(self, keys: Iterable[tuple[str, ...]]) -> None:
        self._keys = [*keys]
        self._several = len({organization for _, organization, _, _ in self._keys}) > 1
        self._uses = Counter(map(self._name, self._keys))

    def of(self, key: Sequence[str]) -> str:
        """The name of the project whose key `key` begins with."""
        project = tuple(key[: len(PROJECT)])
        name = self._name(project)
        is_shared = is_project(project) and self._uses[name] > 1
        return f"{name} ({visible(project[PROJECT.index('project_id')])})" if is_shared else name

    def around(self, key: Sequence[str]) -> str:
        """What a job, workflow or branch of a project belongs to: nothing repeats the name of a credit type."""
        _, organization, *_ = key
        if is_project(key):
            return self.of(key)
        return visible(organization) if self._several else ""

    def around_job(self, key: Sequence[str]) -> str:
        """The project and the workflow of a key of `analysis.totals.JOB`."""
        *_, workflow, job = key[: len(JOB)]
        has_workflow = workflow not in {NO_NAME, job if is_credit_type(job) else NO_NAME}
        return " · ".join(
            filter(None, (self.around(key), visible(workflow) if has_workflow else ""))
        )

    def files(self) -> dict[tuple[str, ...], str]:
        """Key → a name for the project's files, safe on every file system; unique also where case does not count."""
        safe = [
            _UNSAFE.sub("-", self.of(key).lower()).strip("-")[:_FILE_NAME_LENGTH]
            for key in self._keys
        ]
        uses = Counter(safe)
        return {
            key: name if name and uses[name] == 1 else f"{name or 'project'}-{_digest(key)}"
            for key, name in zip(self._keys, safe, strict=True)
        }

    def _name(self, key: tuple[str, ...]) -> str:
        _, organization, _, project = map(visible, key)
        if is_project(key):
            return f"{organization}/{project}" if self._several else project
        name = "(no project)" if project == NO_NAME else project
        return f"{name} ({organization})" if self._several else name


@lru_cache(maxsize=1)
def project_names(report: Report) -> ProjectNames:
    """The names of the report's projects."""
    return ProjectNames(line.key for line in lines(report.breakdowns["projects"]))


@lru_cache(maxsize=1)
def projects(report: Report) -> Sequence[ProjectView]:
    """All projects, the costliest first."""
    names = project_names(report)
    files = names.files()
    daily = daily_costs(report, PROJECT)
    workflows = by_project(report.breakdowns["workflows"])
    jobs = by_project(report.breakdowns["jobs"])
    classes = _classes(report)
    return [
        ProjectView(
            line=line,
            name=names.of(line.key),
            file_name=files[line.key],
            daily=daily.get(line.key) or _unused(line, report.period),
            workflows=workflows.get(line.key, ()),
            jobs=jobs.get(line.key, ()),
            classes=classes.get(line.key, ()),
        )
        for line in lines(report.breakdowns["projects"])
    ]


def _unused(line: Line, period: Period) -> Sequence[float]:
    """The days of a project without any cost."""
    return [0.0] * len(period) if is_project(line.key) and not line.credits else ()


def _classes(report: Report) -> dict[tuple[str, ...], list[Line]]:
    """The resource classes of each project, as far as the cube tells them apart."""
    used = report.cube[~report.cube["resource_class"].isin([NO_NAME, *CREDIT_TYPE_NAMES.values()])]
    sums = (
        used.groupby([*PROJECT, "resource_class"])[["credits", "cost", "unpriced_credits"]]
        .sum()
        .reset_index()
    )
    keys = zip(*(sums[key] for key in (*PROJECT, "resource_class")), strict=True)
    amounts = zip(sums["credits"], sums["cost"], sums["unpriced_credits"], strict=True)
    every = [
        Line(key, credits, cost, ZERO, 0, unpriced)
        for key, (credits, cost, unpriced) in zip(keys, amounts, strict=True)
    ]
    grouped: dict[tuple[str, ...], list[Line]] = {}
    for line in sorted(every, key=lambda line: (-line.cost, -line.credits, line.key)):
        grouped.setdefault(line.key[: len(PROJECT)], []).append(line)
    return grouped


def _digest(key: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:_DIGEST_LENGTH]
