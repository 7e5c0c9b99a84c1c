from decimal import Decimal, Inexact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.decimals import exact_arithmetic, plain, ratio, rounded, total

decimals = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=18
)


@given(decimals)
def test_plain_text_keeps_every_digit(value: Decimal) -> None:
    text = plain(value)

    assert Decimal(text) == value
    assert "E" not in text
    assert text == "0" or not (text.endswith(".") or ("." in text and text.endswith("0")))


@given(st.lists(decimals))
def test_sums_do_not_depend_on_the_order(values: list[Decimal]) -> None:
    assert total(values) == total(reversed(values)) == total(sorted(values))


def test_digits_that_python_would_round_are_kept() -> None:
    large, small = Decimal(10**20), Decimal("1e-18")

    assert large + small == large
    assert total([large, small, -large]) == small


def test_an_inexact_result_is_an_error_not_a_rounded_number() -> None:
    with exact_arithmetic(), pytest.raises(Inexact):
        Decimal(1) / Decimal(3)


def test_shown_numbers_are_rounded_half_to_even() -> None:
    assert [str(rounded(Decimal(text), 2)) for text in ("0.005", "0.015", "1E+3")] == [
        "0.00",
        "0.02",
        "1000.00",
    ]
    assert ratio(Decimal(1), Decimal(3)) == Decimal("0.333333")
    assert ratio(Decimal(1), Decimal(0)) == 0
