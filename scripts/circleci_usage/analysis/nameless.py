"""What no project or job caused, such as seats, goes by the name of its credit type.

This is decided here alone, between allocation and the sums, so that every list, chart, sentence and file says the same.
Identities stay as the export has them, so that a project of the same name stays apart.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from circleci_usage.analysis.totals import PROJECT
from circleci_usage.columns import CREDIT_TYPE_NAMES, NO_NAME, OF_NO_PROJECT
from circleci_usage.money.costs import Costs
from circleci_usage.usage.sums import DIMENSIONS

_OF_JOBS: Final = (
    *("workflow", "job", "resource_class", "executor", "operating_system"),
    *("status", "trigger", "branch"),
)
"""Names that only a job gives to what it costs."""

_TYPE_NAMES: Final = frozenset(CREDIT_TYPE_NAMES.values())


def named_costs(costs: Costs) -> Costs:
    """Costs without a project or a job, named by their credit types."""
    return replace(costs, lines=_named(costs.lines, costs.lines["credit_type"]))


def named_runs(runs: pd.DataFrame, credits: pd.DataFrame) -> pd.DataFrame:
    """Job runs without a project or a job, named by the credit type that most of their credits are of.

    Args:
        runs: by dimensions.
        credits: the credits of the same runs, by the same dimensions and `credit_type`; not yet named.
    """
    keys = [name for name in (*DIMENSIONS, "branch") if name in runs and name in credits]
    most = credits.loc[_lacking(credits), [*keys, "credit_type", "credits"]]
    if most.empty:
        return runs
    most = most.sort_values(["credits", "credit_type"], ascending=[False, True]).drop_duplicates(keys)
    lacking = _lacking(runs)
    kinds = runs.loc[lacking, keys].merge(most, on=keys, how="left")["credit_type"].tolist()
    every = pd.Series(None, runs.index, "object")
    every[lacking] = kinds
    return _named(runs, every)


def is_project(key: Sequence[str]) -> bool:
    """Whether a key that begins with a project's names one, not what has none."""
    _, _, identity, name = key[: len(PROJECT)]
    return identity != NO_NAME or name not in {*_TYPE_NAMES, NO_NAME}


def is_credit_type(name: str) -> bool:
    """Whether a name stands for what has none."""
    return name in _TYPE_NAMES


def _lacking(frame: pd.DataFrame) -> pd.Series:
    """The rows that lack the name of their project or job."""
    return (frame[["project", *frame.columns.intersection(["job"])]] == NO_NAME).any(axis=1)


def _named(frame: pd.DataFrame, kinds: pd.Series) -> pd.DataFrame:
    """The frame with the names of `kinds`, where there are any, in place of those it lacks."""
    lacking = _lacking(frame) & kinds.notna()
    if not lacking.any():
        return frame
    names = kinds.astype("object").map(CREDIT_TYPE_NAMES)
    without_project = lacking & (frame["project"] == NO_NAME)
    without_project &= (frame["project_id"] == NO_NAME) | kinds.isin(OF_NO_PROJECT)
    without_job = lacking & (frame["job"] == NO_NAME) if "job" in frame else without_project
    found = {"project": _filled(frame["project"], without_project, names)}
    found["project_id"] = _filled(frame["project_id"], without_project, names.where(names.isna(), NO_NAME))
    for column in frame.columns.intersection(_OF_JOBS):
        found[column] = _filled(frame[column], without_job & (frame[column] == NO_NAME), names)
    return frame.assign(**found)


def _filled(column: pd.Series, rows: pd.Series, names: pd.Series) -> pd.Series:
    """A categorical column with other names in some rows."""
    new = sorted(set(names[rows]).difference(column.cat.categories))
    filled = column.cat.add_categories(new)
    filled[rows] = names[rows]
    return filled
