from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.apportion import apportion

weights = st.lists(st.integers(-100, 10**12), min_size=1, max_size=8).filter(sum)


@given(whole=st.integers(-(10**15), 10**15), weights=weights)
def test_shares_sum_to_the_whole_and_are_off_by_less_than_a_unit(
    whole: int, weights: list[int]
) -> None:
    shares = apportion(whole, weights)

    assert sum(shares) == whole
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(whole * weight, sum(weights))) < 1


def test_indivisible_units_go_to_the_largest_remainders() -> None:
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]
    assert apportion(100, [40, 25, 35]) == [40, 25, 35]
    assert apportion(10, [26, 37, 37]) == [2, 4, 4]


def test_no_weight_is_no_share() -> None:
    assert apportion(7, [0, 1, 0]) == [0, 7, 0]


def test_weights_that_sum_to_zero_split_nothing() -> None:
    with pytest.raises(ValueError, match="zero"):
        apportion(1, [0, 0])
