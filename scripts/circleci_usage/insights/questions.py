"""What there is to ask CircleCI about: the most expensive projects, the most active users."""

from collections.abc import Hashable, Iterable
from typing import Final

import pandas as pd

from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period
from circleci_usage.export.organization_names import is_id
from circleci_usage.insights.lookups import AskedProject, LookedUp, Lookups
from circleci_usage.insights.slugs import project_slug
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.keys import ProjectKey, WorkflowKey
from circleci_usage.usage.daily_usage import DailyUsage

MOST_PROJECTS: Final = 20
"""Projects that are asked about: with `MOST_WORKFLOWS`, 80 requests at most."""

MOST_WORKFLOWS: Final = 3
"""Workflows of a project that are asked about."""

MOST_USERS: Final = 500
"""Users whose names are asked for."""

_DOTS: Final = (".", "..")
"""Names that would turn a path into another one."""


def ask(lookups: Lookups, usage: DailyUsage, period: Period) -> LookedUp:
    """Ask what is wanted about the usage of a period."""
    return LookedUp(
        tests=lookups.tests(asked_projects(usage, period)) if lookups.tests else None,
        users=lookups.user_names(asked_users(usage, period)) if lookups.user_names else None,
    )


def asked_projects(usage: DailyUsage, period: Period) -> tuple[AskedProject, ...]:
    """The projects that used the most credits in a period, with the workflows that did."""
    credits = _within(usage.credits, period)
    by_workflow = _largest_first(credits, WorkflowKey._fields, "credits")
    workflows = _workflows(WorkflowKey(*map(str, names)) for names in by_workflow.index)
    urls = _urls(usage.runs)
    by_project = _largest_first(credits, ProjectKey._fields, "credits")
    keys = [ProjectKey(*map(str, names)) for names in by_project.index]
    named = [key for key in keys if key.project != NO_NAME][:MOST_PROJECTS]
    return tuple(
        AskedProject(
            key,
            project_slug(key, urls.get(key, "")),
            tuple(workflows.get(key, ())[:MOST_WORKFLOWS]),
        )
        for key in named
    )


def asked_users(usage: DailyUsage, period: Period) -> tuple[str, ...]:
    """The ids of the users who triggered the most job runs in a period."""
    runs = _within(usage.user_runs, period)
    by_user = _largest_first(runs, ["user"], "job_runs")
    ids = (str(user) for user in by_user.index)
    return tuple([each for each in ids if is_id(each)][:MOST_USERS])


def _within(frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    days = frame["date"]
    return frame[(days >= pd.Timestamp(period.start)) & (days < pd.Timestamp(period.stop))]


def _largest_first(frame: pd.DataFrame, names: Iterable[str], measure: str) -> pd.Series:
    """A measure by some names; those with equal sums are in the order of their names."""
    sums = sum_by(frame, [*names], [measure])[measure]
    return sums.sort_values(ascending=False, kind="stable")


def _workflows(keys: Iterable[WorkflowKey]) -> dict[ProjectKey, list[str]]:
    """The workflows of each project, in their order."""
    found: dict[ProjectKey, list[str]] = {}
    for key in keys:
        if key.workflow not in (NO_NAME, *_DOTS):
            found.setdefault(key.project_key, []).append(key.workflow)
    return found


def _urls(runs: pd.DataFrame) -> dict[Hashable, str]:
    """The URL of each project's repository."""
    names = [*ProjectKey._fields]
    pairs = runs[[*names, "vcs_url"]].drop_duplicates(names, keep="last").astype("object")
    keys = (ProjectKey(*row) for row in pairs[names].itertuples(index=False, name=None))
    return dict(zip(keys, pairs["vcs_url"], strict=True))
