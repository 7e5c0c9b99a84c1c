"""Users: how many trigger pipelines, what they and automation cost, and each of them on request."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.people import People, TriggerCost, UserCost
from circleci_usage.analysis.user_months import Started, UserMonth
from circleci_usage.render.formatting import days, money, number, number_of, percent
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    more_rows,
    name_cell,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.export_columns import NO_NAME

_USERS: Final = 20
_TRIGGERS: Final = 10
_MONTHS: Final = 13

_USER_HEADINGS: Final = ("User", "Cost", "Share", "Job runs", "Registered")
_TRIGGER_HEADINGS: Final = ("Trigger", "Cost", "Share", "Job runs")
_MONTH_HEADINGS: Final = (
    "Month",
    "Cost of users",
    "Active users",
    "Unregistered",
    "Job runs of users",
    "Cost of automation",
    "Job runs of automation",
    "User seats",
    "Seats for unregistered (estimate)",
)
_UNKNOWN: Final = Cell("–", whole="not known")
_NO_ID: Final = "the export has no ids of people without an account"
_NOT_KEPT: Final = "users of job runs that an earlier version read were not kept"
_HINT: Final = (
    "Active users have an id and started at least one job run. Unregistered users have no account"
    " at CircleCI; those whom the export gives no id cannot be counted. Automation is everything"
    " else without a user: schedules, the API, bots."
)
_HIDDEN: Final = " Users themselves are not shown; see people in the settings file."
_ESTIMATE: Final = (
    " The estimate is a projection, not a charge: a seat for each unregistered user at the month’s"
    " price."
)


def users_section(view: ReportView) -> PageTables | None:
    """Users and automation, and users by month; nothing where the export has no users."""
    people = view.report.people
    if people.counts.active is None and not people.started["unknown"].job_runs:
        return None
    tables = [_by_month(people, view.currency), _triggers(people, view.currency)]
    if people.show != "no":
        tables.insert(0, _users(people, view.currency))
    return PageTables(
        hint=_hint(people),
        facts=[*_facts(people, view.currency)],
        tables=[table for table in tables if table.rows],
        files=["users", "user_months"],
    )


def _hint(people: People) -> str:
    hidden = _HIDDEN if people.show == "no" else ""
    is_estimated = any(month.unregistered_seat_cost for month in people.months)
    return f"{_HINT}{_ESTIMATE if is_estimated else ''}{hidden}"


def _facts(people: People, currency: str) -> Iterator[tuple[str, str, str]]:
    counts, started = people.counts, people.started
    known = "" if counts.registered is None else f"{number(counts.registered)} registered"
    yield "Active users", _count(counts.active), known if counts.active is not None else _NOT_KEPT
    without_id = _NO_ID if started["unregistered"].job_runs else ""
    yield "Unregistered users", _count(counts.unregistered), without_id
    yield "Cost of users", *_amount(started["users"], currency)
    if started["unregistered"].job_runs:
        yield "Cost of people without an account", *_amount(started["unregistered"], currency)
    yield "Cost of automation", *_amount(started["automation"], currency)
    if started["unknown"].job_runs:
        yield "Cost of users not known", *_amount(started["unknown"], currency)


def _count(users: int | None) -> str:
    return "not known" if users is None else number(users)


def _amount(started: Started, currency: str) -> tuple[str, str]:
    cost = "not known" if started.cost is None else money(started.cost, currency)
    return cost, number_of(started.job_runs or 0, "job run")


def _users(people: People, currency: str) -> PageTable:
    persons = [user for user in people.users if user.is_person]
    rows = [_user_row(each, currency) for each in persons[:_USERS]]
    more = more_rows(_USERS, persons, "user")
    return PageTable("Most expensive users", _USER_HEADINGS, rows, more, texts=("Registered",))


def _user_row(user: UserCost, currency: str) -> Row:
    registered = {True: "yes", False: "no", None: "not known"}[user.registered]
    return [
        name_cell(user.name or user.user_id, user.team or ""),
        _money(user.cost, currency),
        _share(user.share),
        number(user.job_runs),
        registered,
    ]


def _triggers(people: People, currency: str) -> PageTable:
    rows = [_trigger_row(each, currency) for each in people.triggers[:_TRIGGERS]]
    more = more_rows(_TRIGGERS, people.triggers, "trigger")
    return PageTable("Without a user", _TRIGGER_HEADINGS, rows, more)


def _trigger_row(trigger: TriggerCost, currency: str) -> Row:
    name = "(no trigger)" if trigger.trigger == NO_NAME else trigger.trigger
    return [
        name_cell(name, "people without an account" if trigger.is_unregistered else ""),
        _money(trigger.cost, currency),
        _share(trigger.share),
        number(trigger.job_runs),
    ]


def _by_month(people: People, currency: str) -> PageTable:
    rows = [_month_row(each, currency) for each in people.months[-_MONTHS:]]
    return PageTable("Users by month", _MONTH_HEADINGS, rows)


def _month_row(month: UserMonth, currency: str) -> Row:
    started, counts = month.started, month.counts
    by_users, automation = started["users"], started["automation"]
    return [
        Cell(days(month.days), detail="" if month.is_whole else "(partial)"),
        _money(by_users.cost, currency),
        _number(counts.active),
        _number(counts.unregistered),
        _number(by_users.job_runs),
        _money(automation.cost, currency),
        _number(automation.job_runs),
        _money(month.seat_cost, currency),
        _money(month.unregistered_seat_cost, currency),
    ]


def _money(amount: Decimal | None, currency: str) -> Cell | str:
    return _UNKNOWN if amount is None else money(amount, currency)


def _number(count: int | None) -> Cell | str:
    return _UNKNOWN if count is None else number(count)


def _share(share: Decimal | None) -> Cell | str:
    return _UNKNOWN if share is None else percent(share)
