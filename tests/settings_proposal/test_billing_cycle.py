"""The day on which the billing cycle begins, from the days on which seats were charged."""

from datetime import date

import pytest

from circleci_usage.core.periods import Period
from circleci_usage.settings_proposal.billing_cycle import seat_day

QUARTER = Period(date(2026, 1, 1), date(2026, 4, 1))


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(f"2026-{text}") for text in texts]


@pytest.mark.parametrize(
    ("charges", "day"),
    [
        (days("01-15", "02-15", "03-15"), 15),
        (days("01-15", "02-15", "03-15", "02-20", "03-02"), 15),
        (days("01-31", "02-28", "03-31"), 31),
        (days("01-29", "02-28", "03-29"), 29),
        (days("01-28", "02-28", "03-28"), 28),
    ],
)
def test_the_day_that_recurs_every_month(charges: list[date], day: int) -> None:
    assert seat_day(charges, QUARTER).day == day


@pytest.mark.parametrize(
    ("charges", "reason"),
    [
        ([], "the usage has no user seats"),
        (days("02-15"), "user seats were not charged on the same day in two months"),
        (days("01-15", "02-16", "03-17"), "user seats were not charged on the same day"),
        (days("01-15", "03-15"), "user seats were not charged on the same day"),
        (
            days("01-03", "02-03", "03-03", "01-15", "02-15", "03-15"),
            "several days of the month fit, such as 3 and 15",
        ),
    ],
)
def test_what_does_not_show_it_is_said(charges: list[date], reason: str) -> None:
    found = seat_day(charges, QUARTER)

    assert found.day is None
    assert found.reason.startswith(reason)


def test_short_months_alone_leave_two_days_possible() -> None:
    short = Period(date(2026, 2, 1), date(2026, 3, 1))
    half = Period(date(2026, 4, 16), date(2026, 7, 1))

    assert seat_day(days("02-28"), short).day is None
    assert seat_day(days("04-30", "05-31", "06-30"), half).day == 31
    assert seat_day(days("04-30", "05-30", "06-30"), half).day == 30


def test_a_month_of_which_only_some_days_are_known_may_lack_the_day() -> None:
    from_the_20th = Period(date(2026, 1, 20), date(2026, 4, 1))

    assert seat_day(days("02-15", "03-15"), from_the_20th).day == 15


def test_without_days_there_is_none() -> None:
    assert seat_day([], None).day is None
