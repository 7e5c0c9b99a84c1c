"""Users by calendar month, of all days that are known: how many, what they cost, their seats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.forecast import month_of
from circleci_usage.analysis.user_counts import (
    STARTED_BY,
    StartedBy,
    UserCounts,
    count_users,
    started_by,
)
from circleci_usage.core.decimals import ratio
from circleci_usage.core.periods import Period, months, uncovered
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs, within
from circleci_usage.costs.pricing import PriceList

BILLED_FROM: Final = date(2026, 4, 1)
"""Since then, committed plans are billed for unregistered users."""

_SEATS: Final = "user"


@dataclass(frozen=True)
class Started:
    """Job runs that somebody started, and what they cost.

    Attributes:
        job_runs: how many; None where no day is known.
        cost: None where a part of the credits has no price, too.
    """

    job_runs: int | None = None
    cost: Decimal | None = None


@dataclass(frozen=True)
class UserMonth:
    """The users of a month; nothing but its days where none of them is known.

    Attributes:
        days: those of it up to the report's last day.
        is_whole: whether all days of the month are complete.
        counts: how many users there were.
        started: by each of `STARTED_BY`.
        seat_credits: user seats that were charged.
        seat_cost: what these cost.
        unregistered_seat_cost: a projection, not a charge: a seat for each unregistered user, at
            the month's price. None before `BILLED_FROM`, and where the number is not known.
    """

    days: Period
    is_whole: bool = False
    counts: UserCounts = field(default_factory=UserCounts)
    started: Mapping[StartedBy, Started] = field(
        default_factory=lambda: dict.fromkeys(STARTED_BY, Started())
    )
    seat_credits: Decimal | None = None
    seat_cost: Decimal | None = None
    unregistered_seat_cost: Decimal | None = None

    @property
    def seat_cost_per_active_user(self) -> Decimal | None:
        """What the seats cost per active user, to six places."""
        if self.seat_cost is None or not self.counts.active:
            return None
        return ratio(self.seat_cost, Decimal(self.counts.active))


@dataclass(frozen=True)
class PricedUsers:
    """Daily usage by `USER_DIMENSIONS`, priced.

    Attributes:
        costs: of some days.
        runs: of the same days.
        have_ids: whether any user of the whole usage has an id: without one, nobody can be counted.
    """

    costs: Costs
    runs: pd.DataFrame
    have_ids: bool

    def within(self, period: Period) -> "PricedUsers":
        """The same for some of the days."""
        return replace(self, costs=self.costs.within(period), runs=within(self.runs, period))

    def counts(self) -> UserCounts:
        """How many users started job runs."""
        return count_users(self.runs) if self.have_ids else UserCounts()

    def started(self) -> dict[StartedBy, Started]:
        """Job runs and cost by who started them, of all of `STARTED_BY`."""
        lines = self.costs.lines
        job_runs = self.runs["job_runs"].groupby(started_by(self.runs)).sum()
        costs = lines["cost"].groupby(started_by(lines)).sum()
        is_priced = not self.costs.unpriced_days()
        places = self.costs.places("cost")
        started: dict[StartedBy, Started] = {}
        for by in STARTED_BY:
            cost = to_decimal(int(costs.get(by, 0)), places) if is_priced else None
            started[by] = Started(int(job_runs.get(by, 0)), cost)
        return started

    def seats(self) -> tuple[Decimal, Decimal | None]:
        """Credits of user seats, and what they cost; None where a part has no price."""
        are_seats = self.costs.lines["credit_type"] == _SEATS
        seats = replace(self.costs, lines=self.costs.lines[are_seats])
        return seats.total("credits"), None if seats.unpriced_days() else seats.total("cost")


def user_months(
    users: PricedUsers, reported: ReportDays, prices: PriceList, seat_credits: Decimal
) -> tuple[UserMonth, ...]:
    """The months from the first day with usage to the report's last, the oldest first.

    Args:
        users: of all days that are priced.
        reported: which days are complete.
        prices: what credits cost.
        seat_credits: what a user seat costs.
    """
    if users.runs.empty:
        return ()
    known = Period(users.runs["date"].min().date(), reported.period.stop)
    found = []
    for days in months(known):
        seat = _seat_price(prices, days.last, seat_credits)
        found.append(_month(users.within(days), days, reported.complete, seat))
    return tuple(found)


def _month(
    users: PricedUsers, days: Period, complete: Sequence[Period], seat: Decimal | None
) -> UserMonth:
    if users.runs.empty and uncovered(days, complete) == (days,):
        return UserMonth(days)
    counts, (credits, cost) = users.counts(), users.seats()
    return UserMonth(
        days,
        is_whole=days == month_of(days.first) and not uncovered(days, complete),
        counts=counts,
        started=users.started(),
        seat_credits=credits,
        seat_cost=cost,
        unregistered_seat_cost=_projected(counts, seat) if days.last >= BILLED_FROM else None,
    )


def _projected(counts: UserCounts, seat: Decimal | None) -> Decimal | None:
    if counts.unregistered is None or seat is None:
        return None
    return counts.unregistered * seat


def _seat_price(prices: PriceList, day: date, seat_credits: Decimal) -> Decimal | None:
    """What a seat costs on a day; None where there is no price."""
    for period in prices.periods:
        if day in period.days:
            return seat_credits * period.price_of(_SEATS)
    return None
