"""Tags: what costs are grouped by besides teams, such as products, environments, cost centers.

Each key gives every line one value, so its values sum to the same total as the teams.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import Flags, where
from circleci_usage.costs.rules import NOTHING, DistinctNames, Rule
from circleci_usage.schema.dimensions import TEAM
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.tag_names import can_be_dimension, tag_column

__all__ = ["TagKey", "TagRule", "tag_column", "tag_columns", "with_tags", "with_tags_of_teams"]


@dataclass(frozen=True)
class TagRule:
    """A value of a key, and what has it.

    Attributes:
        rule: gives the value; with `NOTHING` it looks at teams only.
        teams: owners that have the value, if the rule matches; none: all.
    """

    rule: Rule
    teams: frozenset[str] = frozenset()

    @property
    def is_of_teams(self) -> bool:
        """Whether it looks at nothing but teams."""
        return bool(self.teams) and self.rule.patterns == self.rule.exclusions == NOTHING


@dataclass(frozen=True)
class TagKey:
    """A key of tags and which values it has.

    Attributes:
        name: the key, such as `product`.
        rules: the first that matches gives the value.
        of_teams: team → value, where no rule matches.
    """

    name: str
    rules: tuple[TagRule, ...] = ()
    of_teams: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_dimension(self) -> bool:
        """Whether costs can be filtered and grouped by it: a filter is able to name it."""
        return can_be_dimension(self.name)

    @property
    def all_values(self) -> tuple[str, ...]:
        """All values, each once; `NO_NAME` comes last, for what has none."""
        named = [*(each.rule.value for each in self.rules), *self.of_teams.values()]
        return (*sorted({*named} - {NO_NAME}), NO_NAME)

    @property
    def team_values(self) -> Mapping[str, str]:
        """Team → the value of its share of shared costs, which is not a job's or project's."""
        found = {**self.of_teams}
        for each in reversed(self.rules):
            if each.is_of_teams:
                found |= dict.fromkeys(each.teams, each.rule.value)
        return found


def tag_columns(keys: Sequence[TagKey]) -> tuple[str, ...]:
    """The columns of all keys, in their order."""
    return tuple(tag_column(key.name) for key in keys)


def with_tags(frame: pd.DataFrame, keys: Sequence[TagKey]) -> pd.DataFrame:
    """Add the values of each key as the categorical `tag_column`; `NO_NAME` where there is none.

    Args:
        frame: the dimensions of daily usage and `team`.
        keys: of tags.
    """
    if not keys:
        return frame
    distinct = DistinctNames.of(frame, TEAM)
    found = {tag_column(key.name): _values(key, distinct) for key in keys}
    return frame.assign(**found)


def with_tags_of_teams(frame: pd.DataFrame, keys: Sequence[TagKey]) -> pd.DataFrame:
    """The shares of shared costs with the values of the teams that pay them.

    A value that the shared cost has by itself stays.

    Args:
        frame: shares, with `team` and the columns of tags.
        keys: of tags.
    """
    found = {}
    for key in keys:
        own = frame[tag_column(key.name)].astype("object")
        of_teams = frame["team"].astype("object").map(key.team_values)
        replaced = own.where((own != NO_NAME) | of_teams.isna(), of_teams)
        found[tag_column(key.name)] = pd.Categorical(replaced, _index(key.all_values))
    return frame.assign(**found)


def _values(key: TagKey, distinct: DistinctNames) -> "pd.Categorical[object]":
    values = key.all_values
    found = np.full(len(distinct.names), values.index(NO_NAME), dtype=np.int64)
    teams = distinct.names["team"]
    for team, value in key.of_teams.items():
        found[where(teams, team.__eq__)] = values.index(value)
    # From the last rule to the first, so that the first one wins.
    for each in reversed(key.rules):
        found[_matching(each, distinct)] = values.index(each.rule.value)
    return pd.Categorical.from_codes(found[distinct.rows], _index(values))


def _matching(rule: TagRule, distinct: DistinctNames) -> Flags:
    flags = distinct.matching(rule.rule)
    return flags & where(distinct.names["team"], rule.teams.__contains__) if rule.teams else flags


def _index(values: Sequence[str]) -> "pd.Index[Any]":
    return pd.Index([*values], dtype="object")
