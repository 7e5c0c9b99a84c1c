"""Who started job runs: users, automation, people without an account; and how many users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import where
from circleci_usage.schema.export_columns import NO_NAME, OF_NO_PROJECT, UNKNOWN_USER

StartedBy = Literal["users", "unregistered", "automation", "charges", "unknown"]
"""Who started a job run, or why there is a charge without one:

users: a user whose id is known.
unregistered: a push of somebody without an account; the export has no id of them.
automation: everything else without a user: schedules, the API, bots with an account.
charges: what no project caused, such as seats.
unknown: facts of an earlier version do not say.
"""

STARTED_BY: Final[tuple[StartedBy, ...]] = (
    "users",
    "unregistered",
    "automation",
    "charges",
    "unknown",
)

_WEBHOOK: Final = "webhook"
"""The trigger of a push or a pull request, which always has an author."""

_REGISTERED: Final[Mapping[str, bool]] = {"true": False, "false": True}
"""IS_UNREGISTERED_USER → whether the user is registered."""


@dataclass(frozen=True)
class UserCounts:
    """How many users started job runs; None where that is not known.

    Attributes:
        active: users with an id and a job run at least.
        registered: those of them who have an account at CircleCI. Whether others have is unknown
            where the sum of both falls short of `active`.
        unregistered: those who have none. Not known where there are job runs of people without an
            account, whose ids the export does not have.
    """

    active: int | None = None
    registered: int | None = None
    unregistered: int | None = None


def started_by(frame: pd.DataFrame) -> pd.Series:
    """Who started the runs of each row: one of `STARTED_BY`.

    Args:
        frame: daily usage or costs by `USER_DIMENSIONS`; with their credit types, seats of rows
            that have a project are charges, too.
    """
    is_charge = (frame["project_id"] == NO_NAME) & (frame["project"] == NO_NAME)
    if "credit_type" in frame:
        is_charge |= frame["credit_type"].isin(OF_NO_PROJECT)
    conditions = {
        "charges": is_charge,
        "unknown": frame["user"] == UNKNOWN_USER,
        "users": frame["user"] != NO_NAME,
        "unregistered": is_without_account(frame),
    }
    names = pd.CategoricalDtype([*conditions, "automation"])
    numbers = np.select([*conditions.values()], [*range(len(conditions))], len(conditions))
    return pd.Series(pd.Categorical.from_codes(numbers, dtype=names), frame.index)


def is_without_account(frame: pd.DataFrame) -> pd.Series:
    """Whether a row without a user is a push of somebody who has no account.

    CircleCI marks schedules as unregistered, too: they have no user at all.
    """
    marks = frame["unregistered"].astype("category")
    is_marked = where(marks, lambda text: _REGISTERED.get(text.strip().lower()) is False)
    return (frame["user"] == NO_NAME) & (frame["trigger"] == _WEBHOOK) & is_marked


def registrations(runs: pd.DataFrame) -> dict[str, bool]:
    """User → whether they are registered, as the latest day says that says it.

    Of a day that says both it is yes: people register, and stay registered.
    """
    said = runs[["user", "date"]].assign(is_registered=_registered(runs["unregistered"]))
    said = said.dropna(subset="is_registered").sort_values(["date", "is_registered"])
    latest = said.drop_duplicates("user", keep="last").astype({"user": "object"})
    return dict(zip(latest["user"], latest["is_registered"].map(bool), strict=True))


def _registered(unregistered: pd.Series) -> pd.Series:
    """Yes, no, or None where the export does not say it."""
    texts = unregistered.astype("object").drop_duplicates()
    meant = {text: _REGISTERED.get(text.strip().lower()) for text in texts}
    return unregistered.astype("object").map(meant).astype("object")


def count_users(runs: pd.DataFrame) -> UserCounts:
    """How many users started these job runs.

    Args:
        runs: daily usage by `USER_DIMENSIONS`, of some days.
    """
    groups = started_by(runs)
    if groups.eq("unknown").any():
        return UserCounts()
    by_users = runs[groups.eq("users") & (runs["job_runs"] > 0)]
    active = by_users["user"].nunique()
    said = [*registrations(by_users).values()]
    if active and not said:
        return UserCounts(active)
    are_all_named = not groups.eq("unregistered").any()
    return UserCounts(active, said.count(True), said.count(False) if are_all_named else None)
