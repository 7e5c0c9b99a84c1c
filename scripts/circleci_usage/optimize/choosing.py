"""Chooses what to write where.

A place that several jobs share, such as an executor or an anchor, is changed only if the same
change is proposed for each of them. Otherwise a job gets a key of its own, where that changes
nothing else.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from circleci_usage.analysis.savings.actions import Setting
from circleci_usage.circleci_config.jobs import ConfigJob, ConfigValue
from circleci_usage.core.decimals import ZERO, total
from circleci_usage.optimize.matching import Candidate
from circleci_usage.optimize.plan import Place, full_name, place_for, value_of

Target = tuple[Place, Setting]
"""A place, and the setting of jobs that it is for."""


@dataclass(frozen=True)
class ChosenValue:
    """What to write in a place.

    Attributes:
        value: of the setting.
        jobs: whose setting it is, as `workflow/job`.
    """

    value: str
    jobs: frozenset[str]


@dataclass(frozen=True)
class Choice:
    """What to write, and which actions that makes.

    Attributes:
        values: what to write where.
        made: the actions that this makes, each on all of its jobs.
        blocked: those on places that other jobs share → these jobs; empty where the action cannot
            be made on all jobs of its group.
        outvoted: those on places that get another value, although they save more, because that
            value is for other jobs, too.
    """

    values: Mapping[Target, ChosenValue]
    made: Sequence[Candidate]
    blocked: Sequence[tuple[Candidate, frozenset[str]]]
    outvoted: Sequence[Candidate]


def choose(candidates: Iterable[Candidate]) -> Choice:
    """Choose between actions on the same places: what saves more is made."""
    left = [*candidates]
    blocked: list[tuple[Candidate, frozenset[str]]] = []
    while True:
        wishes = _wishes(left)
        values = {target: found for target, each in wishes.items() if (found := each.best())}
        stuck = next((each for each in left if not _is_possible(each, values)), None)
        if stuck is None:
            break
        left.remove(stuck)
        if stuck.overrides or not _can_override(stuck):
            blocked.append((stuck, _others(stuck, wishes, values)))
        else:
            left.append(replace(stuck, overrides=True))
    made = [each for each in left if _gets_value(each, values)]
    return Choice(values, made, blocked, [*_outvoted(left, made)])


def targets(candidate: Candidate) -> Iterator[Target]:
    """The places that an action changes."""
    for job in candidate.jobs:
        place, _ = _place(candidate, job)
        yield place, candidate.change.setting


@dataclass
class _Wishes:
    """What the actions want to write in one place.

    Attributes:
        jobs: whose setting it is.
        by_value: value → job → the action that wants it.
    """

    jobs: set[str] = field(default_factory=set)
    by_value: defaultdict[str, dict[str, Candidate]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def best(self) -> ChosenValue | None:
        """The value that saves most of those that are wanted for every job."""
        common = [value for value, wanting in self.by_value.items() if wanting.keys() >= self.jobs]
        value = max(common, key=self._saved, default=None)
        return None if value is None else ChosenValue(value, frozenset(self.jobs))

    def _saved(self, value: str) -> tuple[Decimal, str]:
        actions = {each.action.id: each.action for each in self.by_value[value].values()}
        return total(each.cost or ZERO for each in actions.values()), value


def _wishes(candidates: Iterable[Candidate]) -> Mapping[Target, _Wishes]:
    found: defaultdict[Target, _Wishes] = defaultdict(_Wishes)
    for each in candidates:
        for job in each.jobs:
            place, others = _place(each, job)
            wishes = found[place, each.change.setting]
            wishes.jobs |= {full_name(job), *others}
            wishes.by_value[each.change.then][full_name(job)] = each
    return found


def _place(candidate: Candidate, job: ConfigJob) -> tuple[Place, Sequence[str]]:
    """Where an action changes a job, and the other jobs that this changes."""
    value = value_of(job, candidate.change.setting)
    place = place_for(value, candidate.change.then)
    if value.own_place and (candidate.overrides or not place):
        return value.own_place, value.own_shared_with
    assert place is not None
    return place, value.shared_with


def _can_override(candidate: Candidate) -> bool:
    return any(_value(candidate, job).own_place for job in candidate.jobs)


def _value(candidate: Candidate, job: ConfigJob) -> ConfigValue:
    return value_of(job, candidate.change.setting)


def _is_possible(candidate: Candidate, values: Mapping[Target, ChosenValue]) -> bool:
    """Whether the action is made on all of its jobs, or better ones are on all of them."""
    found = [values.get(target) for target in targets(candidate)]
    agreeing = {each.value == candidate.change.then for each in found if each}
    return None not in found and len(agreeing) == 1


def _gets_value(candidate: Candidate, values: Mapping[Target, ChosenValue]) -> bool:
    return all(values[each].value == candidate.change.then for each in targets(candidate))


def _outvoted(left: Iterable[Candidate], made: Sequence[Candidate]) -> Iterator[Candidate]:
    for each in left:
        instead = [other for other in made if {*targets(other)} & {*targets(each)}]
        same = [other for other in instead if {*other.jobs} & {*each.jobs}]
        if each not in made and _cost(each) > max(map(_cost, same), default=ZERO):
            yield each


def _cost(candidate: Candidate) -> Decimal:
    return candidate.action.cost or ZERO


def _others(
    candidate: Candidate,
    wishes: Mapping[Target, _Wishes],
    values: Mapping[Target, ChosenValue],
) -> frozenset[str]:
    """The jobs that share a place with an action, and that it is not proposed for."""
    target = next((each for each in targets(candidate) if each not in values), None)
    if target is None:
        return frozenset()
    found = wishes[target]
    return frozenset(found.jobs - found.by_value[candidate.change.then].keys())
