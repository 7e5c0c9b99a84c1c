"""The groups of a branch and of a user, on a cluster: see `polars.name_groups`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sql

from circleci_usage.core.globs import atomic_glob_regex
from circleci_usage.core.patterns import is_regex, matching
from circleci_usage.schema.export_columns import (
    BRANCH_GROUP,
    NO_NAME,
    OTHER_BRANCHES,
    OTHER_USERS,
    USER_GROUP,
)
from circleci_usage.usage.name_patterns import NamePatterns


@dataclass(frozen=True)
class KnownPatterns:
    """Patterns, and which names the regular expressions among them match.

    Java's expressions may take longer than a hostile name allows, so that they are matched on this
    machine: names are far fewer than runs.

    Attributes:
        patterns: all of them.
        found: regular expression → the names that it matches.
    """

    patterns: Sequence[str]
    found: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, runs: DataFrame, name: str, patterns: Sequence[str]) -> "KnownPatterns":
        """With the names that some job runs have; asks the cluster only if there is need."""
        expressions = [pattern for pattern in patterns if is_regex(pattern)]
        if not expressions:
            return cls(patterns, {})
        shown = sql.coalesce(sql.col(name), sql.lit(NO_NAME)).alias(name)
        names = [str(row[name]) for row in runs.select(shown).distinct().collect()]
        found = {}
        for each in expressions:
            flags = matching([each], names)
            found[each] = [one for one, is_found in zip(names, flags, strict=True) if is_found]
        return cls(patterns, found)

    def group_of(self, name: Column, no_group: Column) -> Column:
        """The patterns that a name matches, joined by line feeds, or another group."""
        if not self.patterns:
            return no_group
        shown = sql.coalesce(name, sql.lit(NO_NAME))
        matched = [
            sql.when(self._is_matching(shown, pattern), sql.lit(pattern))
            for pattern in self.patterns
        ]
        groups = sql.concat_ws("\n", *matched)
        return sql.when(groups == "", no_group).otherwise(groups)

    def _is_matching(self, shown: Column, pattern: str) -> Column:
        if pattern in self.found:
            return shown.isin(*self.found[pattern])
        return shown.rlike(rf"\A{atomic_glob_regex(pattern)}\z")


def with_groups(runs: DataFrame, patterns: NamePatterns) -> DataFrame:
    """Job runs with `branch_group` and `user_group`."""
    branches = KnownPatterns.of(runs, "branch", patterns.branches)
    users = KnownPatterns.of(runs, "user", patterns.users)
    of_user = users.group_of(sql.col("user"), sql.lit(OTHER_USERS))
    return runs.withColumns({BRANCH_GROUP: branch_group(branches), USER_GROUP: of_user})


def branch_group(patterns: KnownPatterns) -> Column:
    """The group of `branch`."""
    branch = sql.col("branch")
    no_group = sql.when(branch.isNull(), sql.lit(NO_NAME)).otherwise(sql.lit(OTHER_BRANCHES))
    return patterns.group_of(branch, no_group)
