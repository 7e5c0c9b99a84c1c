"""Groups as numbers and percentiles by position, compared with plain loops."""

from collections import defaultdict
from math import ceil, isnan, nan

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.usage.polars.group_numbers import any_row_of, group_numbers
from circleci_usage.usage.polars.ranked_values import rankable

values = st.one_of(st.just(nan), st.floats(-1e6, 1e6, width=32))


@given(rows=st.lists(st.tuples(st.integers(0, 3), values)))
def test_percentiles_are_those_of_sorted_lists(rows: list[tuple[int, float]]) -> None:
    groups = np.array([group for group, _ in rows], np.uint32)
    of_groups: defaultdict[int, list[float]] = defaultdict(list)
    for group, value in rows:
        if not isnan(value):
            of_groups[group].append(value)

    found = rankable(np.array([value for _, value in rows], np.float32)).ranked(groups, 4)

    in_order = [sorted(of_groups[group]) for group in range(4)]
    assert found.counts.tolist() == [len(each) for each in in_order]
    assert found.highest().to_list() == [each[-1] if each else None for each in in_order]
    assert found.percentile(0.5).to_list() == [
        each[ceil(len(each) / 2) - 1] if each else None for each in in_order
    ]
    ones = np.ones(len(found.numbers), np.int64)
    assert found.sums(ones).tolist() == found.counts.tolist()


keys = st.tuples(
    st.sampled_from(["a", "b", None]),
    st.sampled_from(["a", "c", None]),
    st.sampled_from([0, 1, 7, 2**40]),
)


@given(rows=st.lists(keys))
def test_rows_have_the_same_number_if_all_of_their_keys_agree(
    rows: list[tuple[str | None, str | None, int]],
) -> None:
    frame = pl.DataFrame(
        rows,
        {"one": pl.Categorical(), "other": pl.Categorical(), "number": pl.UInt64()},
        orient="row",
    )

    numbers = group_numbers(frame, ["one", "other", "number"])

    assert len({*zip(numbers.tolist(), rows, strict=True)}) == len({*rows})
    assert {*numbers.tolist()} == {*range(len({*rows}))}
    assert [rows[place] for place in any_row_of(numbers)] == [
        rows[numbers.tolist().index(number)] for number in range(len({*rows}))
    ]
