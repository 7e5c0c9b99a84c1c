"""Groups are those that pandas finds, in the same order, with the same sums and names."""

from collections.abc import Sequence
from datetime import date

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from pandas.testing import assert_frame_equal

from circleci_usage.core import groups
from circleci_usage.core.grouping import group_numbers, sum_by

_KEYS = ("team", "job", "date", "text")
_TEAMS = pd.CategoricalDtype(["web", "api", "ios"])
_JOBS = pd.CategoricalDtype([f"job-{number}" for number in range(1501)])
_DAYS = pd.DatetimeIndex([date(2026, 1, 3), date(2026, 1, 1), date(2026, 1, 2), pd.NaT])


@st.composite
def _frames(draw: st.DrawFn) -> pd.DataFrame:
    """Rows with names of all kinds; some of them have none."""
    rows = draw(st.integers(0, 30))

    def numbers(least: int, most: int) -> list[int]:
        return draw(st.lists(st.integers(least, most), min_size=rows, max_size=rows))

    texts = np.array(["b", "a", "c"], dtype="object")
    return pd.DataFrame(
        {
            "team": pd.Categorical.from_codes(numbers(-1, 2), dtype=_TEAMS),
            "job": pd.Categorical.from_codes(numbers(0, 1500), dtype=_JOBS),
            "date": _DAYS[numbers(0, 3)],
            "text": pd.Series(texts[numbers(0, 2)], dtype="object"),
            "credits": np.array(numbers(-5, 2**40), dtype="int64"),
            "runs": np.array(numbers(0, 9), dtype="int64"),
        }
    )


_SOME_KEYS = st.lists(st.sampled_from(_KEYS), min_size=1, max_size=4, unique=True)


@given(frame=_frames(), keys=_SOME_KEYS, sort=st.booleans())
def test_sums_are_those_of_pandas(frame: pd.DataFrame, keys: Sequence[str], sort: bool) -> None:
    measures = ["credits", "runs"]
    known = frame.groupby([*keys], observed=True, sort=sort)[measures].sum()

    found = sum_by(frame, keys, measures, sort=sort)

    assert_frame_equal(found, known, check_categorical=False)
    assert_frame_equal(found.reset_index(), known.reset_index())


@given(frame=_frames(), keys=_SOME_KEYS)
def test_rows_have_the_same_number_if_they_have_the_same_names(
    frame: pd.DataFrame, keys: Sequence[str]
) -> None:
    known = frame.groupby([*keys], observed=True, sort=False, dropna=False).ngroup()

    assert group_numbers(frame, keys).tolist() == known.tolist()


@pytest.mark.parametrize("sort", [True, False])
def test_any_number_of_combinations_can_be_numbered(
    sort: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "_LARGEST", 100)
    frame = pd.DataFrame({name: [3, 1, 2, 1, 3, 1] for name in "abcdef"})
    frame["credits"] = [1, 2, 4, 8, 16, 32]

    found = sum_by(frame, [*"abcdef"], ["credits"], sort=sort)

    assert_frame_equal(found, frame.groupby([*"abcdef"], sort=sort).sum())
