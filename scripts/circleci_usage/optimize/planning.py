"""Plans which actions a configuration makes, and where."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.savings.actions import Action, Certainty
from circleci_usage.analysis.savings.ranking import rank
from circleci_usage.analysis.savings.savings_settings import LIST_ALL
from circleci_usage.circleci_config.jobs import CircleConfig
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.plurals import few
from circleci_usage.core.untrusted_text import inert
from circleci_usage.optimize.choosing import ChosenValue, Target, choose, targets
from circleci_usage.optimize.matching import Candidate, candidate
from circleci_usage.optimize.plan import Edit, PlacedAction, Plan, UnplacedAction

_NAMES: Final = 3


def plan_changes(
    actions: Iterable[Action],
    config: CircleConfig,
    certainties: Collection[Certainty],
    group_names: Mapping[str, str],
) -> Plan:
    """What to change in a configuration.

    Args:
        actions: of one project; those that are no change of the config are left out.
        config: of the same project.
        certainties: of the actions to make.
        group_names: jobs that a job group of the settings file gives another name → that name.
    """
    found = [
        candidate(action, action.change, config, group_names)
        for action in actions
        if action.change and action.certainty in certainties
    ]
    choice = choose(each for each in found if isinstance(each, Candidate))
    unplaced = [each for each in found if isinstance(each, UnplacedAction)]
    unplaced += [_blocked(each, others) for each, others in choice.blocked]
    unplaced += [_outvoted(each, choice.values) for each in choice.outvoted]
    unplaced.sort(key=_largest_first)
    return Plan(
        placed=tuple(_placed(choice.made)),
        unplaced=tuple(each for each in unplaced if not each.is_done),
        done=tuple(each for each in unplaced if each.is_done),
        edits=tuple(_edits(choice.values)),
    )


def _blocked(candidate: Candidate, others: Collection[str]) -> UnplacedAction:
    reason = "other jobs of the same job group cannot be changed with it"
    if others:
        place, _ = next(targets(candidate))
        names = few([inert(name) for name in sorted(others)], _NAMES)
        reason = (
            f"line {place.line} of {inert(place.file)} is also for {names}, without the same"
            " proposal; give the job a setting of its own"
        )
    return UnplacedAction(candidate.action, candidate.change, reason)


def _outvoted(candidate: Candidate, values: Mapping[Target, ChosenValue]) -> UnplacedAction:
    target = next(targets(candidate))
    place, _ = target
    reason = (
        f"line {place.line} of {inert(place.file)} is also for other jobs and gets"
        f" {values[target].value}; give the job a setting of its own"
    )
    return UnplacedAction(candidate.action, candidate.change, reason)


def _placed(made: Sequence[Candidate]) -> Iterator[PlacedAction]:
    """The actions that are made, with what they add to each other."""
    candidates = {each.action.id: each for each in made}
    ranked = rank([each.action for each in made], LIST_ALL, date.min)
    for each in ranked.actions:
        found = candidates[each.action.id]
        places = dict.fromkeys(place for place, _ in targets(found))
        yield PlacedAction(each, found.change, tuple(places))


def _edits(values: Mapping[Target, ChosenValue]) -> Iterator[Edit]:
    for target in sorted(values, key=_position):
        place, setting = target
        yield Edit(place, setting, values[target].value, values[target].jobs)


def _position(target: Target) -> tuple[str, int, str]:
    place, setting = target
    return (str(place.file), place.start, setting)


def _largest_first(unplaced: UnplacedAction) -> tuple[Decimal, tuple[str, ...]]:
    return (-(unplaced.action.cost or ZERO), unplaced.action.where)
