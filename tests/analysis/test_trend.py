from datetime import date
from decimal import Decimal

from circleci_usage.analysis.trend import TrendPeriod, trend
from circleci_usage.core.periods import Period
from handmade_costs import cost_line, costs_of


def test_weeks_begin_on_monday_and_say_whether_they_are_whole() -> None:
    known = Period.of_days(date(2026, 2, 28), date(2026, 3, 10))
    owned = costs_of(
        *(cost_line(100, date=day) for day in known), cost_line(99_999, date=date(2026, 3, 11))
    )

    found = trend(owned, known, known)

    assert found.weeks == (
        TrendPeriod(
            Period.of_days(date(2026, 2, 28), date(2026, 3, 1)), Decimal(2), is_whole=False
        ),
        TrendPeriod(Period.of_days(date(2026, 3, 2), date(2026, 3, 8)), Decimal(7), is_whole=True),
        TrendPeriod(
            Period.of_days(date(2026, 3, 9), date(2026, 3, 10)), Decimal(2), is_whole=False
        ),
    )


def test_months_say_whether_they_are_whole() -> None:
    known = Period.of_days(date(2026, 1, 31), date(2026, 3, 2))

    months = trend(
        costs_of(cost_line(300, date=date(2026, 2, 14)), cost_line(50)), known, known
    ).months

    assert [(month.cost, month.is_whole, month.daily) for month in months] == [
        (0, False, None),
        (3, True, Decimal("0.11")),
        (Decimal("0.50"), False, Decimal("0.25")),
    ]


def test_weekdays_are_means_of_the_period_without_seats() -> None:
    known = Period.of_days(date(2026, 2, 2), date(2026, 3, 10))
    period = Period.of_days(date(2026, 3, 2), date(2026, 3, 10))
    owned = costs_of(
        cost_line(9999, date=date(2026, 2, 2)),
        cost_line(100, date=date(2026, 3, 2)),
        cost_line(9999, date=date(2026, 3, 2), credit_type="user"),
        cost_line(201, date=date(2026, 3, 9)),
        cost_line(30, date=date(2026, 3, 8)),
        cost_line(20, date=date(2026, 3, 10)),
    )

    weekdays = trend(owned, known, period).weekdays

    # Half a cent is rounded to the even one. The other weekdays occur once each: that is no mean.
    assert [*weekdays] == [Decimal("1.50"), Decimal("0.10"), *[None] * 5]


def test_a_single_day_has_no_mean() -> None:
    monday = Period.of_days(date(2026, 3, 2), date(2026, 3, 2))

    found = trend(costs_of(cost_line(100)), monday, monday)

    assert found.weekdays == (None,) * 7
    (week,) = found.weeks
    assert (week.cost, week.daily) == (Decimal(1), None)
