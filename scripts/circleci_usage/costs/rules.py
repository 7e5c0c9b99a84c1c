"""Rules of the settings file: which job runs and charges belong to a team, a tag's value, a plan.

A rule looks at the dimensions of daily usage. There are far fewer distinct combinations of them
than rows, and each combination is compared with the rules once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import Flags, where
from circleci_usage.core.patterns import matching
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import names_in
from circleci_usage.schema.export_columns import BRANCH_GROUP, USER_GROUP

Indexes = np.ndarray[tuple[int], np.dtype[np.int64]]

NO_RULE: Final = -1
"""In place of a rule's index where none matches."""

DECIDING: Final = names_in(Place.ALLOCATION)
"""The dimensions that rules look at."""

DIMENSION_OF: Final[Mapping[str, str]] = {
    "organizations": "organization",
    "projects": "project",
    "workflows": "workflow",
    "jobs": "job",
    "branches": BRANCH_GROUP,
    "resource_classes": "resource_class",
    "executors": "executor",
    "triggers": "trigger",
    "users": USER_GROUP,
    "credit_types": "credit_type",
}
"""List of `Patterns` → the dimension that it looks at."""

GROUPED: Final = frozenset({BRANCH_GROUP, USER_GROUP})
"""Dimensions of which daily usage knows the patterns that a name matches, not the name."""


@dataclass(frozen=True, kw_only=True)
class Patterns:
    """Patterns of the dimensions that a rule looks at; an empty list looks at nothing.

    Attributes:
        organizations: patterns of organizations.
        projects: patterns of projects, as `project` or `organization/project`.
        workflows: patterns of workflows.
        jobs: patterns of jobs' own names.
        branches: patterns of branches.
        resource_classes: patterns of resource classes.
        executors: patterns of executors.
        triggers: patterns of what started the pipeline.
        users: patterns of ids of the users who triggered the pipeline.
        credit_types: credit types.
    """

    organizations: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    resource_classes: tuple[str, ...] = ()
    executors: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    credit_types: tuple[str, ...] = ()

    @property
    def lists(self) -> Mapping[str, tuple[str, ...]]:
        """The lists that are not empty, by their names.

        >>> Patterns(jobs=("deploy-*",)).lists
        {'jobs': ('deploy-*',)}
        """
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: patterns for name, patterns in named.items() if patterns}

    def singles(self) -> Iterator[tuple[str, str, "Patterns"]]:
        """The list of each pattern, the pattern, and patterns of nothing else."""
        for name, patterns in self.lists.items():
            for pattern in patterns:
                yield name, pattern, Patterns(**{name: (pattern,)})


NOTHING: Final = Patterns()


@dataclass(frozen=True)
class Rule:
    """What a value, such as a team, is given to.

    A value may have several rules: it is given to what matches any of them.

    Attributes:
        value: the team, or whatever else is given.
        patterns: it is given to what matches a pattern of each list.
        exclusions: but not to what matches a pattern of any of these lists.
    """

    value: str
    patterns: Patterns
    exclusions: Patterns = NOTHING

    def every(self, name: str) -> tuple[str, ...]:
        """All patterns of a list, such as `branches`: also those of the exclusions."""
        return (*getattr(self.patterns, name), *getattr(self.exclusions, name))


@dataclass(frozen=True)
class DistinctNames:
    """The distinct combinations of the dimensions that rules look at.

    Attributes:
        names: a row per combination.
        rows: which of them each row of the frame has.
    """

    names: pd.DataFrame
    rows: Indexes

    @classmethod
    def of(cls, frame: pd.DataFrame, *more: str) -> "DistinctNames":
        """Those of a frame with the dimensions of daily usage, which are categoricals.

        Args:
            frame: the dimensions.
            more: further categoricals that tell combinations apart.
        """
        columns = [name for name in (*DECIDING, *more) if name in frame]
        sizes = [len(frame[column].cat.categories) for column in columns]
        combined = np.zeros(len(frame), dtype="int64")
        for column, size in zip(columns, sizes, strict=True):
            combined, _ = pd.factorize(combined * max(size, 1) + frame[column].cat.codes.to_numpy())
        firsts = pd.Series(combined).drop_duplicates().index
        return cls(frame.iloc[firsts][columns].reset_index(drop=True), combined)

    def matching(self, rule: Rule) -> Flags:
        """Which combinations a rule matches."""
        flags = np.ones(len(self.names), dtype=bool)
        for each in self._flags(rule.patterns):
            flags &= each
        for each in self._flags(rule.exclusions):
            flags &= ~each
        return flags

    def first_matching(self, rules: Sequence[Rule]) -> Indexes:
        """The index of the first rule that matches each combination, or `NO_RULE`."""
        found = np.full(len(self.names), NO_RULE, dtype=np.int64)
        # From the last rule to the first, so that the first one wins.
        for index in reversed(range(len(rules))):
            found[self.matching(rules[index])] = index
        return found

    def _flags(self, patterns: Patterns) -> Iterator[Flags]:
        """Which combinations match each of the lists."""
        for name, wanted in patterns.lists.items():
            yield _in_dimension(self.names, DIMENSION_OF[name], wanted)


def rule_of_rows(frame: pd.DataFrame, rules: Sequence[Rule]) -> Indexes:
    """The index of the first rule that matches each row of daily usage, or `NO_RULE`."""
    distinct = DistinctNames.of(frame)
    return distinct.first_matching(rules)[distinct.rows]


def in_projects(names: pd.DataFrame, patterns: Sequence[str]) -> Flags:
    """Where the project matches as `project` or as `organization/project`."""
    paths = names["organization"].astype(str) + "/" + names["project"].astype(str)
    return _matching(names["project"], patterns) | _matching(paths.astype("category"), patterns)


def _in_dimension(names: pd.DataFrame, dimension: str, patterns: Sequence[str]) -> Flags:
    """Where a dimension matches one of the patterns."""
    if dimension == "project":
        return in_projects(names, patterns)
    if dimension in GROUPED:
        return _in_group(names[dimension], patterns)
    return _matching(names[dimension], patterns)


def _in_group(groups: pd.Series, patterns: Sequence[str]) -> Flags:
    """Where the group has one of the patterns."""
    wanted = set(patterns)
    return where(groups, lambda group: not wanted.isdisjoint(group.split("\n")))


def _matching(names: pd.Series, patterns: Sequence[str]) -> Flags:
    """Which rows of a categorical match; each name is compared once."""
    categories = names.cat.categories.tolist()
    flags = dict(zip(categories, matching(patterns, categories), strict=True))
    return where(names, flags.__getitem__)
