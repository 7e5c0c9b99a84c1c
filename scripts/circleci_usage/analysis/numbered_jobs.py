"""Jobs that CircleCI numbers because a workflow uses them several times, and their groups.

`lint-1`, `lint-2`, … are taken for one job when their numbers start at 1 and have no gap, in one
workflow of one project, and all run on the same resource class and executor; `node-18` and
`node-20` are not. A group applies to all projects, so it is only suggested if no other workflow has
the same name numbered in another way.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import pandas as pd

from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.keys import JobClassKey, WorkflowKey
from circleci_usage.usage.run_statistics import RunStatistics

_NUMBERED: Final = re.compile(r"(?s)(.+)-([1-9][0-9]{0,3})")
_LONGEST: Final = 200
"""Characters that a name in the settings file may have."""


class Machine(NamedTuple):
    """What a job runs on."""

    executor: str
    resource_class: str


@dataclass(frozen=True)
class NumberedJob:
    """A job that is numbered in a workflow.

    Attributes:
        key: the workflow.
        name: without the number: the suggested group.
        jobs: its names, in the order of their numbers.
        machine: what they all run on.
        globs: what combines them, in the settings file under `job_groups`.
    """

    key: WorkflowKey
    name: str
    jobs: tuple[str, ...]
    machine: Machine
    globs: tuple[str, ...]


@dataclass(frozen=True)
class _Family:
    """Jobs of a workflow whose names differ only by their numbers, and what they run on."""

    key: WorkflowKey
    name: str
    machines: Mapping[int, frozenset[Machine]]

    @property
    def jobs(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(f"{self.name}-{number}" for number in sorted(self.machines))

    @property
    def only_machine(self) -> Machine | None:
        """What all of them run on.

        None where that differs, or where their numbers do not start at 1 or have gaps.
        """
        machines = frozenset().union(*self.machines.values())
        are_consecutive = sorted(self.machines) == [*range(1, len(self.machines) + 1)]
        return next(iter(machines)) if are_consecutive and len(machines) == 1 else None


def numbered_jobs(run_statistics: RunStatistics) -> tuple[NumberedJob, ...]:
    """The jobs of the period that a group would combine, in the order of their names."""
    several = [family for family in _families(run_statistics.machines) if len(family.machines) > 1]
    ambiguous = {family.name for family in several if family.only_machine is None}
    alike = [
        family
        for family in several
        if family.name not in ambiguous and _can_be_written(family.name)
    ]
    globs = _globs(alike, run_statistics.jobs["job"].unique().tolist())
    found = []
    for family in alike:
        machine, name = family.only_machine, family.name
        if machine:
            found.append(NumberedJob(family.key, name, family.jobs, machine, globs[name]))
    return tuple(sorted(found, key=lambda job: (job.name, job.key)))


def _families(machines: pd.DataFrame) -> list[_Family]:
    """All jobs with a number, by workflow and name; runs without a machine are left out."""
    numbers = {
        job: numbered for job in machines["job"].unique() if (numbered := _NUMBERED.fullmatch(job))
    }
    on_machines = machines["executor"].ne(NO_NAME) | machines["resource_class"].ne(NO_NAME)
    rows = machines.loc[on_machines & machines["job"].isin(numbers), [*JobClassKey._fields]]
    found: defaultdict[tuple[WorkflowKey, str], dict[int, frozenset[Machine]]] = defaultdict(dict)
    for values in rows.itertuples(index=False, name=None):
        key = JobClassKey(*values)
        name, number = numbers[key.job].groups()
        used = _one(key.executor, key.resource_class)
        family = found[key.job_key.workflow_key, name]
        others = family.get(int(number))
        # Without others, `used` stays the same object for all jobs on a machine.
        family[int(number)] = used.union(others) if others else used
    return [_Family(key, name, of_jobs) for (key, name), of_jobs in found.items()]


@cache
def _one(executor: str, resource_class: str) -> frozenset[Machine]:
    """One machine; the same object for all jobs on it, because there may be a million."""
    return frozenset({Machine(executor, resource_class)})


def _can_be_written(name: str) -> bool:
    """Whether the settings file can have the name: a glob cannot match a literal asterisk."""
    is_plain = name == name.strip() and not {"*", "?"}.intersection(name)
    return is_plain and name != NO_NAME and len(name) <= _LONGEST - len("-9999")


def _globs(families: Sequence[_Family], jobs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Name → the globs that match its numbered jobs, and no other job.

    `lint` → `lint-*`; beside a job `lint-docs` that would be too much: `lint-1`, `lint-2`.
    """
    names: defaultdict[str, set[int]] = defaultdict(set)
    for family in families:
        names[family.name].update(family.machines)
    matching_others = {name for job in jobs for name in _matched_by(job) if name in names}
    globs: dict[str, tuple[str, ...]] = {}
    for name, numbers in names.items():
        globs[name] = (f"{name}-*",)
        if name in matching_others:
            globs[name] = tuple(f"{name}-{number}" for number in sorted(numbers))
    return globs


def _matched_by(job: str) -> Iterator[str]:
    """The names whose glob `name-*` would match a job that is not one of their numbered jobs."""
    numbered = _NUMBERED.fullmatch(job)
    own = numbered[1] if numbered else None
    beginnings = (job[: hyphen.start()] for hyphen in re.finditer("-", job))
    return (beginning for beginning in beginnings if beginning != own)
