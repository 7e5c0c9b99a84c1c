"""Tables of people: what each user cost, and users by calendar month."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from circleci_usage.analysis.people import People, TriggerCost, UserCost
from circleci_usage.analysis.user_counts import STARTED_BY, StartedBy, UserCounts
from circleci_usage.analysis.user_months import Started, UserMonth
from circleci_usage.report_folder.columns import (
    COST,
    CREDITS,
    JOB_RUNS,
    CatalogTable,
    Column,
    count,
    credit_amount,
    dimension,
    money,
    share,
    text,
)
from circleci_usage.report_folder.table import Row, Table

_SHARE: Final = share("share", "Share of the total cost; of the credits if nothing costs anything.")

USERS: Final = CatalogTable(
    "users",
    "Users",
    "A user who triggered pipelines: credits, cost and job runs. They sum to the whole.",
    (
        text(
            "user_id",
            "Id of the user, or its hash with `hash: true` in the settings file; `(none)` for"
            " everything without a user, `(unknown)` where that was not kept.",
        ),
        text(
            "registered",
            "`true` or `false`: whether the user has an account at CircleCI, as of the latest day;"
            " empty where the export does not say.",
        ),
        CREDITS,
        COST,
        _SHARE,
        JOB_RUNS,
        text("name", "Name of the user; empty without `show: names` in the settings file."),
        text("team", "Team of the user; empty without `show` and `team` in the settings file."),
    ),
)

COUNTS: Final = (
    count("active_users", "users", "Users with an id and a job run at least; empty if not known."),
    count("registered_users", "users", "Those of them who have an account; empty if not known."),
    count(
        "unregistered_users",
        "users",
        "Those of them who have none; empty if not known: some have no id.",
    ),
)
"""How many users there were."""

_STARTED: Final = {
    "users": ("user", "users with an id"),
    "unregistered": ("unregistered", "people without an account, whom the export gives no id"),
    "automation": ("automation", "schedules, the API and everything else without a user"),
    "charges": ("other", "charges without a project, such as user seats"),
    "unknown": ("unknown", "users that were not kept"),
}
"""Who started job runs → the beginning of its columns, and who that is."""


def _started_columns() -> Iterator[Column]:
    for name, who in _STARTED.values():
        yield count(f"{name}_job_runs", "job runs", f"Job runs of {who}.")
        yield money(f"{name}_cost", f"Cost of {who}; empty if not known.")


STARTED_COLUMNS: Final = (*_started_columns(),)
"""Job runs and cost by who started them; they sum to the whole."""

USER_MONTHS: Final = CatalogTable(
    "user_months",
    "Users by month",
    "A calendar month, from the first known day to the report's last.",
    (
        text("month", "The month, as in 2026-03."),
        text("complete", "`yes` where all of its days are known, else `no`."),
        *COUNTS,
        *STARTED_COLUMNS,
        credit_amount("seat_credits", "Credits of user seats."),
        money("seat_cost", "Cost of user seats."),
        money("seat_cost_per_active_user", "Cost of user seats ÷ active users."),
        money(
            "unregistered_seat_cost_estimate",
            "Estimate, not a charge: unregistered users × `seat_credits` of the settings file ×"
            " the month's price. Only from April 2026, when committed plans began to be billed for"
            " them.",
        ),
    ),
)

TRIGGERS: Final = (
    dimension("trigger"),
    text("started_by", "`unregistered` for people without an account, else `automation`."),
    CREDITS,
    COST,
    JOB_RUNS,
)
"""What had no user, by what triggered it."""


def users_table(people: People) -> Table:
    """What each user cost."""
    return Table(USERS, (_user_row(each) for each in people.users))


def _user_row(user: UserCost) -> Row:
    registered = None if user.registered is None else str(user.registered).lower()
    return (
        user.user_id,
        registered,
        user.credits,
        user.cost,
        user.share,
        user.job_runs,
        user.name,
        user.team,
    )


def user_months_table(people: People) -> Table:
    """Users by calendar month."""
    return Table(USER_MONTHS, (_month_row(each) for each in people.months))


def _month_row(month: UserMonth) -> Row:
    return (
        f"{month.days.first:%Y-%m}",
        "yes" if month.is_whole else "no",
        *counts_row(month.counts),
        *started_row(month.started),
        month.seat_credits,
        month.seat_cost,
        month.seat_cost_per_active_user,
        month.unregistered_seat_cost,
    )


def counts_row(counts: UserCounts) -> Row:
    """The values of the columns `COUNTS`."""
    return counts.active, counts.registered, counts.unregistered


def started_row(started: Mapping[StartedBy, Started]) -> Row:
    """The values of the columns `STARTED_COLUMNS`."""
    return tuple(chain.from_iterable((started[by].job_runs, started[by].cost) for by in STARTED_BY))


def trigger_row(trigger: TriggerCost) -> Row:
    """The values of the columns `TRIGGERS`."""
    by = "unregistered" if trigger.is_unregistered else "automation"
    return trigger.trigger, by, trigger.credits, trigger.cost, trigger.job_runs
