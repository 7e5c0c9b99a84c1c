"""Which branch groups are those of a project's default branch: the export does not say it.

A project's default branch is the first one of a list of names or globs (`default_branches`) that
the project has job runs on. A project with none of them has no known default branch.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME
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
