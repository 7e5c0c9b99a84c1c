from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.costs.shared_costs import SharedCosts, split_exactly, weights_of

TEAMS = ("a", "b", "c")


def decimals(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("rule", "direct", "weights"),
    [
        (SharedCosts("even"), ("1", "2", "3"), ("1", "1", "1")),
        (SharedCosts("proportional"), ("1", "0", "3.5"), ("1", "0", "3.5")),
        (SharedCosts("proportional"), ("1", "-2", "3"), ("1", "0", "3")),
        (SharedCosts("proportional"), ("0", "0", "0"), ("1", "1", "1")),
        (
            SharedCosts("fixed", weights={"a": Decimal(60), "c": Decimal(40)}),
            ("1", "2", "3"),
            ("60", "0", "40"),
        ),
    ],
)
def test_the_three_ways_to_share(
    rule: SharedCosts, direct: tuple[str, ...], weights: tuple[str, ...]
) -> None:
    assert weights_of(TEAMS, rule, decimals(*direct)) == decimals(*weights)


def test_a_split_that_does_not_divide_is_exact_to_the_millionth() -> None:
    assert split_exactly(Decimal(100), decimals("1", "1", "1")) == decimals(
        "33.333334", "33.333333", "33.333333"
    )


def test_a_finer_amount_is_split_as_finely() -> None:
    assert split_exactly(Decimal("0.00000003"), decimals("1", "1")) == decimals(
        "0.00000002", "0.00000001"
    )


amounts = st.decimals(-(10**12), 10**12, places=12)


@given(
    amount=amounts,
    weights=st.lists(st.decimals(0, 10**9, places=6), min_size=1, max_size=6).filter(any),
)
def test_the_shares_sum_to_the_whole(amount: Decimal, weights: list[Decimal]) -> None:
    shares = split_exactly(amount, weights)

    assert sum(shares) == amount
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if not weight)
