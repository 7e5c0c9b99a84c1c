"""What is known about a new job: a job like it, and how often it will run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from circleci_usage.circleci_config.jobs import ConfigJob
from circleci_usage.core.decimals import ZERO
from circleci_usage.estimate.cron import runs_a_month
from circleci_usage.estimate.history import JobHistory, JobName, ProjectHistory
from circleci_usage.estimate.pairs import Pair
from circleci_usage.estimate.records import Note


class Runs(NamedTuple):
    """How often a new job runs a month, and why; None where that is not known."""

    number: Decimal | None
    note: Note | None = None


@dataclass(frozen=True)
class KnownJob:
    """A job of the base with a history.

    Attributes:
        before: in the base.
        after: in the head; None for a removed one.
        history: what it used.
    """

    before: ConfigJob
    after: ConfigJob | None
    history: JobHistory


@dataclass(frozen=True)
class NewJobs:
    """What the jobs with a history say about new ones.

    Attributes:
        pairs: all jobs.
        history: of the project.
    """

    pairs: Sequence[Pair]
    history: ProjectHistory

    def like(self, job: ConfigJob) -> KnownJob | None:
        """The job of the same definition that ran most: in the same workflow, if there is one."""
        alike = self._of_definition(job)
        here = [each for each in alike if each.before.workflow == job.workflow]
        return _most_runs(here or alike)

    def runs(self, job: ConfigJob) -> Runs:
        """How often it will run: by its schedules, or as the jobs beside it."""
        if job.schedules:
            return Runs(scheduled_runs(job), Note("scheduled runs"))
        beside = _most_runs(self._beside(job))
        if beside is None:
            return Runs(None)
        return Runs(beside.history.runs, Note("runs of the workflow", job.workflow))

    @cached_property
    def _known(self) -> Sequence[KnownJob]:
        return [*self._with_history()]

    def _with_history(self) -> Iterator[KnownJob]:
        for pair in self.pairs:
            before = pair.before
            history = self.history.of(before) if before else None
            if before and history:
                yield KnownJob(before, pair.after, history)

    def _of_definition(self, job: ConfigJob) -> Sequence[KnownJob]:
        return [each for each in self._known if each.before.definition == job.definition]

    def _beside(self, job: ConfigJob) -> Iterator[KnownJob]:
        """The jobs of the same workflow that run under the same conditions."""
        wanted = _conditions(job)
        for each in self._known:
            if each.after and _conditions(each.after) == _conditions(each.before) == wanted:
                yield each


def _conditions(job: ConfigJob) -> tuple[str, str, bool, tuple[str, ...]]:
    return job.workflow, job.branches, job.is_conditional, job.schedules


def _most_runs(jobs: Iterable[KnownJob]) -> KnownJob | None:
    return max(jobs, key=lambda each: each.history.runs, default=None)


def name_of(job: ConfigJob) -> JobName:
    """What messages call a job."""
    return job.workflow, job.name


def scheduled_runs(job: ConfigJob) -> Decimal | None:
    """How often the schedules of a job start it a month; None where one is not understood."""
    each = [*map(runs_a_month, job.schedules)]
    known = [number for number in each if number is not None]
    return sum(known, ZERO) if len(known) == len(each) else None
