from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.forecast import Outlook, month_of, outlook
from circleci_usage.days import ONE_DAY, Period

MARCH = month_of(date(2026, 3, 15))
"""Begins on a Sunday."""


def days(first: date, count: int, *costs: int) -> dict[date, Decimal]:
    """So many days, whose costs repeat."""
    return {first + n * ONE_DAY: Decimal(costs[n % len(costs)]) for n in range(count)}


def test_a_month() -> None:
    assert Period.of_days(date(2026, 3, 1), date(2026, 3, 31)) == MARCH


def test_a_month_that_repeats_its_weeks_is_known_exactly() -> None:
    daily = days(date(2026, 2, 15), 28, 1, 10, 10, 10, 10, 10, 1)  # from a Sunday

    found = outlook(MARCH, date(2026, 3, 14), daily, Decimal(100))

    # March 2026 has 22 working days, five Sundays and four Saturdays.
    assert found == Outlook(Decimal(100 + 2 * 52), *[Decimal(100 + 22 * 10 + 9)] * 3)


def test_the_band_by_hand() -> None:
    # Mondays 10 and 14, all other days 0: the mean of a Monday is 12, its squared residuals sum to 8, and 14 days with
    # seven means leave seven degrees of freedom.
    daily = days(date(2026, 3, 1), 14, 0)
    daily |= {date(2026, 3, 2): Decimal(10), date(2026, 3, 9): Decimal(14)}

    found = outlook(MARCH, date(2026, 3, 14), daily, Decimal(0))

    # Left are three each of Sunday to Tuesday, and two of the others: 3 × (3 + 9/2) + 4 × (2 + 4/2).
    margin = 1.2816 * (8 / 7 * (3 * (3 + 9 / 2) + 4 * (2 + 4 / 2))) ** 0.5
    assert found.expected == Decimal(24 + 3 * 12)
    assert float(found.high or 0) == pytest.approx(60 + margin, abs=0.01)
    assert float(found.low or 0) == pytest.approx(60 - margin, abs=0.01)


def test_nothing_is_expected_of_less_than_two_weeks() -> None:
    assert outlook(MARCH, date(2026, 3, 13), days(date(2026, 3, 1), 13, 5), Decimal(0)) == Outlook(Decimal(65))


def test_a_month_that_is_over_costs_what_it_has_cost() -> None:
    spent = Decimal(31 * 2 + 1)

    assert outlook(MARCH, MARCH.last, days(date(2026, 3, 1), 31, 2), Decimal(1)) == Outlook(spent, spent, spent, spent)


def test_days_after_the_last_complete_one_do_not_count() -> None:
    daily = days(date(2026, 2, 15), 28, 1) | {date(2026, 3, 15): Decimal(1000)}

    assert outlook(MARCH, date(2026, 3, 14), daily, Decimal(0)).expected == 31


def test_only_the_last_four_weeks_tell() -> None:
    daily = days(date(2026, 1, 1), 45, 1000) | days(date(2026, 2, 15), 28, 1)

    assert outlook(MARCH, date(2026, 3, 14), daily, Decimal(0)).expected == 31


@given(costs=st.lists(st.integers(0, 10**6), min_size=28, max_size=28), through=st.integers(0, 30))
def test_the_expected_lies_in_its_band_and_never_below_what_is_spent(costs: list[int], through: int) -> None:
    last = MARCH.first + timedelta(days=through)

    found = outlook(MARCH, last, days(last - 27 * ONE_DAY, 28, *costs), Decimal(7))

    assert found.low is not None
    assert found.expected is not None
    assert found.high is not None
    assert found.spent <= found.low <= found.expected <= found.high
