"""People: what the pipelines of each user cost, how many users there are, and automation apart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import pandas as pd

from circleci_usage.analysis.breakdowns import lines_by
from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.people_settings import PeopleSettings, Show
from circleci_usage.analysis.unattributed import named_costs, named_runs
from circleci_usage.analysis.user_counts import (
    StartedBy,
    UserCounts,
    is_without_account,
    registrations,
    started_by,
)
from circleci_usage.analysis.user_months import PricedUsers, Started, UserMonth, user_months
from circleci_usage.core.periods import Period
from circleci_usage.costs.costs import within
from circleci_usage.costs.pricing import PriceList, price
from circleci_usage.schema.export_columns import NO_NAME, UNKNOWN_USER
from circleci_usage.usage.daily_usage import DailyUsage

_HASH_DIGITS: Final = 16


@dataclass(frozen=True)
class UserCost:
    """What the pipelines of a user cost.

    Attributes:
        user_id: as it is written: the id or its hash; `NO_NAME` for everything without a user,
            `UNKNOWN_USER` where facts of an earlier version do not say who it was.
        registered: whether the user has an account at CircleCI; None where that is not known.
        credits: used.
        cost: None where none of the credits has a price.
        share: of the total cost, or of the credits when nothing costs anything; None likewise.
        job_runs: how many.
        name: where names are shown and this one is known.
        team: where people are shown and the settings say it.
    """

    user_id: str
    registered: bool | None
    credits: Decimal
    cost: Decimal | None
    share: Decimal | None
    job_runs: int
    name: str | None = None
    team: str | None = None

    @property
    def is_person(self) -> bool:
        """Whether this is a user, not one of the two lines of everything else."""
        return self.user_id not in {NO_NAME, UNKNOWN_USER}


@dataclass(frozen=True)
class TriggerCost:
    """What had no user, by what triggered it.

    Attributes:
        trigger: such as `schedule`; the credit type for charges without a project.
        is_unregistered: whether these are pushes of people without an account.
        credits: used.
        cost: None where none of the credits has a price.
        share: see `UserCost`.
        job_runs: how many.
    """

    trigger: str
    is_unregistered: bool
    credits: Decimal
    cost: Decimal | None
    share: Decimal | None
    job_runs: int


@dataclass(frozen=True)
class People:
    """The users who trigger pipelines.

    Attributes:
        show: whether the page and the metrics may show each of them.
        are_hashed: whether their ids are hashes.
        users: a line each, the most expensive first; they sum to the whole.
        triggers: what had no user; they sum to the line `NO_NAME` of `users`.
        counts: how many users the period had.
        started: the period's job runs and cost by who started them.
        months: users by calendar month, of all known days.
    """

    show: Show
    are_hashed: bool
    users: tuple[UserCost, ...]
    triggers: tuple[TriggerCost, ...]
    counts: UserCounts
    started: Mapping[StartedBy, Started]
    months: tuple[UserMonth, ...]


def find_people(
    usage: DailyUsage,
    prices: PriceList,
    days: Period,
    reported: ReportDays,
    settings: PeopleSettings,
) -> People:
    """Usage by user → what there is to say about people.

    The lines in between, which may be millions, are gone when this returns.

    Args:
        usage: daily usage, every row with its day.
        prices: what credits cost.
        days: those to price, from the first day of a billing cycle on.
        reported: the days of the report.
        settings: how people are shown.
    """
    costs = price(within(usage.user_credits, days), usage.places, prices)
    runs = within(usage.user_runs, days)
    users = PricedUsers(costs, runs, bool(started_by(runs).eq("users").any()))
    in_period = users.within(reported.period)
    return People(
        show=settings.shown,
        are_hashed=settings.are_hashed,
        users=tuple(_users(in_period, settings)),
        triggers=tuple(_triggers(in_period)),
        counts=in_period.counts(),
        started=in_period.started(),
        months=user_months(users, reported, prices, settings.seat_credits),
    )


def _users(users: PricedUsers, settings: PeopleSettings) -> Iterator[UserCost]:
    registered = registrations(users.runs[started_by(users.runs).eq("users")])
    for line in lines_by(["user"], users.costs, users.runs).to_dict("records"):
        user = line["user"]
        person = UserCost(user_id=user, registered=registered.get(user), **_amounts(line))
        yield _shown(person, settings) if person.is_person else person


def _shown(person: UserCost, settings: PeopleSettings) -> UserCost:
    """The person as the settings let them be shown."""
    user = person.user_id
    has_name, has_team = settings.shown == "names", settings.shown != "no"
    return replace(
        person,
        user_id=hashed_id(user) if settings.are_hashed else user,
        name=settings.names.get(user.lower()) if has_name else None,
        team=settings.teams.get(user.lower()) if has_team else None,
    )


def hashed_id(user: str) -> str:
    """A pseudonym: the same for the same user, so that whoever has the ids can tell who it is.

    >>> hashed_id("7bc3345f-0000-4000-8000-000000000001")
    '63b49d271ba00181'
    """
    return sha256(user.encode()).hexdigest()[:_HASH_DIGITS]


def _triggers(users: PricedUsers) -> Iterator[TriggerCost]:
    """What had no user, by trigger; the most expensive first."""
    costs = named_costs(users.costs)
    runs = named_runs(users.runs, users.costs.lines)
    # All users are in it, because shares are of everything.
    lines = lines_by(
        ["user", "trigger", "is_unregistered"],
        replace(costs, lines=_with_unregistered(costs.lines)),
        _with_unregistered(runs),
    )
    for line in lines[lines["user"] == NO_NAME].to_dict("records"):
        yield TriggerCost(line["trigger"], line["is_unregistered"], **_amounts(line))


def _with_unregistered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(is_unregistered=is_without_account(frame))


def _amounts(line: Mapping[Any, Any]) -> dict[str, Any]:
    """The amounts of a line of a breakdown, as far as they are known."""
    is_unpriced = line["credits"] and line["unpriced_credits"] == line["credits"]
    return {
        "credits": line["credits"],
        "cost": None if is_unpriced else line["cost"],
        "share": None if is_unpriced else line["share"],
        "job_runs": line["job_runs"],
    }
