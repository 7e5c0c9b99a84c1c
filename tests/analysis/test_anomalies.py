from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial

import numpy as np
import pytest

from circleci_usage.analysis.anomalies import Anomaly, MainDriver, find_anomalies
from circleci_usage.core.periods import ONE_DAY, Period
from circleci_usage.schema.keys import ProjectKey
from handmade_costs import cost_line, costs_of, project

KNOWN = Period.of_days(date(2026, 2, 2), date(2026, 3, 29))
"""Eight weeks from a Monday."""
MARCH = Period.of_days(date(2026, 3, 2), date(2026, 3, 29))
TUESDAY = date(2026, 3, 10)


def cost_of(day: date) -> int:
    """Cents: expensive working days, cheap weekends, a little different each time."""
    return (2000 if day.weekday() < 5 else 100) + (day.toordinal() * 7919) % 40


def every_day(
    days: Period = KNOWN, cost: Callable[[date], int] = cost_of, **changes: object
) -> Iterator[dict[str, object]]:
    return (cost_line(cost(day), date=day, **changes) for day in days)


def found(
    *lines: dict[str, object], known: Period = KNOWN, minimum: int = 10
) -> list[tuple[date, str | None]]:
    anomalies = find_anomalies(costs_of(*lines), known, MARCH, Decimal(minimum))
    return [(each.day, each.project.project if each.project else None) for each in anomalies]


def test_an_ordinary_week_has_none() -> None:
    assert found(*every_day()) == []


def test_a_jump_is_found_with_what_was_expected_and_the_job_behind_it() -> None:
    jump = cost_line(5000, date=TUESDAY, job="soak", workflow="nightly")

    (anomaly,) = find_anomalies(
        costs_of(*every_day(), jump, cost_line(300, date=TUESDAY, job="lint")), KNOWN, MARCH
    )

    assert abs(anomaly.expected - Decimal("20.20")) <= Decimal("0.20")
    assert anomaly == Anomaly(
        TUESDAY,
        ProjectKey("o1", "acme", "p1", "web"),
        anomaly.expected,
        Decimal(cost_of(TUESDAY) + 5300) / 100,
        MainDriver("nightly", "soak", Decimal("0.00"), Decimal("50.00")),
    )
    assert anomaly.excess == anomaly.actual - anomaly.expected


def test_a_job_that_always_runs_explains_by_how_much_more_it_cost() -> None:
    expensive = every_day(cost=lambda day: 9000 if day == TUESDAY else 3000, job="soak")

    (anomaly,) = find_anomalies(costs_of(*every_day(), *expensive), KNOWN, MARCH)

    assert anomaly.main_driver == MainDriver("build", "soak", Decimal("30.00"), Decimal("90.00"))


def test_a_weekend_is_compared_with_weekends() -> None:
    sunday = date(2026, 3, 15)

    assert found(*every_day(cost=lambda day: 2000 if day == sunday else cost_of(day))) == [
        (sunday, "web")
    ]


@pytest.mark.parametrize(
    ("cents", "minimum", "is_found"), [(999, 10, False), (1100, 10, True), (999, 5, True)]
)
def test_less_than_the_minimum_is_none(cents: int, minimum: int, *, is_found: bool) -> None:
    jump = cost_line(cents, date=TUESDAY)

    assert bool(found(*every_day(cost=lambda _: 1000), jump, minimum=minimum)) is is_found


def test_less_than_three_tenths_is_none() -> None:
    assert found(*every_day(cost=lambda _: 100_000), cost_line(29_000, date=TUESDAY)) == []
    assert found(*every_day(cost=lambda _: 100_000), cost_line(31_000, date=TUESDAY)) == [
        (TUESDAY, "web")
    ]


def test_a_project_that_is_always_restless_raises_no_alarm() -> None:
    def restless(day: date) -> int:
        return 500 + (day.toordinal() * 7919) % 5000

    assert found(*every_day(cost=restless), cost_line(1500, date=TUESDAY)) == []


def test_seats_are_none() -> None:
    assert found(*every_day(), cost_line(500_000, date=TUESDAY, credit_type="user")) == []


def test_a_saving_is_none() -> None:
    assert found(*every_day(cost=lambda day: 0 if day == TUESDAY else cost_of(day))) == []


def test_three_weekdays_alike_are_needed() -> None:
    jump = cost_line(5000, date=TUESDAY)

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
    assert found(*every_day(), cost_line(9000, date=date(2026, 2, 10))) == []


def test_incomplete_days_are_not_judged() -> None:
    known = Period(KNOWN.start, TUESDAY)

    assert found(*every_day(), cost_line(9000, date=TUESDAY), known=known) == []


def test_the_largest_comes_first() -> None:
    other = [
        *every_day(**project("other")),
        cost_line(9000, date=TUESDAY + ONE_DAY, **project("other")),
    ]

    assert found(*every_day(), cost_line(5000, date=TUESDAY), *other) == [
        (TUESDAY + ONE_DAY, "other"),
        (TUESDAY, "web"),
    ]


def test_no_costs_have_none() -> None:
    assert found() == []


def restless(day: date) -> int:
    """Cents that no weekday explains: 20 to 200 dollars."""
    return 2000 + (day.toordinal() * 7919) % 18000


def times(share: int, day: date) -> int:
    """A share of what is restless."""
    return share * restless(day)


def even(day: date) -> int:
    """A timer's job."""
    return 3000 + (day.toordinal() * 31) % 100


def test_a_job_alone_stands_out_of_a_restless_project_and_is_told_once() -> None:
    soak = every_day(cost=lambda day: 9000 if day == TUESDAY else even(day), job="soak")

    (anomaly,) = find_anomalies(costs_of(*every_day(cost=restless), *soak), KNOWN, MARCH)

    assert (anomaly.day, anomaly.subject) == (TUESDAY, "job")
    assert anomaly.actual == 90
    assert abs(anomaly.expected - Decimal("30.50")) <= 1
    assert anomaly.main_driver == MainDriver("build", "soak", anomaly.expected, Decimal("90.00"))


def test_a_busy_day_of_all_jobs_is_the_project_s() -> None:
    def busy(day: date) -> int:
        return even(day) * (4 if day == TUESDAY else 1)

    jobs = (each for job in ("a", "b", "c") for each in every_day(cost=busy, job=job))

    (anomaly,) = find_anomalies(costs_of(*jobs), KNOWN, MARCH)

    assert (anomaly.day, anomaly.subject) == (TUESDAY, "project")


def test_jobs_that_follow_a_restless_project_raise_no_alarm() -> None:
    jobs = (
        each
        for share, job in ((1, "build"), (2, "test"), (1, "lint"))
        for each in every_day(cost=partial(times, share), job=job)
    )

    assert found(*jobs) == []


def test_a_new_job_that_is_dear_is_told_on_its_first_day() -> None:
    new = every_day(Period.of_days(TUESDAY, KNOWN.last), cost=lambda _: 4000, job="e2e")

    (anomaly,) = find_anomalies(costs_of(*every_day(cost=restless), *new), KNOWN, MARCH)

    assert (anomaly.day, anomaly.subject, anomaly.actual) == (TUESDAY, "job", Decimal(40))
    assert anomaly.main_driver == MainDriver("build", "e2e", Decimal("0.00"), Decimal("40.00"))


def test_a_new_job_that_costs_pennies_is_none() -> None:
    new = every_day(Period.of_days(TUESDAY, KNOWN.last), cost=lambda _: 300, job="e2e")

    assert found(*every_day(cost=restless), *new) == []


def test_a_job_of_another_name_in_the_place_of_an_old_one_is_none() -> None:
    old = every_day(Period.of_days(KNOWN.first, TUESDAY - ONE_DAY), cost=even, job="e2e")
    new = every_day(Period.of_days(TUESDAY, KNOWN.last), cost=even, job="end-to-end")

    assert found(*every_day(cost=restless), *old, *new) == []


def test_what_is_charged_once_a_month_is_none() -> None:
    leases = [
        cost_line(9000, date=date(2026, month, 10), credit_type="lease") for month in (1, 2, 3)
    ]
    known = Period.of_days(date(2026, 1, 1), KNOWN.last)

    assert found(*every_day(known), *leases, known=known) == []


def test_jobs_of_many_kinds_raise_few_alarms_and_show_what_is_planted() -> None:
    random = np.random.default_rng(5)
    known = Period.of_days(date(2026, 1, 1), date(2026, 4, 30))
    april = Period.of_days(date(2026, 4, 1), date(2026, 4, 30))
    alarms = hits = 0
    for number in range(10):
        pushes = random.poisson(random.gamma(2, 6, len(known)))
        lines = [
            cost_line(int(cents), date=day, job=job)
            for day, push in zip(known, pushes, strict=True)
            for job, cents in (
                ("build", push * 300 * random.lognormal(0, 0.1)),
                ("test", push * 600 * random.lognormal(0, 0.15)),
                ("nightly", 4000 * random.lognormal(0, 0.05)),
            )
        ]
        planted = date(2026, 4, 1 + 2 * number)
        alarms += len(find_anomalies(costs_of(*lines), known, april))
        more = find_anomalies(
            costs_of(*lines, cost_line(8000, date=planted, job="nightly")), known, april
        )
        hits += any(
            each.day == planted and each.main_driver and each.main_driver.job == "nightly"
            for each in more
        )

    assert alarms <= 3
    assert hits >= 9


def test_a_project_that_begins_after_the_first_known_day_is_judged_too() -> None:
    begin = Period.of_days(KNOWN.first + 3 * ONE_DAY, KNOWN.last)

    assert found(*every_day(begin), cost_line(5000, date=TUESDAY)) == [(TUESDAY, "web")]


def test_wild_weekends_do_not_hide_a_working_day() -> None:
    def cents(day: date) -> int:
        if day.weekday() >= 5:
            return 2000 if day.toordinal() % 3 == 0 else 100
        return 6000 if day == TUESDAY else cost_of(day)

    assert (TUESDAY, "web") in found(*every_day(cost=cents))


def test_a_cheap_day_of_an_even_project_is_seen_by_its_multiple() -> None:
    sunday = date(2026, 3, 15)

    def cents(day: date) -> int:
        usual = (
            (20_000 if day.weekday() < 5 else 2000) * (90 + (day.toordinal() * 7919) % 21) // 100
        )
        return 3 * usual if day == sunday else usual

    assert found(*every_day(cost=cents)) == [(sunday, "web")]


def test_projects_of_many_kinds_raise_few_alarms_and_show_days_of_five_times() -> None:
    random = np.random.default_rng(3)
    known = Period.of_days(date(2026, 1, 1), date(2026, 4, 30))
    april = Period.of_days(date(2026, 4, 1), date(2026, 4, 30))
    alarms = hits = 0
    for number in range(20):
        planted = date(2026, 4, 1 + number)
        week = {day: 30_000 if day.weekday() < 5 else 4000 for day in known}
        cents = {day: int(usual * random.gamma(6, 1 / 6)) for day, usual in week.items()}
        more = cents | {planted: 5 * week[planted]}
        alarms += len(find_anomalies(costs_of(*every_day(known, cents.__getitem__)), known, april))
        days = {
            each.day
            for each in find_anomalies(costs_of(*every_day(known, more.__getitem__)), known, april)
        }
        hits += planted in days

    assert alarms <= 6
    assert hits >= 17


def test_a_single_burst_of_a_project_that_costs_nothing_else_is_found() -> None:
    first = cost_line(0, date=KNOWN.first, **project("idle"))

    assert found(*every_day(), first, cost_line(5000, date=TUESDAY, **project("idle"))) == [
        (TUESDAY, "idle")
    ]
