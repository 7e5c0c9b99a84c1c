"""What an estimate says."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from circleci_usage.circleci_config.jobs import UnreadPart
from circleci_usage.core.periods import Period
from circleci_usage.estimate.amounts import NOTHING, Amount
from circleci_usage.schema.keys import ProjectKey

Kind = Literal["changed", "new", "removed"]

Setting = Literal[
    "executor",
    "resource_class",
    "parallelism",
    "docker_layer_caching",
    "schedule",
    "branches",
    "condition",
]
"""What can differ between two configs, mostly by its key there."""

NoteKind = Literal[
    "next generation",
    "more containers",
    "fewer containers",
    "fewer CPUs",
    "more CPUs",
    "same runs",
    "scheduled runs",
    "runs of the workflow",
    "history of",
    "no history",
    "unknown executor",
    "unknown class",
    "unknown rate",
    "unknown containers",
    "unknown runs",
]
"""What is assumed, or from `no history` on, why a cost is not known."""


class Note(NamedTuple):
    """What is assumed of a job, or why its cost is not known.

    Attributes:
        kind: what it is about.
        name: of another job, a class or a number in it; empty where there is none.
    """

    kind: NoteKind
    name: str = ""


class Difference(NamedTuple):
    """A setting that differs.

    Attributes:
        setting: which.
        before: its value; None where it is not known.
        after: likewise.
    """

    setting: Setting
    before: str | None
    after: str | None


@dataclass(frozen=True)
class EstimatedJob:
    """What the change of a job costs a month.

    Attributes:
        workflow: of the job.
        job: its name in the workflow.
        kind: what becomes of it.
        differences: of its settings; for a new or removed job, none.
        runs_before: how often it ran a month; None for a new job.
        runs_after: how often it runs then; None where that is not known.
        before: what it cost; nothing for a new job; None where that is not known.
        after: what it costs then; None where that is not known.
        at_best: what it costs if it becomes as fast as CircleCI says; None where that says nothing.
        notes: what is assumed, or why a cost is not known.
    """

    workflow: str
    job: str
    kind: Kind
    differences: tuple[Difference, ...]
    runs_before: Decimal | None
    runs_after: Decimal | None
    before: Amount | None
    after: Amount | None
    at_best: Amount | None = None
    notes: tuple[Note, ...] = ()

    @property
    def change(self) -> Amount | None:
        """What it costs more; below zero, less; None where that is not known."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


@dataclass(frozen=True)
class Estimate:
    """What a change of a config costs a month.

    Attributes:
        project: whose config it is.
        period: of the usage that it is estimated from.
        currency: of all money.
        jobs: those that differ: first those that cost more, the most expensive first; those whose
            change is not known last.
        unchanged: how many others there are.
        unread: what could not be resolved in the changed config.
    """

    project: ProjectKey
    period: Period
    currency: str
    jobs: tuple[EstimatedJob, ...]
    unchanged: int
    unread: tuple[UnreadPart, ...] = ()

    @property
    def known(self) -> tuple[EstimatedJob, ...]:
        """The jobs whose change is known."""
        return tuple(job for job in self.jobs if job.change is not None)

    @property
    def unknown(self) -> tuple[EstimatedJob, ...]:
        """The others."""
        return tuple(job for job in self.jobs if job.change is None)

    @property
    def change(self) -> Amount:
        """What all known changes cost together; below zero, they save."""
        return sum((job.change or NOTHING for job in self.jobs), NOTHING)

    @property
    def at_best(self) -> Amount:
        """The same, with jobs as fast as CircleCI says."""
        return sum((_at_best(job) for job in self.known), NOTHING)


def _at_best(job: EstimatedJob) -> Amount:
    after = job.after if job.at_best is None else job.at_best
    return (after or NOTHING) - (job.before or NOTHING)
