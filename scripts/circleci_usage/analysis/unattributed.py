"""Costs that no project or job caused, such as seats, go by the name of their credit type.

Except compute: only job runs use it, so without a job name its owner is not known. This is
decided here alone, between allocation and the sums, so every list, chart, sentence and file says
the same. Ids stay as the export has them, so that a project of the same name stays separate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from circleci_usage.core.grouping import stacked, sum_by
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import names_in
from circleci_usage.schema.export_columns import (
    CREDIT_TYPE_NAMES,
    NO_NAME,
    OF_NO_PROJECT,
    credit_type_name,
)
from circleci_usage.schema.keys import ProjectKey
from circleci_usage.usage.aggregates import (
    BRANCH_DIMENSIONS,
    DAILY_DIMENSIONS,
    RUN_MEASURES,
    USER_DIMENSIONS,
)

_OF_JOBS: Final = names_in(Place.OF_JOBS)
"""Names that only costs of a job have."""

_NAMES: Final = tuple(dict.fromkeys((*DAILY_DIMENSIONS, *BRANCH_DIMENSIONS, *USER_DIMENSIONS)))
"""All names that daily usage has."""

_OF_A_JOB: Final = "compute"
"""The credit type that only a job run can use, whether or not its job is named."""

_TYPE_NAMES: Final = frozenset(CREDIT_TYPE_NAMES.values())


def named_costs(costs: Costs) -> Costs:
    """Costs with the name of their credit type where they have no project or job."""
    return replace(costs, lines=_named(costs.lines, costs.lines["credit_type"]))


def named_runs(runs: pd.DataFrame, credits: pd.DataFrame) -> pd.DataFrame:
    """Job runs with the name of the credit type that they used where they have no project or job.

    A run that used several types counts for the one with the most credits.

    Args:
        runs: by dimensions, with `job_runs` and other measures.
        credits: of the same runs, by the same dimensions and `credit_type`, with `job_runs`;
            without these names.
    """
    runs = runs.reset_index(drop=True)
    keys = [name for name in _NAMES if name in runs and name in credits]
    users = _users(credits, keys)
    if users.empty:
        return runs
    measures = runs.columns.intersection([*RUN_MEASURES])
    lacking = runs[_lacking(runs)].rename_axis("row").reset_index()
    split = lacking.merge(users, on=keys).astype(runs[keys].dtypes.to_dict())
    split = _shared_out(split.sort_values("row", kind="stable"), measures)

    counted = sum_by(split, ["row"], ["job_runs"])["job_runs"]
    rest = runs.loc[counted.index].assign(**dict.fromkeys(measures, 0))
    rest["job_runs"] = runs.loc[counted.index, "job_runs"] - counted

    named = _named(split[runs.columns], split["credit_type"])
    return stacked([runs.drop(index=counted.index), named, rest[rest["job_runs"] > 0]])


def _users(credits: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """How many of the runs that lack a name used each credit type, the most credits first."""
    used = credits.loc[_lacking(credits), [*keys, "credit_type", "credits", "job_runs"]]
    sums = sum_by(used, [*keys, "credit_type"], ["credits", "job_runs"]).reset_index()
    ordered = sums.sort_values("credits", ascending=False, kind="stable")
    return ordered.drop(columns="credits").rename(columns={"job_runs": "users"})


def _shared_out(split: pd.DataFrame, measures: Iterable[str]) -> pd.DataFrame:
    """Rows of runs, once per credit type: each gets the runs that used it, while there are any.

    The other measures stay with the first. Of 3 runs, 2 used storage and 2 used network: 2 and
    1.
    """
    before = split.groupby("row")["users"].cumsum() - split["users"]
    left = (split["job_runs"] - before).clip(lower=0)
    is_first = ~split["row"].duplicated()
    rest = {name: split[name].where(is_first, 0) for name in measures}
    return split.assign(**rest).assign(job_runs=left.clip(upper=split["users"]))


def is_project(key: Sequence[str]) -> bool:
    """Whether the key of a project, or of anything in it, names a real one."""
    organization_id, organization, project_id, name, *_ = key
    project = ProjectKey(organization_id, organization, project_id, name)
    return project.project_id != NO_NAME or project.project not in {*_TYPE_NAMES, NO_NAME}


def own_name(name: str, credit_type: str) -> str:
    """A name of costs, or nothing where there is none or the credit type stands for it.

        >>> own_name("test", "storage"), own_name("Storage", "storage"), own_name("(none)", "dlc")
        ('test', '', '')

    Args:
        name: as `named_costs` has it.
        credit_type: of these costs.
    """
    stands_in = credit_type != _OF_A_JOB and name == credit_type_name(credit_type)
    return "" if name == NO_NAME or stands_in else name


def _lacking(frame: pd.DataFrame) -> pd.Series:
    """The rows that lack the name of their project or job."""
    return (frame[["project", *frame.columns.intersection(["job"])]] == NO_NAME).any(axis=1)


def _named(frame: pd.DataFrame, kinds: pd.Series) -> pd.DataFrame:
    """The frame with the names of credit types, where there are any, in place of those it lacks."""
    lacking = _lacking(frame) & kinds.notna() & (kinds != _OF_A_JOB)
    if not lacking.any():
        return frame
    names = kinds[lacking].astype("object").map(credit_type_name)
    without_project = lacking & (frame["project"] == NO_NAME)
    without_project &= (frame["project_id"] == NO_NAME) | kinds.isin(OF_NO_PROJECT)
    without_job = lacking & (frame["job"] == NO_NAME) if "job" in frame else without_project
    found = {"project": _filled(frame["project"], without_project, names)}
    found["project_id"] = _filled(
        frame["project_id"], without_project, names.mask(names.notna(), NO_NAME)
    )
    for column in frame.columns.intersection([*_OF_JOBS]):
        found[column] = _filled(frame[column], without_job & (frame[column] == NO_NAME), names)
    return frame.assign(**found)


def _filled(column: pd.Series, rows: pd.Series, names: pd.Series) -> pd.Series:
    """A categorical column with other names in some rows."""
    new = names[rows[rows].index]
    if new.empty:
        return column
    every = dict.fromkeys([*column.cat.categories, *sorted(set(new))])
    filled = column.cat.set_categories(pd.Index([*every], dtype="object"))
    filled[new.index] = new
    return filled
