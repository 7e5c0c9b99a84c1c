"""Lines of costs as bytes, and back: every digit."""

import gzip
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.periods import Period
from circleci_usage.explore.cost_lines import CostLines, Folded
from circleci_usage.explore.decoding import decode
from circleci_usage.explore.encoding import encode, encode_within
from cost_lines import DAYS, made_lines

AMOUNTS = st.integers(-(10**30), 10**30) | st.integers(-(10**6), 10**6)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.dates(DAYS.first, DAYS.last),
            "job": st.text(max_size=8),
            "cost": AMOUNTS,
            "credits": st.integers(0, 2**62),
            "job_runs": st.integers(0, 2**40),
        }
    ),
    max_size=6,
)


def _same(lines: CostLines, other: CostLines) -> bool:
    is_same = replace(other, counts=lines.counts).__dict__ == lines.__dict__
    return is_same and lines.counts.equals(other.counts)


@given(ROWS)
def test_what_is_decoded_is_what_was_encoded(rows: list[dict[str, Any]]) -> None:
    lines = made_lines(sorted(rows, key=lambda row: row["date"]))

    assert _same(decode(encode(lines)), lines)


def test_days_gaps_and_what_is_folded_are_kept() -> None:
    days = Period(date(2025, 3, 1), DAYS.stop)
    lines = replace(
        made_lines([{"date": "2025-03-01", "cost": -5}, {"date": "2026-03-31", "cost": 7}], days),
        period=DAYS,
        missing=(Period.of_days(date(2025, 4, 1), date(2025, 4, 2)),),
        folded=(Folded("status", "job", 9, 4, 123),),
    )

    assert _same(decode(encode(lines)), lines)


def test_the_same_lines_give_the_same_bytes() -> None:
    lines = made_lines([{"date": "2026-03-01", "cost": 1}])

    assert encode(lines) == encode(lines)


def test_lines_that_take_too_many_bytes_are_folded() -> None:
    lines = made_lines([{"date": "2026-03-02", "job": f"job {n}", "cost": n} for n in range(3000)])
    whole = len(encode(lines))

    packed = encode_within(lines, whole // 3)

    fewer = decode(packed)
    assert len(packed) <= whole // 3
    assert len(fewer) < len(lines)
    assert fewer.counts["cost"].sum() == lines.counts["cost"].sum()
    assert {(told.whose, told.values_before) for told in fewer.folded} == {("job", 3000)}


@pytest.mark.parametrize("length", [0, 1, 20, 200])
def test_bytes_that_are_cut_off_are_refused(length: int) -> None:
    packed = encode(made_lines([{"date": "2026-03-01", "cost": 1}]))

    with pytest.raises(ValueError, match="cut off"):
        decode(packed[:length])


CHANGES = {
    "more lines than there are": (b'"lines":1', b'"lines":9'),
    "lines that cannot be counted": (b'"lines":1', b'"lines":-1'),
    "another version": (b'"version":1', b'"version":2'),
    "another dimension": (b'"name":"trigger"', b'"name":"trigers"'),
    "a column wider than numbers are": (b'"width":2', b'"width":9'),
    "a day that there is not": (b'"first":"2026-03-01"', b'"first":"2026-02-31"'),
    "days before CircleCI": (b'"first":"2026-03-01"', b'"first":"1026-03-01"'),
    "a value twice": (b'"values":["any"]', b'"values":["a","a"]'),
    "a value too few": (b'"values":["any"]', b'"values":[]'),
}


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_a_header_that_lies_is_refused(old: bytes, new: bytes) -> None:
    lines = made_lines([{"date": "2026-03-01", "cost": 300}])
    unpacked = gzip.decompress(encode(lines))
    length = int.from_bytes(unpacked[:4], "little")
    header = unpacked[4 : 4 + length].replace(old, new)
    assert old in unpacked

    changed = len(header).to_bytes(4, "little") + header + unpacked[4 + length :]
    with pytest.raises(ValueError, match=r".+"):
        decode(gzip.compress(changed))
