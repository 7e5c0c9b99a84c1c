"""Costs → owned costs: which team each cost is shown to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.globs import matcher
from circleci_usage.core.grouping import Flags, where
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import names_in
from circleci_usage.schema.export_columns import BRANCH_GROUP

UNALLOCATED: Final = "unallocated"
"""The owner of costs that no team owns."""

SHARED: Final = "shared"
"""The owner of shared costs before they are split."""

Indexes = np.ndarray[tuple[int], np.dtype[np.int64]]

_DECIDING: Final = names_in(Place.ALLOCATION)


@dataclass(frozen=True)
class TeamRule:
    """What a team owns: job runs that match a glob of each list; a list without globs matches all.

    A team may have several rules, and owns what matches any of them.
    """

    team: str
    projects: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ownership:
    """Who owns what.

    Attributes:
        rules: the first that matches wins.
        shared: costs that are split among the teams; no team owns them, whatever the rules say.
        tags: name of a tag → team → value, such as cost centers.
    """

    rules: tuple[TeamRule, ...] = ()
    shared: SharedCosts | None = None
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def teams(self) -> tuple[str, ...]:
        """All teams, in the order of their names."""
        return tuple(sorted({rule.team for rule in self.rules}))

    @property
    def branch_globs(self) -> tuple[str, ...]:
        """The globs of branches that daily usage has to distinguish."""
        return tuple(sorted({glob for rule in self.rules for glob in rule.branches}))


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
    names, row_names = _distinct(frame, [name for name in _DECIDING if name in frame])
    found = np.full(len(names), owners.index(UNALLOCATED), dtype=np.int64)
    # From the last rule to the first, so that the first one wins.
    for rule in reversed(ownership.rules):
        found[_matching(names, rule)] = owners.index(rule.team)
    if ownership.shared and "credit_type" in frame:
        found[_shared(names, ownership.shared)] = owners.index(SHARED)
    return frame.assign(
        team=pd.Categorical.from_codes(found[row_names], pd.Index(owners, dtype="object"))
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
    names, _ = _distinct(frame, [name for name in _DECIDING if name in frame])
    rules = [(rule.team, rule) for rule in ownership.rules]
    if ownership.shared:
        rules.append(("shared_costs", TeamRule("", ownership.shared.projects)))
    idle: dict[tuple[str, str], None] = {}
    for owner, rule in rules:
        for glob, single in _single_globs(rule):
            if not _matching(names, single).any():
                idle[owner, glob] = None
    return tuple(idle)


def _single_globs(rule: TeamRule) -> Iterator[tuple[str, TeamRule]]:
    """Each glob of a rule, with a rule that has nothing else."""
    for glob in rule.projects:
        yield glob, TeamRule(rule.team, projects=(glob,))
    for glob in rule.jobs:
        yield glob, TeamRule(rule.team, jobs=(glob,))
    for glob in rule.branches:
        yield glob, TeamRule(rule.team, branches=(glob,))


def _distinct(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, Indexes]:
    """The distinct combinations of categoricals, and which of them each row of the frame has.

    There are far fewer of them than rows, and only they are compared with the rules.
    """
    sizes = [len(frame[column].cat.categories) for column in columns]
    combined = np.zeros(len(frame), dtype="int64")
    for column, size in zip(columns, sizes, strict=True):
        combined = combined * size + frame[column].cat.codes.to_numpy()
    row_names, combinations = pd.factorize(combined)
    codes = np.unravel_index(combinations, sizes)
    found = {}
    for column, each in zip(columns, codes, strict=True):
        found[column] = pd.Categorical.from_codes(each, frame[column].cat.categories)
    names = pd.DataFrame(found)
    paths = names["organization"].astype(str) + "/" + names["project"].astype(str)
    return names.assign(path=paths.astype("category")), row_names


def _matching(names: pd.DataFrame, rule: TeamRule) -> Flags:
    """Which combinations of names a rule matches."""
    flags = np.ones(len(names), dtype=bool)
    if rule.projects:
        flags &= _of_projects(names, rule.projects)
    if rule.jobs:
        flags &= where(names["job"], matcher(rule.jobs))
    if rule.branches:
        wanted = set(rule.branches)
        flags &= where(names[BRANCH_GROUP], lambda group: not wanted.isdisjoint(group.split("\n")))
    return flags


def _shared(names: pd.DataFrame, shared: SharedCosts) -> Flags:
    return _of_projects(names, shared.projects) | where(
        names["credit_type"], shared.credit_types.__contains__
    )


def _of_projects(names: pd.DataFrame, globs: Sequence[str]) -> Flags:
    """Where the project matches as `project` or as `organization/project`."""
    matches = matcher(globs)
    return where(names["project"], matches) | where(names["path"], matches)
