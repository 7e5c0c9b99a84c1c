"""The jobs of a changed config, and what they were before."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.circleci_config.jobs import CircleConfig, ConfigJob

_Identity = tuple[str, ...]
_Same = Callable[[ConfigJob], _Identity]


@dataclass(frozen=True)
class Pair:
    """A job before and after a change; one of both may be missing.

    Attributes:
        before: in the base; None for a new job.
        after: in the head; None for a removed one.
    """

    before: ConfigJob | None
    after: ConfigJob | None

    @property
    def job(self) -> ConfigJob:
        """As it is now; a removed one as it was.

        Raises:
            ValueError: there is none.
        """
        found = self.after or self.before
        if found is None:
            raise ValueError("a pair has a job")
        return found


def _by_name(job: ConfigJob) -> _Identity:
    return job.workflow, job.name


def _renamed_job(job: ConfigJob) -> _Identity:
    return job.workflow, job.definition


def _renamed_workflow(job: ConfigJob) -> _Identity:
    return job.name, job.definition


_SAME: Final = (_by_name, _renamed_job, _renamed_workflow)
"""What makes a job the same, the surest first."""


def pairs(base: CircleConfig, head: CircleConfig) -> tuple[Pair, ...]:
    """Each job of the head with the same one of the base, then the removed ones.

    A job is the same if its workflow and name are. Of those left, it is the same if only the name
    differs, or only that of the workflow, and no other job could be meant.
    """
    before, after = _each_once(base.jobs), _each_once(head.jobs)
    found: dict[_Identity, ConfigJob] = {}
    for same in _SAME:
        left = _left(before, found.values())
        unknown = [job for job in after if _by_name(job) not in found]
        candidates = {same(job): job for job in _unambiguous(left, same)}
        for job in _unambiguous(unknown, same):
            if same(job) in candidates:
                found[_by_name(job)] = candidates[same(job)]
    kept = [Pair(found.get(_by_name(job)), job) for job in after]
    removed = [Pair(job, None) for job in _left(before, found.values())]
    return (*kept, *removed)


def _each_once(jobs: Iterable[ConfigJob]) -> Sequence[ConfigJob]:
    """The jobs by workflow and name, as usage knows them."""
    return [*{_by_name(job): job for job in jobs}.values()]


def _left(jobs: Iterable[ConfigJob], found: Iterable[ConfigJob]) -> Sequence[ConfigJob]:
    known = {*map(_by_name, found)}
    return [job for job in jobs if _by_name(job) not in known]


def _unambiguous(jobs: Sequence[ConfigJob], same: _Same) -> Iterator[ConfigJob]:
    counts = Counter(map(same, jobs))
    return (job for job in jobs if counts[same(job)] == 1)
