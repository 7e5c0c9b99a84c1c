from datetime import date
from decimal import Decimal

import pytest

from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate, month_to_date
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import NO_TEAMS
from handmade_costs import cost_line, costs_of

AUTUMN = Period.of_days(date(2026, 9, 1), date(2026, 11, 10))
SEATS = 15_000


def seats(
    day: date, cents: int = SEATS, kind: str = "user", **changes: object
) -> dict[str, object]:
    return cost_line(cents, date=day, credit_type=kind, credits=cents * 10, **changes)


def month(*lines: dict[str, object], known: Period = AUTUMN) -> MonthToDate:
    """6 USD a day, and what else there is."""
    everyday = (cost_line(600, date=day, credits=10_000) for day in known)
    return month_to_date(costs_of(*everyday, *lines), NO_TEAMS, known)


def expected(*lines: dict[str, object], known: Period = AUTUMN) -> Decimal | None:
    return month(*lines, known=known).everything.expected


def test_seats_are_expected_on_the_day_they_came_last_month() -> None:
    found = month(seats(date(2026, 9, 15)), seats(date(2026, 10, 15)))

    assert found.everything == Forecast(Decimal(60), *[Decimal(60 + 20 * 6 + 150)] * 3)
    assert found.credits == Forecast(Decimal(100_000), *[Decimal(300_000 + 150_000)] * 3)


@pytest.mark.parametrize("day", [3, 10])
def test_seats_that_came_this_month_are_not_expected_again(day: int) -> None:
    found = expected(seats(date(2026, 10, 15)), seats(date(2026, 11, day), 16_000))

    assert found == 180 + 160


def test_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    assert expected(seats(date(2026, 10, 31))) == 180 + 150


def test_seats_of_the_31st_come_again_on_the_31st_after_a_shorter_month() -> None:
    known = Period.of_days(date(2026, 1, 1), date(2026, 3, 29))

    assert expected(seats(date(2026, 1, 31)), seats(date(2026, 2, 28)), known=known) == 31 * 6 + 150


def test_seats_whose_day_has_passed_are_not_expected() -> None:
    assert expected(seats(date(2026, 10, 5))) == 180


def test_seats_that_come_twice_a_month_are_expected_as_far_as_they_are_due() -> None:
    twice = [
        seats(date(2026, 10, 2), 10_000),
        seats(date(2026, 10, 20), 5_000),
        seats(date(2026, 11, 2), 10_000),
    ]

    assert expected(*twice) == 180 + 100 + 50


def test_each_organization_has_a_day_of_its_own() -> None:
    of_other = {"organization_id": "o2", "organization": "labs"}
    lines = [
        seats(date(2026, 10, 5)),
        seats(date(2026, 11, 5)),
        seats(date(2026, 10, 20), 3_000, **of_other),
    ]

    assert expected(*lines) == 180 + 150 + 30


@pytest.mark.parametrize("kind", ["lease", "ipranges"])
def test_what_else_comes_once_a_month_is_expected_like_seats(kind: str) -> None:
    monthly = [seats(date(2026, month, 20), 9_000, kind) for month in (9, 10)]

    assert expected(*monthly) == 180 + 90


def test_what_comes_on_many_days_is_no_monthly_charge() -> None:
    daily = [seats(day, 100, "ipranges") for day in AUTUMN]

    assert expected(*daily) == 180 + 30
