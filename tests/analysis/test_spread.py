"""Shared costs, split by row and by team at once."""

from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.shared_by_day import spread

amounts = st.lists(st.integers(-(10**30), 10**30), min_size=1, max_size=8)
weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=5).filter(any)


@given(amounts, weights)
def test_the_parts_of_a_row_sum_to_it_and_those_of_a_team_to_its_share(
    rows: list[int], shares: list[int]
) -> None:
    whole = sum(rows)
    split = [whole * share // sum(shares) for share in shares]
    split[-1] += whole - sum(split)
    parts = spread(rows, split)
    teams = len(split)
    by_row = [sum(parts[first : first + teams]) for first in range(0, len(parts), teams)]
    by_team = [sum(parts[team::teams]) for team in range(teams)]
    assert by_row == rows
    assert by_team == split or sum(split) == 0


@given(amounts.map(lambda rows: [abs(each) for each in rows]), weights)
def test_positive_rows_have_no_parts_beyond_them(rows: list[int], shares: list[int]) -> None:
    parts = spread(rows, shares)
    teams = len(shares)
    for place, part in enumerate(parts):
        assert -1 <= part <= rows[place // teams] + 1
