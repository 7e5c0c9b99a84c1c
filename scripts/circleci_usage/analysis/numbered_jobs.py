"""Jobs that CircleCI numbers because a workflow uses them several times, and the groups that would put them together.

`lint-1`, `lint-2`, … are taken for one job when they run from 1 on without a gap, in one workflow of one project, and
all on the same resource class and executor; a `node-18` beside a `node-20` is not. A group holds for all projects, so
that it is only suggested where no other workflow has the name numbered in another way.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import pandas as pd

from circleci_usage.analysis.breakdowns import WORKFLOW
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.usage.run_statistics import RunStatistics

_NUMBERED: Final = re.compile(r"(?s)(.+)-([1-9][0-9]{0,3})")
_LONGEST: Final = 200
"""What the settings file takes as a name."""


class Machine(NamedTuple):
    """What a job runs on."""

    executor: str
    resource_class: str


@dataclass(frozen=True)
class NumberedJob:
    """A job that is numbered in a workflow.

    Attributes:
        key: the values of `analysis.totals.WORKFLOW`.
        name: without the number: the group that is suggested.
        jobs: its names, in the order of their numbers.
        machine: what they all run on.
        globs: what puts them together, in the settings file under `job_groups`.
    """

    key: tuple[str, ...]
    name: str
    jobs: tuple[str, ...]
    machine: Machine
    globs: tuple[str, ...]


@dataclass(frozen=True)
class _Family:
    """The jobs of a workflow that are called alike but for their numbers, and what each of them runs on."""

    key: tuple[str, ...]
    name: str
    machines: Mapping[int, frozenset[Machine]]

    @property
    def jobs(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(f"{self.name}-{number}" for number in sorted(self.machines))

    @property
    def only_machine(self) -> Machine | None:
        """What they run on if it is the same for all, and their numbers run from 1 on."""
        every = frozenset().union(*self.machines.values())
        in_turn = sorted(self.machines) == [*range(1, len(self.machines) + 1)]
        return next(iter(every)) if in_turn and len(every) == 1 else None


def numbered_jobs(run_statistics: RunStatistics) -> tuple[NumberedJob, ...]:
    """The jobs of the period that one group each would put together, in the order of their names."""
    several = [family for family in _families(run_statistics.machines) if len(family.machines) > 1]
    odd = {family.name for family in several if family.only_machine is None}
    alike = [family for family in several if family.name not in odd and _is_settable(family.name)]
    globs = _globs(alike, run_statistics.jobs["job"].unique().tolist())
    found = (
        NumberedJob(family.key, family.name, family.jobs, family.only_machine, globs[family.name])
        for family in alike
        if family.only_machine
    )
    return tuple(sorted(found, key=lambda job: (job.name, job.key)))


def _families(machines: pd.DataFrame) -> list[_Family]:
    """All jobs with a number, by workflow and name; runs that had no machine tell nothing."""
    found: defaultdict[tuple[tuple[str, ...], str], dict[int, frozenset[Machine]]] = defaultdict(
        dict
    )
    numbers = {
        job: numbered for job in machines["job"].unique() if (numbered := _NUMBERED.fullmatch(job))
    }
    on_machines = machines["executor"].ne(NO_NAME) | machines["resource_class"].ne(NO_NAME)
    rows = machines.loc[
        on_machines & machines["job"].isin(numbers), [*WORKFLOW, "job", *Machine._fields]
    ]
    for *key, job, executor, resource_class in rows.itertuples(index=False, name=None):
        _, name, number = numbers[job].group(0, 1, 2)
        family, used = found[tuple(key), name], _one(executor, resource_class)
        family[int(number)] = used.union(family[int(number)]) if int(number) in family else used
    return [_Family(key, name, numbers) for (key, name), numbers in found.items()]


@cache
def _one(executor: str, resource_class: str) -> frozenset[Machine]:
    """One machine; the same object for all jobs on it, of which there may be a million."""
    return frozenset({Machine(executor, resource_class)})


def _is_settable(name: str) -> bool:
    """Whether the settings file can say the name: globs have no way to mean an asterisk itself."""
    is_plain = name == name.strip() and not {"*", "?"}.intersection(name)
    return is_plain and name != NO_NAME and len(name) <= _LONGEST - len("-9999")


def _globs(families: Sequence[_Family], jobs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Name → what matches the numbered jobs, and no other job."""
    names: defaultdict[str, set[int]] = defaultdict(set)
    for family in families:
        names[family.name].update(family.machines)
    others = {name for job in jobs for name in _matched_by(job) if name in names}
    return {
        name: tuple(f"{name}-{number}" for number in sorted(numbers))
        if name in others
        else (f"{name}-*",)
        for name, numbers in names.items()
    }


def _matched_by(job: str) -> Iterator[str]:
    """The names whose glob `name-*` would match the job without it being one of the numbered jobs."""
    numbered = _NUMBERED.fullmatch(job)
    own = numbered[1] if numbered else None
    beginnings = (job[: hyphen.start()] for hyphen in re.finditer("-", job))
    return (beginning for beginning in beginnings if beginning != own)
