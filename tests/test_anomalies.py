from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pytest

from circleci_usage.analysis.anomalies import Anomaly, Cause, find_anomalies
from circleci_usage.days import ONE_DAY, Period
from costs import costs, line, project

KNOWN = Period.of_days(date(2026, 2, 2), date(2026, 3, 29))
"""Eight weeks from a Monday."""
MARCH = Period.of_days(date(2026, 3, 2), date(2026, 3, 29))
TUESDAY = date(2026, 3, 10)


def cost_of(day: date) -> int:
    """Cents: dear working days, cheap weekends, a little different each time."""
    return (2000 if day.weekday() < 5 else 100) + (day.toordinal() * 7919) % 40


def every_day(
    days: Period = KNOWN, cost: Callable[[date], int] = cost_of, **changes: object
) -> Iterator[dict[str, object]]:
    return (line(cost(day), date=day, **changes) for day in days)


def found(*lines: dict[str, object], known: Period = KNOWN, minimum: int = 10) -> list[tuple[date, str | None]]:
    anomalies = find_anomalies(costs(*lines), known, MARCH, Decimal(minimum))
    return [(each.day, each.project[3] if each.project else None) for each in anomalies]


def test_an_ordinary_week_has_none() -> None:
    assert found(*every_day()) == []


def test_a_jump_is_found_with_what_was_expected_and_the_job_behind_it() -> None:
    jump = line(5000, date=TUESDAY, job="soak", workflow="nightly")

    (anomaly,) = find_anomalies(costs(*every_day(), jump, line(300, date=TUESDAY, job="lint")), KNOWN, MARCH)

    usual = sorted(cost_of(TUESDAY + weeks * 7 * ONE_DAY) for weeks in range(-5, 3) if weeks)
    assert anomaly == Anomaly(
        TUESDAY,
        ("o1", "acme", "p1", "web"),
        Decimal(usual[3]) / 100,
        Decimal(cost_of(TUESDAY) + 5300) / 100,
        Cause("nightly", "soak", Decimal("0.00"), Decimal("50.00")),
    )


def test_a_job_that_always_runs_explains_by_how_much_more_it_cost() -> None:
    dear = every_day(cost=lambda day: 9000 if day == TUESDAY else 3000, job="soak")

    (anomaly,) = find_anomalies(costs(*every_day(), *dear), KNOWN, MARCH)

    assert anomaly.cause == Cause("build", "soak", Decimal("30.00"), Decimal("90.00"))


def test_a_weekend_is_compared_with_weekends() -> None:
    sunday = date(2026, 3, 15)

    assert found(*every_day(cost=lambda day: 2000 if day == sunday else cost_of(day))) == [(sunday, "web")]


@pytest.mark.parametrize(("cents", "minimum", "is_found"), [(999, 10, False), (1100, 10, True), (999, 5, True)])
def test_less_than_the_minimum_is_none(cents: int, minimum: int, *, is_found: bool) -> None:
    jump = line(cents, date=TUESDAY)

    assert bool(found(*every_day(cost=lambda _: 1000), jump, minimum=minimum)) is is_found


def test_less_than_three_tenths_is_none() -> None:
    assert found(*every_day(cost=lambda _: 100_000), line(29_000, date=TUESDAY)) == []
    assert found(*every_day(cost=lambda _: 100_000), line(31_000, date=TUESDAY)) == [(TUESDAY, "web")]


def test_a_project_that_is_always_restless_raises_no_alarm() -> None:
    def restless(day: date) -> int:
        return 500 + (day.toordinal() * 7919) % 5000

    assert found(*every_day(cost=restless), line(1500, date=TUESDAY)) == []


def test_seats_are_none() -> None:
    assert found(*every_day(), line(500_000, date=TUESDAY, credit_type="user")) == []


def test_a_saving_is_none() -> None:
    assert found(*every_day(cost=lambda day: 0 if day == TUESDAY else cost_of(day))) == []


def test_three_weekdays_alike_are_needed() -> None:
    jump = line(5000, date=TUESDAY)

    for weeks, expected in ((3, []), (4, [(TUESDAY, "web")])):
        known = Period(TUESDAY + ONE_DAY - 7 * weeks * ONE_DAY, TUESDAY + ONE_DAY)
        assert found(*every_day(known), jump, known=known) == expected


def test_a_new_project_has_no_history_to_be_compared_with() -> None:
    new = every_day(Period.of_days(date(2026, 3, 9), date(2026, 3, 29)), **project("new"))

    assert found(*every_day(), *new) == []


def test_a_rise_of_all_that_no_project_shows_alone() -> None:
    def little(day: date) -> int:
        return 1700 if day == TUESDAY else 1000

    many = (each for number in range(8) for each in every_day(cost=little, **project(f"p{number}")))

    assert found(*many) == [(TUESDAY, None)]


def test_days_outside_of_the_period_are_not_judged() -> None:
    assert found(*every_day(), line(9000, date=date(2026, 2, 10))) == []


def test_incomplete_days_are_not_judged() -> None:
    known = Period(KNOWN.start, TUESDAY)

    assert found(*every_day(), line(9000, date=TUESDAY), known=known) == []


def test_the_largest_comes_first() -> None:
    other = [*every_day(**project("other")), line(9000, date=TUESDAY + ONE_DAY, **project("other"))]

    assert found(*every_day(), line(5000, date=TUESDAY), *other) == [(TUESDAY + ONE_DAY, "other"), (TUESDAY, "web")]


def test_no_costs_have_none() -> None:
    assert found() == []
