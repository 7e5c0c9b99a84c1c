"""The pipelines of one project: how many per day, who triggers them, on which branch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from math import ceil, pow  # noqa: A004 - the built-in one may return anything
from random import Random
from typing import Final

from circleci_usage.demo.clock import DEMO_NOW
from circleci_usage.demo.company.exportfile import ExportRow
from circleci_usage.demo.company.planted import PlantedPlace, as_planted, is_unlike_now
from circleci_usage.demo.company.planted_pipelines import PLANTED_PIPELINES, PlantedPipelines
from circleci_usage.demo.company.projects import Job, SampleProject, When, Workflow
from circleci_usage.demo.company.rows import NULL, DayRows, random_uuid
from circleci_usage.demo.company.workflows import (
    PlacedJob,
    PlacedWorkflow,
    WorkflowRun,
    run_workflow,
    superseded,
)

_RHYTHM: Final = (0.95, 1.05, 1.1, 1.0, 0.9, 0.1, 0.08)
"""Pushes from Monday to Sunday, relative to an ordinary weekday."""
_GROWTH_A_MONTH: Final = 1.018
_DAYS_A_MONTH: Final = 30.44
_UNEVEN: Final = 0.08
"""How far a day's pushes deviate from the expected number, at most."""
_JOBS_A_PIPELINE: Final = 64
"""Job numbers reserved for each pipeline."""
_ON_MAIN: Final = 0.35
_BY_BOT: Final = 0.12
_RERUN: Final = 0.4
"""Share of failed workflows that somebody reruns."""
_BY_API: Final = 0.05
_SUPERSEDED: Final = 0.18
"""Pushes whose workflows a newer one cancels before they start, relative to all other pushes.

In real exports, nine of ten canceled rows are jobs that never started.
"""
_FIRST_PUSH, _MOST_PUSHES, _LAST_PUSH = 6 * 3600, 13 * 3600, 19 * 3600
_NIGHT: Final = 2 * 3600
_EVENING: Final = 22 * 3600 + 45 * 60
_MONDAY: Final = 0
_VERBS: Final = ("add", "fix", "move", "drop", "speed-up", "tidy", "guard")
_THINGS: Final = (
    "retries",
    "cache",
    "ümlauts",
    "logging",
    "a,b-test",
    "rounding",
    '"quick"-fix',
    "timeouts",
    "n+1",
)


@dataclass(frozen=True)
class _Pipeline:
    """A pipeline: when it starts, in seconds since midnight, why, and which workflows it runs."""

    began: int
    source: str
    branch: str
    user: str
    """NULL when there is none: schedules, bots."""
    whens: tuple[When, ...]


def growth(day: date) -> float:
    """How busy the company is on a day, relative to the day of the demo."""
    return pow(_GROWTH_A_MONTH, (day - DEMO_NOW.date()).days / _DAYS_A_MONTH)


class ProjectPipelines:
    """A project and everything about it that stays the same from day to day.

    `people` are the ids of those who push to it.
    """

    def __init__(
        self, project: SampleProject, seed: int, scale: float, people: Sequence[str]
    ) -> None:
        self._project = project
        self._seed = seed
        self._scale = scale
        self._people = people
        self._cells = _project_cells(project, Random(f"{seed} {project.name}"))  # noqa: S311 - sample data
        self._workflows = tuple(_placed(project, workflow) for workflow in project.workflows)
        self._planted = tuple(each for each in PLANTED_PIPELINES if each.project == project.name)
        self._ordinary_a_day = ceil(2 * scale * (project.pushes + 3)) + 4
        planted_a_day = ceil(scale) * sum(each.a_day for each in self._planted)
        self._numbers_a_day = self._ordinary_a_day + planted_a_day

    def rows(self, day: date, known_until: float | None) -> Iterator[ExportRow]:
        """The job runs of a day; for `known_until` see `rows.DayRows`."""
        project = self._project
        if day < project.created or (project.retired and day >= project.retired):
            return
        chance = Random(f"{self._seed} {project.name} {day}")  # noqa: S311 - sample data
        day_rows = DayRows(chance, day, known_until)
        workflows = self._workflows_on(day)
        first_number = (day - project.created).days * self._numbers_a_day
        number = first_number
        for number, pipeline in enumerate(self._pipelines(chance, day), first_number):
            cells = self._cells + _pipeline_cells(chance, day_rows, pipeline, number)
            job_number = number * _JOBS_A_PIPELINE
            for run in _runs(chance, workflows, pipeline):
                yield from day_rows.of_workflow(cells, run, job_number)
                job_number += len(run.jobs)
        yield from self._superseded(day, number + 1, known_until)
        yield from self._planted_rows(day, first_number + self._ordinary_a_day, known_until)

    def _superseded(
        self, day: date, first_number: int, known_until: float | None
    ) -> Iterator[ExportRow]:
        """The rows of workflows that were canceled before they started.

        They have random numbers of their own.
        """
        chance = Random(f"{self._seed} {self._project.name} {day} superseded")  # noqa: S311 - sample data
        day_rows = DayRows(chance, day, known_until)
        pushes = int(self._expected_pushes(day) * _SUPERSEDED + chance.random())
        for number in range(first_number, first_number + pushes):
            pipeline = self._push(
                chance, int(chance.triangular(_FIRST_PUSH, _LAST_PUSH, _MOST_PUSHES))
            )
            cells = self._cells + _pipeline_cells(chance, day_rows, pipeline, number)
            for placed in self._workflows:
                if placed.workflow.when in pipeline.whens:
                    yield from day_rows.of_workflow(
                        cells, superseded(placed, pipeline.began + 1), 0
                    )

    def _planted_rows(
        self, day: date, first_number: int, known_until: float | None
    ) -> Iterator[ExportRow]:
        """The rows of planted pipelines; they have random numbers of their own, too."""
        chance = Random(f"{self._seed} {self._project.name} {day} planted")  # noqa: S311 - sample data
        day_rows = DayRows(chance, day, known_until)
        pipelines = [each for each in self._planted for _ in range(self._count(chance, each, day))]
        for number, planted in enumerate(pipelines, first_number):
            pipeline = self._planted_pipeline(chance, planted)
            cells = self._cells + _pipeline_cells(chance, day_rows, pipeline, number)
            placed = _placed(self._project, planted.workflow)
            run = run_workflow(chance, placed, pipeline.began + 1)
            yield from day_rows.of_workflow(cells, run, number * _JOBS_A_PIPELINE)

    def _count(self, chance: Random, planted: PlantedPipelines, day: date) -> int:
        count = planted.count(day)
        return int(count * self._scale + chance.random()) if planted.is_pushed else count

    def _planted_pipeline(self, chance: Random, planted: PlantedPipelines) -> _Pipeline:
        began, user = _NIGHT + chance.randrange(900), NULL
        if planted.is_pushed:
            began = int(chance.triangular(_FIRST_PUSH, _LAST_PUSH, _MOST_PUSHES))
            user = chance.choice(self._people)
        branch = planted.branch or _topic(chance)
        return _Pipeline(began, planted.source, branch, user, (planted.workflow.when,))

    def _expected_pushes(self, day: date) -> float:
        return self._project.pushes * self._scale * growth(day) * _RHYTHM[day.weekday()]

    def _workflows_on(self, day: date) -> tuple[PlacedWorkflow, ...]:
        if is_unlike_now(self._project.name, day):
            return tuple(_placed(self._project, each, day) for each in self._project.workflows)
        return self._workflows

    def _pipelines(self, chance: Random, day: date) -> Iterator[_Pipeline]:
        """The day's pipelines: first the scheduled ones, weekends included, then the pushes."""
        for _ in range(max(1, round(self._scale))):
            yield _Pipeline(
                _NIGHT + chance.randrange(900), "scheduled_pipeline", "main", NULL, ("nightly",)
            )
            yield _Pipeline(
                _EVENING + chance.randrange(900), "scheduled_pipeline", "main", NULL, ("evening",)
            )
            if day.weekday() == _MONDAY:
                yield _Pipeline(
                    2 * _NIGHT + chance.randrange(900), "schedule", "main", NULL, ("weekly",)
                )
        expected = self._expected_pushes(day)
        pushes = int(expected * (1 - _UNEVEN + 2 * _UNEVEN * chance.random()) + chance.random())
        for _ in range(pushes):
            yield self._push(chance, int(chance.triangular(_FIRST_PUSH, _LAST_PUSH, _MOST_PUSHES)))

    def _push(self, chance: Random, began: int) -> _Pipeline:
        if chance.random() < _BY_BOT:
            return _Pipeline(
                began, "webhook", f"renovate/lock-{chance.randrange(1, 90)}.x", NULL, ("push",)
            )
        person = chance.choice(self._people)
        if chance.random() < _ON_MAIN:
            return _Pipeline(began, "webhook", "main", person, ("push", "main"))
        branch = _topic(chance)
        return _Pipeline(
            began, "api" if chance.random() < _BY_API else "webhook", branch, person, ("push",)
        )


def _topic(chance: Random) -> str:
    """The name of a branch that somebody has just begun."""
    return f"{chance.choice(_VERBS)}/TW-{chance.randrange(1000, 9999)}-{chance.choice(_THINGS)}"


def _runs(
    chance: Random, workflows: Sequence[PlacedWorkflow], pipeline: _Pipeline
) -> Iterator[WorkflowRun]:
    """The workflows of a pipeline; failed ones that somebody pushed may be rerun."""
    for placed in workflows:
        if placed.workflow.when not in pipeline.whens:
            continue
        run = run_workflow(chance, placed, pipeline.began + 1)
        yield run
        failed = run.failed
        if failed and pipeline.user != NULL and chance.random() < _RERUN:
            wait = chance.randrange(120, 1800)
            yield run_workflow(chance, placed.from_failed(failed), run.stopped + wait, again=True)


def _placed(project: SampleProject, workflow: Workflow, day: date | None = None) -> PlacedWorkflow:
    def place(job: Job) -> PlacedJob:
        where = PlantedPlace(project.name, workflow.name, job.name)
        planted = as_planted(where, job, day)
        return PlacedJob.of(planted, planted.peaks or _fitting_peaks(where))

    stages = [tuple(map(place, stage)) for stage in workflow.stages]
    return PlacedWorkflow(workflow, tuple(stages))


def _fitting_peaks(where: PlantedPlace) -> tuple[int, int]:
    """Peaks that suit the resource class of a job: too high for the next smaller one."""
    # Another text would give every job other peaks, and every demo another report.
    text = f"Place(project={where.project!r}, workflow={where.workflow!r}, job={where.job!r})"
    chance = Random(text)  # noqa: S311 - sample data
    return chance.randrange(60, 96), chance.randrange(50, 84)


def _project_cells(project: SampleProject, chance: Random) -> ExportRow:
    organization = project.organization
    last_build = datetime.combine(project.retired or DEMO_NOW.date(), time(8, chance.randrange(60)))
    project_id = random_uuid(chance)
    repository = f"https://github.com/{organization.name}/{project.name}"
    if organization.vcs_type == "circleci":
        repository = f"//circleci.com/{organization.id}/{project_id}"
    return (
        organization.id,
        organization.name,
        str(organization.created),
        project_id,
        project.name,
        str(project.created),
        f"{last_build}.{chance.randrange(1000):03}",
        organization.vcs_type,
        repository,
    )


def _pipeline_cells(
    chance: Random, day_rows: DayRows, pipeline: _Pipeline, number: int
) -> ExportRow:
    return (
        pipeline.branch,
        random_uuid(chance),
        day_rows.stamp(pipeline.began, chance.randrange(1000)),
        str(number),
        "true" if pipeline.user == NULL else "false",
        pipeline.source,
        pipeline.user,
    )
