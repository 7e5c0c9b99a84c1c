"""Why a rule matches some names, and why those before it do not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.costs.rules import DIMENSION_OF, GROUPED, DistinctNames, Patterns, Rule

EXCLUDED: Final = "not"
"""In place of a list: the exclusions of the rule."""

_WHERE: Final = frozenset({"organizations", "projects"})
"""Lists that say where a rule applies at all."""


@dataclass(frozen=True)
class Match:
    """A pattern that matches.

    Attributes:
        key: its list, such as `projects`.
        pattern: itself.
        names: what it matches, in their order; none where these are not known.
    """

    key: str
    pattern: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Miss:
    """An entry of teams for such projects that matches in some of its lists, but not in all.

    Attributes:
        position: of the entry, from 0 on.
        team: its team.
        keys: the lists that match nothing, or `EXCLUDED`; none where its lists match, but never
            the same job runs.
    """

    position: int
    team: str
    keys: tuple[str, ...]


def matches(distinct: DistinctNames, rule: Rule) -> tuple[Match, ...]:
    """The patterns of a rule that match some of the combinations."""
    return tuple(_matches(distinct, rule.patterns))


def misses(distinct: DistinctNames, rules: Sequence[Rule]) -> tuple[Miss, ...]:
    """Those of some rules that nearly match.

    Args:
        distinct: combinations that none of the rules matches.
        rules: the first entries of teams.
    """
    missed = (_miss(distinct, position, rule) for position, rule in enumerate(rules))
    return tuple(miss for miss in missed if miss)


def _matches(distinct: DistinctNames, patterns: Patterns) -> Iterator[Match]:
    for key, pattern, single in patterns.singles():
        are_matched = distinct.matching(Rule("", single))
        if are_matched.any():
            # Of branches and users, only the patterns are known.
            dimension = DIMENSION_OF[key]
            is_named = dimension not in GROUPED
            names = distinct.names.loc[are_matched, dimension].unique() if is_named else ()
            yield Match(key, pattern, tuple(sorted(map(str, names))))


def _miss(distinct: DistinctNames, position: int, rule: Rule) -> Miss | None:
    lists = rule.patterns.lists
    failing = []
    for key, patterns in lists.items():
        if not distinct.matching(Rule("", Patterns(**{key: patterns}))).any():
            failing.append(key)
    # Who asks about a project wants to hear nothing of entries for other ones.
    if len(failing) == len(lists) or not _WHERE.isdisjoint(failing):
        return None
    is_excluded = distinct.matching(Rule("", rule.patterns)).any()
    return Miss(position, rule.value, (EXCLUDED,) if is_excluded else tuple(failing))
