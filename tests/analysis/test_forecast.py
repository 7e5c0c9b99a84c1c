import csv
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from statistics import mean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.analysis.forecast import Forecast, forecast_month, month_of
from circleci_usage.core.periods import ONE_DAY, Period
from hypothesis_profiles import examples
from paths import SHARED

MARCH = month_of(date(2026, 3, 15))
"""Begins on a Sunday."""

REAL = SHARED / "data/daily-activity.csv"


def days(first: date, count: int, *costs: int) -> dict[date, Decimal]:
    """So many days, whose costs repeat."""
    return {first + n * ONE_DAY: Decimal(costs[n % len(costs)]) for n in range(count)}


def test_a_month() -> None:
    assert Period.of_days(date(2026, 3, 1), date(2026, 3, 31)) == MARCH


def test_a_month_that_repeats_its_weeks_is_known_exactly() -> None:
    daily = days(date(2026, 2, 15), 28, 1, 10, 10, 10, 10, 10, 1)  # from a Sunday

    found = forecast_month(MARCH, date(2026, 3, 14), daily, Decimal(100))

    # March 2026 has 22 working days, five Sundays and four Saturdays.
    assert found == Forecast(Decimal(100 + 2 * 52), *[Decimal(100 + 22 * 10 + 9)] * 3)


def test_what_is_still_to_come_is_part_of_the_forecast_and_of_its_interval() -> None:
    daily = days(date(2026, 2, 1), 42, 6)

    found = forecast_month(MARCH, date(2026, 3, 14), daily, Decimal(0), Decimal(150))

    assert found == Forecast(Decimal(84), *[Decimal(31 * 6 + 150)] * 3)


def test_nothing_is_expected_of_less_than_two_weeks() -> None:
    assert forecast_month(
        MARCH, date(2026, 3, 13), days(date(2026, 3, 1), 13, 5), Decimal(0)
    ) == Forecast(Decimal(65))


def test_there_is_no_interval_of_less_than_four_weeks() -> None:
    found = forecast_month(MARCH, date(2026, 3, 14), days(date(2026, 2, 16), 27, 5), Decimal(0))

    assert found == Forecast(Decimal(70), Decimal(155))


def test_a_month_that_is_over_costs_what_it_has_cost() -> None:
    spent = Decimal(31 * 2 + 1)

    assert forecast_month(MARCH, MARCH.last, days(date(2026, 3, 1), 31, 2), Decimal(1)) == Forecast(
        spent, spent, spent, spent
    )


def test_days_after_the_last_complete_one_do_not_count() -> None:
    daily = days(date(2026, 2, 15), 28, 1) | {date(2026, 3, 15): Decimal(1000)}

    assert forecast_month(MARCH, date(2026, 3, 14), daily, Decimal(0)).expected == 31


def test_weeks_before_a_clear_shift_of_level_do_not_count() -> None:
    daily = days(date(2026, 1, 1), 45, 1000) | days(date(2026, 2, 15), 28, 1)

    assert forecast_month(MARCH, date(2026, 3, 14), daily, Decimal(0)).expected == 31


def test_one_wild_week_moves_a_forecast_little() -> None:
    calm = days(date(2025, 12, 14), 91, 10)
    wild = calm | days(date(2026, 2, 1), 7, 100)

    found = forecast_month(MARCH, date(2026, 3, 14), wild, Decimal(0))

    assert found.expected is not None
    assert 310 <= found.expected <= 310 * Decimal("1.2")


def test_no_cost_at_all_is_expected_to_stay_so() -> None:
    nothing = Decimal(0)

    found = forecast_month(MARCH, date(2026, 3, 14), days(date(2026, 1, 1), 73, 0), nothing)

    assert found == Forecast(nothing, nothing, nothing, nothing)


@given(costs=st.lists(st.integers(0, 10**6), min_size=28, max_size=90), through=st.integers(0, 30))
def test_the_expected_lies_in_its_interval_and_never_below_what_is_spent(
    costs: list[int], through: int
) -> None:
    last = MARCH.first + timedelta(days=through)

    found = forecast_month(
        MARCH, last, days(last - (len(costs) - 1) * ONE_DAY, len(costs), *costs), Decimal("7.005")
    )

    assert found.expected is not None
    if found.low is not None and found.high is not None:
        assert found.spent <= found.low <= found.expected <= found.high
    assert found.spent <= found.expected


@settings(max_examples=examples(25))
@given(costs=st.lists(st.integers(0, 10**4), min_size=40, max_size=60), factor=st.integers(2, 1000))
def test_money_in_another_unit_is_forecast_alike(costs: list[int], factor: int) -> None:
    last = date(2026, 3, 10)
    first = last - (len(costs) - 1) * ONE_DAY

    one = forecast_month(MARCH, last, days(first, len(costs), *costs), Decimal(0))
    other = forecast_month(
        MARCH, last, days(first, len(costs), *(cost * factor for cost in costs)), Decimal(0)
    )

    for amount, scaled in (
        (one.expected, other.expected),
        (one.low, other.low),
        (one.high, other.high),
    ):
        assert amount is not None
        assert scaled is not None
        assert float(scaled) == pytest.approx(float(amount) * factor, abs=0.01 * factor, rel=1e-6)


def made_up(seed: int, length: int = 900) -> list[float]:
    """Counts with weekdays, a drifting level and days that scatter more than by chance."""
    random = np.random.default_rng(seed)
    level = 40 * np.exp(np.cumsum(random.normal(0, 0.03, length)) * 0.7)
    mean_of_day = level * np.array([1, 1.2, 1.2, 1.1, 0.9, 0.2, 0.1])[np.arange(length) % 7]
    return [float(each) for each in random.poisson(random.gamma(4, mean_of_day / 4))]


def holds(first: date, values: Sequence[float], day: int, history: int) -> list[bool]:
    """Of each month, whether its total lay within what was forecast on a day."""
    found = []
    for index in range(history - 1, len(values)):
        today = first + index * ONE_DAY
        month = month_of(today)
        end = index + (month.last - today).days
        if today.day == day and end < len(values):
            known = {
                today - ago * ONE_DAY: Decimal(str(values[index - ago])) for ago in range(history)
            }
            ahead = forecast_month(month, today, known, Decimal(0))
            total = sum(values[index - day + 1 : end + 1])
            assert ahead.low is not None
            assert ahead.high is not None
            found.append(float(ahead.low) <= total <= float(ahead.high))
    return found


@pytest.mark.parametrize("day", [7, 10, 20, 25])
def test_the_interval_holds_on_series_whose_level_drifts(day: int) -> None:
    found = [held for seed in range(8) for held in holds(date(2023, 1, 2), made_up(seed), day, 91)]

    assert len(found) > 150
    assert 0.75 <= mean(found) <= 0.92


@pytest.mark.skipif(not REAL.exists(), reason="the real series are not in the repository")
@pytest.mark.parametrize("day", [7, 10, 20, 25])
def test_the_interval_holds_on_real_series(day: int) -> None:
    with REAL.open(encoding="utf-8", newline="") as stream:
        rows = [*csv.reader(stream)][1:]
    found = []
    for name in sorted({row[0] for row in rows}):
        known = {date.fromisoformat(row[1]): float(row[2]) for row in rows if row[0] == name}
        first = min(known)
        values = [known.get(first + n * ONE_DAY, 0.0) for n in range((max(known) - first).days + 1)]
        found += holds(first, values, day, 91)

    assert 0.75 <= mean(found) <= 0.88
