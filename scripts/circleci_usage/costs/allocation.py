"""Costs → owned costs: which team each cost is shown to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import Flags, where
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.rules import NO_RULE, DistinctNames, Indexes, Rule, in_projects
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.costs.splits import Split, split_costs
from circleci_usage.costs.tags import TagKey, with_tags

UNALLOCATED: Final = "unallocated"
"""The owner of costs that no team owns."""

SHARED: Final = "shared"
"""The owner of shared costs before they are split."""


@dataclass(frozen=True)
class Ownership:
    """Who owns what.

    Attributes:
        rules: the first that matches wins.
        shared: costs that are split among the teams; no team owns them, whatever the rules say.
        splits: what several teams own by percentages, whatever the rules say; the first that
            matches wins.
        tag_keys: what costs are grouped by besides teams, such as cost centers and products.
    """

    rules: tuple[Rule, ...] = ()
    shared: SharedCosts | None = None
    tag_keys: tuple[TagKey, ...] = ()
    splits: tuple[Split, ...] = ()

    @property
    def teams(self) -> tuple[str, ...]:
        """All teams, in the order of their names."""
        of_splits = chain.from_iterable(split.among for split in self.splits)
        return tuple(sorted({*(rule.value for rule in self.rules), *of_splits}))

    @property
    def owners(self) -> tuple[str, ...]:
        """All that a `team` can be: the teams, `SHARED` and `UNALLOCATED`."""
        return (*self.teams, SHARED, UNALLOCATED)

    @property
    def split_rules(self) -> tuple[Rule, ...]:
        """What is split among teams."""
        return tuple(split.rule for split in self.splits)

    @property
    def tags(self) -> Mapping[str, Mapping[str, str]]:
        """The tags that each team has one value of: name of a tag → team → value."""
        return {key.name: key.of_teams for key in self.tag_keys if key.of_teams or not key.rules}

    @property
    def tag_dimensions(self) -> tuple[TagKey, ...]:
        """The keys of tags that costs can be filtered and grouped by."""
        return tuple(key for key in self.tag_keys if key.is_dimension)

    @property
    def branch_globs(self) -> tuple[str, ...]:
        """The globs of branches that daily usage has to distinguish."""
        return self._patterns("branches")

    @property
    def user_patterns(self) -> tuple[str, ...]:
        """Likewise, the patterns of users."""
        return self._patterns("users")

    def _patterns(self, name: str) -> tuple[str, ...]:
        """The patterns of a list in all rules, each once, in the order of their characters."""
        of_tags = chain.from_iterable(key.rules for key in self.tag_keys)
        rules = (*self.rules, *self.split_rules, *(each.rule for each in of_tags))
        return tuple(sorted({*chain.from_iterable(rule.every(name) for rule in rules)}))


NO_TEAMS: Final = Ownership()
"""Without teams, everything is unallocated."""


def allocate(frame: pd.DataFrame, ownership: Ownership) -> pd.DataFrame:
    """Add the owner of each row as the categorical `team`: a team, `SHARED` or `UNALLOCATED`.

    Also the values of its tags (see `costs.tags.with_tags`).

    Args:
        frame: the dimensions of daily usage. Only costs, which have a `credit_type`, can be shared;
            job runs are counted where the rules put them, and with the main team of a split.
        ownership: the teams and what they own.
    """
    owned = _with_owners(frame, ownership, owners_of(DistinctNames.of(frame), ownership))
    return with_tags(owned, ownership.tag_keys)


def allocated(costs: Costs, ownership: Ownership) -> Costs:
    """Owned costs: each line with its `team`, or `SHARED` or `UNALLOCATED`.

    A line that is split among teams becomes one line for each of them.
    """
    found = owners_of(DistinctNames.of(costs.lines), ownership)
    owned = replace(costs, lines=_with_owners(costs.lines, ownership, found))
    chosen = found.splits[found.distinct.rows]
    split = split_costs(owned, chosen, ownership.splits, ownership.owners)
    return replace(split, lines=with_tags(split.lines, ownership.tag_keys))


@dataclass(frozen=True)
class Owners:
    """Who owns each distinct combination of names, and why.

    Attributes:
        distinct: the combinations.
        rules: the index of the rule that decides, or `NO_RULE`.
        splits: the index of the split that decides instead, or `NO_RULE`.
        shared: whether its costs are shared, whatever else matches.
    """

    distinct: DistinctNames
    rules: Indexes
    splits: Indexes
    shared: Flags


def owners_of(distinct: DistinctNames, ownership: Ownership) -> Owners:
    """Who owns each of some combinations: shared costs come first, then splits, then rules."""
    names = distinct.names
    shared = np.zeros(len(names), dtype=bool)
    if ownership.shared and "credit_type" in names:
        shared = _shared(names, ownership.shared)
    splits = distinct.first_matching(ownership.split_rules)
    return Owners(
        distinct,
        rules=distinct.first_matching(ownership.rules),
        splits=np.where(shared, NO_RULE, splits),
        shared=shared,
    )


def _with_owners(frame: pd.DataFrame, ownership: Ownership, found: Owners) -> pd.DataFrame:
    """The frame with the `team` of each row; of a split, the main team."""
    owners = ownership.owners
    teams = [rule.value for rule in ownership.rules]
    # The last ones are for `NO_RULE`.
    of_rules = np.array([owners.index(name) for name in (*teams, UNALLOCATED)])
    of_splits = np.array([*(owners.index(each.main_team) for each in ownership.splits), NO_RULE])
    codes = np.where(found.splits == NO_RULE, of_rules[found.rules], of_splits[found.splits])
    codes[found.shared] = owners.index(SHARED)
    names = pd.Index(owners, dtype="object")
    return frame.assign(team=pd.Categorical.from_codes(codes[found.distinct.rows], names))


def _shared(names: pd.DataFrame, shared: SharedCosts) -> Flags:
    return in_projects(names, shared.projects) | where(
        names["credit_type"], shared.credit_types.__contains__
    )
