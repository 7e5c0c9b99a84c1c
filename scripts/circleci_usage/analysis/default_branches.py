"""Which branch groups are those of a project's default branch: the export does not say it.

A project's default branch is the first one of a list of names or globs (`default_branches`) that
the project has job runs on. A project with none of them has no known default branch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.globs import matcher
from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME, OTHER_BRANCHES
from circleci_usage.schema.keys import ProjectKey

DEFAULT: Final = "default"
OTHER: Final = "other"
NO_BRANCH: Final = "none"
BRANCH_KINDS: Final = (DEFAULT, OTHER, NO_BRANCH)
"""The default branch, all other branches, and runs without a branch (such as those of tags)."""


def branch_kinds(frame: pd.DataFrame, globs: Sequence[str]) -> pd.Series:
    r"""The kind of branch of each row: one of `BRANCH_KINDS`.

    Args:
        frame: the columns of `ProjectKey`, and `branch_group`: the globs that a branch matches,
            joined by line feeds.
        globs: `default_branches` of the settings file, the most likely one first.

    With the globs `main` and `develop`:

        project | branch_group            project | kind
        api     | main                    api     | default
        api     | develop            →    api     | other
        web     | develop                 web     | default
        web     | (other branches)        web     | other
        web     | (none)                  web     | none
    """
    groups = frame[BRANCH_GROUP].astype("object")
    distinct = {group: set(str(group).split("\n")) for group in groups.unique()}
    ranks = {group: _rank(matched, globs) for group, matched in distinct.items()}
    rank = groups.map(ranks).astype("int64")
    projects = frame[[*ProjectKey._fields]].astype("object")
    first = rank.groupby([projects[name] for name in projects], sort=False).transform("min")
    is_default = (rank == first) & (rank < len(globs))
    kinds = np.where(is_default, DEFAULT, np.where(groups == NO_NAME, NO_BRANCH, OTHER))
    return pd.Series(kinds, index=frame.index, dtype="object")


def _rank(matched: set[str], globs: Sequence[str]) -> int:
    """The place of the first glob that matched; behind all of them if none did."""
    return next((place for place, glob in enumerate(globs) if glob in matched), len(globs))


@dataclass(frozen=True)
class DefaultBranches:
    """Which branches projects have, and which of them may be their default branch.

    Attributes:
        known: `ProjectKey` and `branch_group` of all known days, so that a short period, in which
            only a project's `develop` may have run, does not make that its default branch.
        globs: `default_branches` of the settings file.
    """

    known: pd.DataFrame
    globs: Sequence[str]

    @classmethod
    def of(cls, runs: pd.DataFrame, globs: Sequence[str]) -> "DefaultBranches":
        """Those of projects with some job runs."""
        names = [*ProjectKey._fields, BRANCH_GROUP]
        return cls(runs[names].drop_duplicates().astype("object"), globs)

    def kinds(self, frame: pd.DataFrame) -> pd.Series:
        """`branch_kinds` of rows by `branch_group`."""
        rows = pd.concat([self.known, frame[[*self.known.columns]].astype("object")])
        kinds = branch_kinds(rows.reset_index(drop=True), self.globs).iloc[len(self.known) :]
        return kinds.set_axis(frame.index)

    def kinds_of_names(self, frame: pd.DataFrame) -> pd.Series:
        """`branch_kinds` of rows by `branch`, the names of single branches."""
        groups = {name: self._group(name) for name in frame["branch"].unique()}
        return self.kinds(frame.assign(**{BRANCH_GROUP: frame["branch"].map(groups)}))

    def _group(self, name: str) -> str:
        """The globs that a branch matches, as in `branch_group`."""
        if name == NO_NAME:
            return NO_NAME
        return "\n".join(each for each in self.globs if matcher([each])(name)) or OTHER_BRANCHES
