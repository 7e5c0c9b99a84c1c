"""Runs a workflow of the sample company: what happens to each of its jobs, and when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Self

from circleci_usage.demo.company import rates
from circleci_usage.demo.company.projects import LONGEST_JOB_SECONDS, Job, Workflow

_CANCELED: Final = 0.05
"""Share of pushed workflows that are canceled while they run, by a person or by a newer push."""
_NEVER_STARTED: Final = 0.003
"""Share of workflows whose first job stays queued forever."""
_APPROVED: Final = 0.7
_SHOWN_UNRUN: Final = 0.6
"""Share of jobs after a failed one that the export has a row for."""
_FAILS_AGAIN: Final = 0.5
"""Share of reruns that fail, of jobs that are not flaky."""
_SPREAD: Final = 0.12
"""How far a run's duration deviates from the typical one, at most."""
_UNCACHED: Final = 3
"""One of so many runs of a job that can do without layer caching goes without."""
_QUEUE_SECONDS: Final = {
    "docker": 5,
    "remote-docker": 30,
    "machine": 40,
    "macos": 150,
    "runner": 20,
}


@dataclass(frozen=True)
class PlacedJob:
    """A job in its project, with everything that stays the same from run to run."""

    job: Job
    peaks: tuple[int, int]
    per_minute: int
    cells: tuple[str, str, str, str]
    """Resource class, operating system, executor and parallelism, as the export writes them."""

    @classmethod
    def of(cls, job: Job, peaks: tuple[int, int]) -> Self:
        """A job and the peaks of CPU and RAM that its runs have, in percent."""
        per_minute = 0
        if job.executor != "runner":
            per_minute = rates.CREDITS_PER_MINUTE[job.executor][job.resource_class]
        cells = (job.resource_class, _system(job), job.executor, str(job.parallelism))
        return cls(job, peaks, per_minute, cells)


@dataclass(frozen=True)
class PlacedWorkflow:
    """A workflow in its project."""

    workflow: Workflow
    stages: tuple[tuple[PlacedJob, ...], ...]

    def from_failed(self, failed: Sequence["JobRun"]) -> "PlacedWorkflow":
        """What "rerun from failed" runs: the failed jobs and all stages after theirs."""
        again = tuple(run.placed for run in failed if run.placed)
        after = next(n for n, stage in enumerate(self.stages, 1) if again[0] in stage)
        later = self.stages[after:]
        return PlacedWorkflow(
            replace(self.workflow, hold=self.workflow.hold and bool(later)), (again, *later)
        )


@dataclass(slots=True)
class JobRun:
    """One run of a job; times in seconds since midnight of the day when its pipeline started.

    A job that never ran has no `placed`: the export does not even have its name.
    """

    status: str
    started: int
    placed: PlacedJob | None = None
    queued: int = 0
    seconds: int = 0
    is_cached: bool = False

    @property
    def stopped(self) -> int:
        """When the job ended."""
        return self.started + self.seconds


@dataclass(slots=True)
class WorkflowRun:
    """One run of a workflow."""

    name: str
    began: int
    jobs: list[JobRun]

    @property
    def stopped(self) -> int:
        """When the last job ended."""
        return max(run.stopped for run in self.jobs)

    @property
    def successful(self) -> bool:
        """Whether all jobs succeeded."""
        return all(run.status == "success" for run in self.jobs)

    @property
    def failed(self) -> list[JobRun]:
        """The failed jobs."""
        return [run for run in self.jobs if run.status == "failed"]


def run_workflow(
    chance: Random, placed: PlacedWorkflow, began: int, *, again: bool = False
) -> WorkflowRun:
    """Run a workflow, or rerun it from its failed jobs (`again`)."""
    done = WorkflowRun(placed.workflow.name, began, [])
    stages = placed.stages
    canceled_in = _canceled_in(chance, placed)
    moment, halted = began, ""
    for number, stage in enumerate(stages):
        if placed.workflow.hold and number == len(stages) - 1 and not halted:
            if chance.random() < _APPROVED:
                moment += chance.randrange(60, 5400)
            else:
                # The export shows an approval that nobody gives as a job without a name that runs
                # forever.
                done.jobs.append(JobRun("running", began))
                halted = "blocked"
        if halted:
            done.jobs += [JobRun(halted, began) for _ in stage if chance.random() < _SHOWN_UNRUN]
            continue
        runs = [_run_job(chance, job, moment, again=again) for job in stage]
        if number == canceled_in:
            _cancel(chance, runs)
        elif number == 0 and chance.random() < _NEVER_STARTED:
            runs[0].status, runs[0].seconds = "queued", 0
        done.jobs += runs
        moment = max(run.stopped for run in runs) + 2
        halted = _halts(runs)
    return done


def _canceled_in(chance: Random, placed: PlacedWorkflow) -> int:
    """The number of the stage that is canceled; one after the last where none is."""
    stages = len(placed.stages)
    if placed.workflow.is_superseded:
        return stages - 1
    cancelable = placed.workflow.when in ("push", "main")
    if cancelable and chance.random() < _CANCELED:
        return chance.randrange(stages)
    return stages


def superseded(placed: PlacedWorkflow, began: int) -> WorkflowRun:
    """A workflow that a newer push canceled while its jobs were queued, so they have no names."""
    unnamed = [JobRun("canceled", began) for stage in placed.stages for _ in stage]
    return WorkflowRun(placed.workflow.name, began, unnamed)


def _system(job: Job) -> str:
    if job.executor == "macos":
        return "macos"
    return "windows" if job.resource_class.startswith("windows.") else "linux"


def _run_job(chance: Random, placed: PlacedJob, queued: int, *, again: bool) -> JobRun:
    job = placed.job
    typical_queue = job.queue_seconds or _QUEUE_SECONDS[job.executor]
    started = queued + 1 + int(typical_queue * (0.3 + 1.4 * chance.random()))
    # The second says which runs go without: drawing a number would change all others.
    uncached = job.uncached_seconds if started % _UNCACHED == 0 else None
    typical = uncached or job.seconds
    is_cached = job.layer_caching and uncached is None
    seconds = int(typical * (1 - _SPREAD + 2 * _SPREAD * chance.random()))
    if seconds >= LONGEST_JOB_SECONDS:
        return JobRun("failed", started, placed, queued, LONGEST_JOB_SECONDS, is_cached)
    if chance.random() < (_FAILS_AGAIN if again and not job.flaky else job.fails):
        seconds = int(seconds * (0.5 + 0.5 * chance.random()))
        return JobRun("failed", started, placed, queued, seconds, is_cached)
    return JobRun("success", started, placed, queued, seconds, is_cached)


def _cancel(chance: Random, runs: list[JobRun]) -> None:
    """Cancel the jobs of a stage while they are running."""
    for run in runs:
        run.status = "canceled"
        run.seconds = int(run.seconds * chance.random())


def _halts(runs: list[JobRun]) -> str:
    """The status of the jobs after these; empty when they run."""
    statuses = {run.status for run in runs}
    if "canceled" in statuses:
        return "canceled"
    return "" if statuses == {"success"} else "blocked"
