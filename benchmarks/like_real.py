"""Rows like those of a real export of three organizations, of which 475 job runs were counted.

Only counts, shares and lengths are from it; every name is synthetic. It has few names: 30 projects
with 61 workflows, and pipelines of 2.5 job runs. A sixth of its rows are jobs that never started,
and half of the others have no utilization. Rows are in no order: neighbors rarely share a pipeline.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.sample_columns import DAY, ids, midnight, moments, texts
from circleci_usage.schema.export_columns import CREDIT_COLUMNS, EXPORT_COLUMNS, TOTAL_CREDITS

Numbers = npt.NDArray[np.int64]

_PROJECTS: Final = (
    (289, 11, 101, 14),
    (68, 4, 20, 18),
    (19, 8, 10, 6),
    (15, 8, 13, 4),
    (13, 1, 1, 1),
    (12, 1, 1, 1),
    (7, 1, 6, 1),
    (6, 1, 1, 1),
    (6, 1, 3, 1),
    (5, 1, 4, 2),
    (5, 2, 3, 3),
    (4, 2, 4, 1),
    *[(2, 1, 1, 1)] * 4,
    *[(2, 2, 2, 1)] * 4,
    *[(1, 1, 1, 1)] * 10,
)
"""Job runs, workflows, jobs and branches of each project."""

_OF_A_WORKFLOW: Final = {1: 181, 2: 55, 3: 17, 4: 9, 5: 4, 6: 4, 7: 5, 8: 1, 10: 1}
"""Job runs of a workflow → how many workflows have so many."""
_OF_A_PIPELINE: Final = {1: 134, 2: 34, 3: 14, 4: 7, 5: 1}
"""Workflows of a pipeline → how many pipelines have so many."""

_MACHINES: Final = {
    ("docker", "linux", "medium", 10): 163,
    ("docker", "linux", "large", 20): 79,
    ("machine", "linux", "xlarge", 100): 61,
    ("machine", "linux", "large", 20): 19,
    ("remote-docker", "linux", "large", 20): 18,
    ("machine", "linux", "medium", 10): 14,
    ("remote-docker", "linux", "xlarge", 100): 12,
    ("runner", "linux", "acme.example/container.runner.gpu", 0): 10,
    ("docker", "linux", "xlarge", 40): 5,
    ("machine", "windows", "windows.medium", 40): 4,
    ("machine", "linux", "gpu.nvidia.small.multi", 160): 3,
    ("machine", "linux", "2xlarge", 200): 3,
}
"""Executor, OS, resource class and credits a minute → job runs."""

_SOURCES: Final = {"webhook": 270, "scheduled_pipeline": 151, "schedule": 54}
_STATUSES: Final = {"success": 364, "failed": 25, "canceled": 9, "queued": 1}
_NEVER_STARTED: Final = {"canceled": 47, "blocked": 22, "running": 7}
_PARALLELISM: Final = {1: 378, 2: 7, 4: 6, 5: 5, 3: 2, 9: 1}
_WORDS: Final = ("build", "integration", "deploy", "lint", "package", "release", "unit", "docker")
_USERS: Final = 18


def rows_like_real(
    count: int, first: date, days: int, random: np.random.Generator, null: str
) -> pl.DataFrame:
    """Job runs of pipelines that are created within the days, with the columns of an export."""
    fields = _Rows(count, first, days, random, null).fields()
    for column in EXPORT_COLUMNS:
        if column.endswith("_CREDITS"):
            fields.setdefault(column, 0)
    rows = pl.DataFrame(fields).select(EXPORT_COLUMNS)
    return rows[random.permutation(count)]


class _Choice:
    """Weighted choices among the members of a group, such as the jobs of a workflow."""

    def __init__(self, groups: Numbers) -> None:
        """Members are in the order of their groups; the first of a group is chosen most."""
        numbers = np.arange(groups.max() + 1)
        self._first = np.searchsorted(groups, numbers)
        self._last = np.searchsorted(groups, numbers, side="right") - 1
        weights = 1 / (1 + np.arange(len(groups)) - self._first[groups])
        self._bounds = np.concatenate([[0], np.cumsum(weights)])

    def of(self, groups: Numbers, random: np.random.Generator) -> Numbers:
        """One member for each of the groups."""
        low, high = self._bounds[self._first[groups]], self._bounds[self._last[groups] + 1]
        place = low + random.random(len(groups)) * (high - low)
        chosen = np.searchsorted(self._bounds, place, side="right") - 1
        within: Numbers = np.minimum(chosen, self._last[groups])
        return within


@dataclass(frozen=True)
class _Organizations:
    """What there is in all exports."""

    workflow_projects: Numbers
    job_workflows: Numbers
    branch_projects: Numbers

    @classmethod
    def counted(cls) -> "_Organizations":
        _, workflows, jobs, branches = np.array(_PROJECTS).T
        projects = np.arange(len(_PROJECTS))
        first_workflow = np.cumsum(workflows) - workflows
        shared = [
            first + np.arange(of_project) * among // of_project
            for first, among, of_project in zip(first_workflow, workflows, jobs, strict=True)
        ]
        return cls(
            np.repeat(projects, workflows), np.concatenate(shared), np.repeat(projects, branches)
        )


class _Rows:
    """Which pipeline, workflow, job and times each job run has."""

    def __init__(
        self, count: int, first: date, days: int, random: np.random.Generator, null: str
    ) -> None:
        self._count, self._random, self._null = count, random, null
        known = _Organizations.counted()
        self._workflow = self._members(_OF_A_WORKFLOW, count)
        of_workflow = self._members(_OF_A_PIPELINE, self._workflow[-1] + 1)
        self._pipeline = of_workflow[self._workflow]
        pipelines = of_workflow[-1] + 1
        runs = np.array(_PROJECTS)[:, 0]
        projects = random.choice(len(runs), pipelines, p=runs / runs.sum())
        self._project = projects[self._pipeline]
        self._branch = _Choice(known.branch_projects).of(projects, random)[self._pipeline]
        names = _Choice(known.workflow_projects).of(projects[of_workflow], random)
        self._workflow_name = names[self._workflow]
        self._job = _Choice(known.job_workflows).of(self._workflow_name, random)
        self._has_user = (random.random(pipelines) < 0.52)[self._pipeline]
        self._user = (projects + random.integers(0, 3, pipelines))[self._pipeline] % _USERS
        self._source = self._among(_SOURCES, pipelines).gather(self._pipeline)
        created = midnight(first) + random.integers(0, days * DAY, pipelines)
        self._created = created[self._pipeline]
        self._never_started = random.random(count) < 0.16
        jobs = len(known.job_workflows)
        # The same in each part: a job keeps its resource class.
        machines = _drawn(dict(enumerate(_MACHINES.values())), jobs, np.random.default_rng(1))
        self._machine = machines[self._job]
        self._parallelism = _drawn(_PARALLELISM, jobs, np.random.default_rng(2))[self._job]
        self._starts = np.flatnonzero(np.diff(self._workflow, prepend=-1))

    def _members(self, sizes: dict[int, int], count: int) -> Numbers:
        """The group of each member, for groups of such sizes."""
        return np.repeat(np.arange(count), _drawn(sizes, count, self._random))[:count]

    def _among(self, shares: dict[str, int], count: int) -> pl.Series:
        numbers = dict(enumerate(shares.values()))
        return pl.Series([*shares]).gather(_drawn(numbers, count, self._random))

    def fields(self) -> dict[str, object]:
        """Column → values, without credits that are always zero."""
        return self._of_project() | self._of_workflow() | self._of_job() | self._of_run()

    def _of_project(self) -> dict[str, object]:
        project = pl.Series(self._project)
        organization = pl.Series(np.minimum(self._project % 7, 2))
        name = _names(project, "service")
        return {
            "ORGANIZATION_ID": ids(organization, "organization"),
            "ORGANIZATION_NAME": texts("organization-", organization),
            "ORGANIZATION_CREATED_DATE": "2020-04-03",
            "PROJECT_ID": ids(project, "project"),
            "PROJECT_NAME": name,
            "PROJECT_CREATED_DATE": "2020-04-03",
            "LAST_BUILD_FINISHED_AT": "2026-03-05 22:03:51.577",
            "VCS_NAME": "github",
            "VCS_URL": "https://example.com/organization/" + name,
            "VCS_BRANCH": _names(pl.Series(self._branch), "someone/feature"),
        }

    def _of_workflow(self) -> dict[str, object]:
        pipeline, workflow = pl.Series(self._pipeline), pl.Series(self._workflow)
        user = ids(pl.Series(self._user), "user")
        is_webhook = self._source == "webhook"
        return {
            "PIPELINE_ID": ids(pipeline, str(self._random.integers(2**60))),
            "PIPELINE_CREATED_AT": moments(pl.Series(self._created)),
            "PIPELINE_NUMBER": pipeline + 10_000,
            "IS_UNREGISTERED_USER": is_webhook.replace_strict({True: "false", False: "true"}),
            "PIPELINE_TRIGGER_SOURCE": self._source,
            "PIPELINE_TRIGGER_USER_ID": self._known(user, ~self._has_user),
            "WORKFLOW_ID": ids(workflow, str(self._random.integers(2**60))),
            "WORKFLOW_NAME": _names(pl.Series(self._workflow_name), "test"),
            "IS_WORKFLOW_SUCCESSFUL": pl.Series(["true", "false"]).gather(self._workflow % 16 // 9),
        }

    def _of_job(self) -> dict[str, object]:
        executors, systems, classes, _ = zip(*_MACHINES, strict=True)
        machine = self._machine
        values = {
            "JOB_NAME": _names(pl.Series(self._job), "test"),
            "JOB_RUN_NUMBER": texts("", pl.Series(np.arange(self._count)) + 1_000_000),
            "RESOURCE_CLASS": pl.Series(classes).gather(machine),
            "OPERATING_SYSTEM": pl.Series(systems).gather(machine),
            "EXECUTOR": pl.Series(executors).gather(machine),
            "PARALLELISM": texts("", pl.Series(self._parallelism)),
        }
        return {name: self._known(column, self._never_started) for name, column in values.items()}

    def _of_run(self) -> dict[str, object]:
        random, count = self._random, self._count
        seconds = np.exp(random.normal(np.log(156), 1.78, count)).clip(1, 3_800).astype(np.int64)
        queued = self._created + random.integers(0, 600, count) * 1000
        started = queued + (1 + random.exponential(8, count)).astype(np.int64) * 1000
        stopped = started + seconds * 1000
        status = self._among(_STATUSES, count).zip_with(
            pl.Series(~self._never_started), self._among(_NEVER_STARTED, count)
        )
        times = {
            "JOB_RUN_QUEUED_AT": self._known(_whole(queued), self._never_started),
            "JOB_RUN_STARTED_AT": _whole(started).zip_with(
                pl.Series(~self._never_started), moments(pl.Series(started))
            ),
            "JOB_RUN_STOPPED_AT": self._known(_whole(stopped), self._never_started),
            "JOB_RUN_SECONDS": self._known(texts("", pl.Series(seconds)), self._never_started),
        }
        return {
            "JOB_ID": ids(pl.Series(np.arange(count)), str(random.integers(2**60))),
            "JOB_RUN_DATE": moments(pl.Series(self._created)).str.head(10),
            "JOB_BUILD_STATUS": status,
            **times,
            **self._of_workflow_times(queued, started, stopped),
            **self._utilization(),
            **self._credits(seconds),
        }

    def _of_workflow_times(
        self, queued: Numbers, started: Numbers, stopped: Numbers
    ) -> dict[str, object]:
        first_queued = np.minimum.reduceat(queued, self._starts)[self._workflow]
        first_started = np.minimum.reduceat(started, self._starts)[self._workflow]
        last_stopped = np.maximum.reduceat(stopped, self._starts)[self._workflow]
        is_unknown = self._workflow % 8 == 0
        return {
            "WORKFLOW_FIRST_JOB_QUEUED_AT": self._known(_whole(first_queued), is_unknown),
            "WORKFLOW_FIRST_JOB_STARTED_AT": _whole(first_started),
            "WORKFLOW_STOPPED_AT": _whole(last_stopped),
        }

    def _utilization(self) -> dict[str, object]:
        random, count = self._random, self._count
        cpu = random.normal(48, 25, count).clip(2, 100).astype(np.int64)
        memory = np.exp(random.normal(np.log(9), 0.8, count)).clip(2, 60).astype(np.int64)
        values = {
            "MEDIAN_CPU_UTILIZATION_PCT": cpu,
            "MAX_CPU_UTILIZATION_PCT": np.minimum(cpu + random.integers(0, 60, count), 100),
            "MEDIAN_RAM_UTILIZATION_PCT": memory,
            "MAX_RAM_UTILIZATION_PCT": np.minimum(memory * random.integers(1, 5, count), 100),
        }
        is_unknown = self._never_started | (random.random(count) < 0.46)
        return {
            name: self._known(texts("", pl.Series(percent)), is_unknown)
            for name, percent in values.items()
        }

    def _credits(self, seconds: Numbers) -> dict[str, object]:
        random, count = self._random, self._count
        rates = np.array([rate for *_, rate in _MACHINES])[self._machine]
        stored = np.exp(random.normal(np.log(8), 1.8, count)).clip(1, 1_580).astype(np.int64)
        amounts = {
            "compute": -(-seconds * rates * self._parallelism // 60),
            "storage": np.where(random.random(count) < 0.5, stored, 0),
            "dlc": np.where(random.random(count) < 0.004, 200, 0),
            "network": np.where(random.random(count) < 0.002, 316, 0),
        }
        charged = {kind: np.where(self._never_started, 0, each) for kind, each in amounts.items()}
        total = np.sum([*charged.values()], axis=0)
        return {CREDIT_COLUMNS[kind]: each for kind, each in charged.items()} | {
            TOTAL_CREDITS: total
        }

    def _known(self, values: pl.Series, is_unknown: npt.NDArray[np.bool_]) -> pl.Series:
        return values.set(pl.Series(is_unknown), self._null)


def _drawn(weights: dict[int, int], count: int, random: np.random.Generator) -> Numbers:
    """So many of the keys, by their weights."""
    shares = np.array([*weights.values()]) / sum(weights.values())
    return random.choice([*weights], count, p=shares)


def _names(numbers: pl.Series, kind: str) -> pl.Series:
    """Names of the length of real ones: two words and a number."""
    words = pl.Series(_WORDS).gather(numbers % len(_WORDS))
    return f"{kind}-" + words + texts("-", numbers)


def _whole(milliseconds: Numbers) -> pl.Series:
    """Times whose milliseconds are zero, as most are."""
    return moments(pl.Series(milliseconds // 1000 * 1000))
