"""Costs → owned costs: which team each cost is shown to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import Flags, where
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.rules import DistinctNames, Patterns, Rule, in_projects
from circleci_usage.costs.shared_costs import SharedCosts
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
        tag_keys: what costs are grouped by besides teams, such as cost centers and products.
    """

    rules: tuple[Rule, ...] = ()
    shared: SharedCosts | None = None
    tag_keys: tuple[TagKey, ...] = ()

    @property
    def teams(self) -> tuple[str, ...]:
        """All teams, in the order of their names."""
        return tuple(sorted({rule.value for rule in self.rules}))

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
        every = chain.from_iterable(rule.branch_patterns for rule in self.rules)
        of_tags = chain.from_iterable(key.branch_patterns for key in self.tag_keys)
        return tuple(sorted({*every, *of_tags}))


NO_TEAMS: Final = Ownership()
"""Without teams, everything is unallocated."""


def allocate(frame: pd.DataFrame, ownership: Ownership) -> pd.DataFrame:
    """Add the owner of each row as the categorical `team`: a team, `SHARED` or `UNALLOCATED`.

    Also the values of its tags (see `costs.tags.with_tags`).

    Args:
        frame: the dimensions of daily usage. Only costs, which have a `credit_type`, can be shared;
            job runs are counted where the rules put them.
        ownership: the teams and what they own.
    """
    owners = [*ownership.teams, SHARED, UNALLOCATED]
    of_rules = [owners.index(rule.value) for rule in ownership.rules]
    distinct = DistinctNames.of(frame)
    matched = distinct.first_matching(ownership.rules)
    # The last one is for `NO_RULE`.
    found = np.array([*of_rules, owners.index(UNALLOCATED)])[matched]
    if ownership.shared and "credit_type" in frame:
        found[_shared(distinct.names, ownership.shared)] = owners.index(SHARED)
    teams = pd.Categorical.from_codes(found[distinct.rows], pd.Index(owners, dtype="object"))
    return with_tags(frame.assign(team=teams), ownership.tag_keys)


def allocated(costs: Costs, ownership: Ownership) -> Costs:
    """Owned costs: each line with its `team`, or `SHARED` or `UNALLOCATED`."""
    return replace(costs, lines=allocate(costs.lines, ownership))


def idle_globs(frame: pd.DataFrame, ownership: Ownership) -> tuple[tuple[str, str], ...]:
    """The globs that match no name of the frame, each with its owner: a team, or `shared_costs`.

    Args:
        frame: the dimensions of daily usage.
        ownership: the teams and what they share.
    """
    distinct = DistinctNames.of(frame)
    rules = [*ownership.rules]
    if ownership.shared:
        rules.append(Rule("shared_costs", Patterns(projects=ownership.shared.projects)))
    idle: dict[tuple[str, str], None] = {}
    for rule in rules:
        for glob, single in rule.patterns.singles():
            if not distinct.matching(Rule(rule.value, single)).any():
                idle[rule.value, glob] = None
    return tuple(idle)


def _shared(names: pd.DataFrame, shared: SharedCosts) -> Flags:
    return in_projects(names, shared.projects) | where(
        names["credit_type"], shared.credit_types.__contains__
    )
