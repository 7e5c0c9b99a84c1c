"""Costs → owned costs: which team each cost is shown to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import Flags, where
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.rules import DistinctNames, Patterns, Rule, in_projects
from circleci_usage.costs.shared_costs import SharedCosts

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
        tags: name of a tag → team → value, such as cost centers.
    """

    rules: tuple[Rule, ...] = ()
    shared: SharedCosts | None = None
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def teams(self) -> tuple[str, ...]:
        """All teams, in the order of their names."""
        return tuple(sorted({rule.value for rule in self.rules}))

    @property
    def branch_globs(self) -> tuple[str, ...]:
        """The globs of branches that daily usage has to distinguish."""
        every = chain.from_iterable(rule.branch_patterns for rule in self.rules)
        return tuple(sorted(set(every)))

    @property
    def user_patterns(self) -> tuple[str, ...]:
        """Likewise, the patterns of users."""
        every = chain.from_iterable(rule.user_patterns for rule in self.rules)
        return tuple(sorted(set(every)))


NO_TEAMS: Final = Ownership()
"""Without teams, everything is unallocated."""


def allocate(frame: pd.DataFrame, ownership: Ownership) -> pd.DataFrame:
    """Add the owner of each row as the categorical `team`: a team, `SHARED` or `UNALLOCATED`.

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
    return frame.assign(
        team=pd.Categorical.from_codes(found[distinct.rows], pd.Index(owners, dtype="object"))
    )


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
