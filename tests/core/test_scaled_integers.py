from decimal import Decimal, Inexact

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.decimals import ratio
from circleci_usage.core.scaled_integers import (
    INT64,
    RATIO_PLACES,
    fitting,
    places_of,
    ratios,
    to_count,
    to_decimal,
)

numbers = st.decimals(-(10**20), 10**20, places=18)


@given(numbers)
def test_a_number_comes_back_whole(number: Decimal) -> None:
    places = places_of(number)

    assert to_decimal(to_count(number, places), places) == number
    assert to_decimal(to_count(number, places + 3), places + 3) == number


@pytest.mark.parametrize(
    ("number", "places"),
    [("0", 0), ("0.000", 0), ("12", 0), ("1200", 0), ("1E+3", 0), ("12.5", 1), ("0.0006", 4)],
)
def test_a_number_needs_as_many_places_as_it_shows(number: str, places: int) -> None:
    assert places_of(Decimal(number)) == places


def test_a_number_with_more_places_is_refused_not_rounded() -> None:
    with pytest.raises(Inexact):
        to_count(Decimal("0.05"), 1)


@pytest.mark.parametrize(("largest", "kind"), [(INT64 - 1, "int64"), (INT64, "object")])
def test_counts_never_overflow(largest: int, kind: str) -> None:
    counts = fitting(np.array([2**62, 2**62 - 1]), largest)

    assert counts.dtype == kind


def test_sums_beyond_int64_stay_exact() -> None:
    counts = fitting(np.array([2**62, 2**62, 2**62]), 3 * 2**62)

    assert counts.sum() == 3 * 2**62


# 1 of 2,000,000 is exactly between two numbers of six places.
parts_and_wholes = st.tuples(
    st.integers(0, 10**9), st.integers(0, 10**9) | st.sampled_from([2 * 10**6, 64 * 10**6])
)


@given(st.lists(parts_and_wholes, min_size=1))
def test_ratios_of_whole_columns_are_those_of_decimals(pairs: list[tuple[int, int]]) -> None:
    found = ratios(np.array([part for part, _ in pairs]), np.array([whole for _, whole in pairs]))

    for count, (part, whole) in zip(found.tolist(), pairs, strict=True):
        assert to_decimal(count, RATIO_PLACES) == ratio(Decimal(part), Decimal(whole))
