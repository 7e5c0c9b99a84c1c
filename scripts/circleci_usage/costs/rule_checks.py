"""What in the rules of a settings file has no effect, and is probably a mistake."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from circleci_usage.costs.allocation import Ownership, owners_of
from circleci_usage.costs.rules import NO_RULE, DistinctNames, Patterns, Rule

SHARED_COSTS: Final = "shared_costs"


class IdlePattern(NamedTuple):
    """A pattern that matches no name.

    Attributes:
        whose: the team, the tag, or the section of the settings file that has it.
        key: its list, such as `jobs` or `not: jobs`.
        pattern: itself.
    """

    whose: str
    key: str
    pattern: str


class ShadowedRule(NamedTuple):
    """An entry of `teams` that owns nothing, because earlier ones own all that it matches.

    Attributes:
        position: of the entry, from 0 on.
        team: its team.
        owners: the teams of the earlier entries.
    """

    position: int
    team: str
    owners: tuple[str, ...]


def idle_patterns(frame: pd.DataFrame, ownership: Ownership) -> tuple[IdlePattern, ...]:
    """The patterns that match no name of the frame, in the order of the settings file.

    Args:
        frame: the dimensions of daily usage.
        ownership: the teams, what they share, and tags.
    """
    distinct = DistinctNames.of(frame)
    idle: dict[IdlePattern, None] = {}
    for whose, rule in _named_rules(ownership):
        for prefix, patterns in (("", rule.patterns), ("not: ", rule.exclusions)):
            for key, pattern, single in patterns.singles():
                if not distinct.matching(Rule(rule.value, single)).any():
                    idle[IdlePattern(whose, f"{prefix}{key}", pattern)] = None
    return tuple(idle)


def shadowed_rules(frame: pd.DataFrame, ownership: Ownership) -> tuple[ShadowedRule, ...]:
    """The entries of teams that never win, although they match something.

    An entry with nothing but `*` is for what is left, if anything is. What earlier entries of
    the same team match is no mistake either, and what is split among teams belongs to no entry.

    Args:
        frame: the dimensions of daily usage.
        ownership: the teams and what they own.
    """
    found = owners_of(DistinctNames.of(frame), ownership)
    winners = np.where(found.splits == NO_RULE, found.rules, NO_RULE)
    shadowed = []
    for index, rule in enumerate(ownership.rules):
        if (winners == index).any() or _is_for_the_rest(rule):
            continue
        others = np.unique(winners[found.distinct.matching(rule)])
        teams = {ownership.rules[other].value: None for other in others if other != NO_RULE}
        if teams.keys() - {rule.value}:
            shadowed.append(ShadowedRule(index, rule.value, tuple(teams)))
    return tuple(shadowed)


def _is_for_the_rest(rule: Rule) -> bool:
    return all("*" in patterns for patterns in rule.patterns.lists.values())


def _named_rules(ownership: Ownership) -> Iterator[tuple[str, Rule]]:
    """All rules, each with whose it is."""
    for rule in ownership.rules:
        yield f"the team {rule.value}", rule
    for index, rule in enumerate(ownership.split_rules):
        yield f"splits[{index}]", rule
    for key in ownership.tag_keys:
        for each in key.rules:
            yield f"the tag {key.name}", each.rule
    if ownership.shared:
        yield SHARED_COSTS, Rule("", Patterns(projects=ownership.shared.projects))
    for key in ownership.tag_keys:
        for index, each in enumerate(key.rules):
            yield f"tags.{key.name}[{index}]", each.rule
