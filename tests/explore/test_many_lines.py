"""The lines of a large company become a page of bounded size, whose totals are exact."""

from fractions import Fraction
from typing import Any

import pytest

from circleci_usage.analysis.cube import SMALLER
from circleci_usage.explore.cost_lines import MEASURES, CostLines
from circleci_usage.explore.decoding import decode
from circleci_usage.explore.encoding import encode_within
from circleci_usage.explore.folding import folded
from wide_lines import Width, wide_lines

WIDE = wide_lines(Width(runs=2000, days=60, projects=40))


@pytest.mark.parametrize("part", [2, 10, 50])
def test_folded_lines_sum_to_the_same(part: int) -> None:
    most = len(WIDE) // part

    fewer = folded(WIDE, most)

    assert len(fewer) <= most
    # Of very few lines even teams are folded.
    others = [["team"], ["organization", "credit_type"]] if part < 50 else []
    for keys in (["date"], *others):
        assert _sums(fewer, keys) == _sums(WIDE, keys), keys


def _sums(lines: CostLines, keys: list[str]) -> dict[Any, Any]:
    groups = lines.counts.groupby(keys, observed=True)
    return groups[[*MEASURES]].sum().to_dict("index")


@pytest.mark.parametrize("part", [2, 10])
def test_what_is_folded_is_told_and_the_largest_projects_keep_their_names(part: int) -> None:
    fewer = folded(WIDE, len(WIDE) // part)

    told = {each.dimension: each for each in fewer.folded}
    for name, each in told.items():
        costs = fewer.counts.groupby(name, observed=True)["cost"].sum()
        assert int(costs[SMALLER]) == each.cost
        assert 0 < each.folded <= each.values_before
    projects = WIDE.counts.groupby("project", observed=True)["cost"].sum().nlargest(10)
    kept = fewer.counts.groupby("project", observed=True)["cost"].sum()
    assert {name: int(kept[name]) for name in projects.index} == projects.to_dict()


@pytest.mark.parametrize("most", [20_000, 60_000])
def test_a_page_has_the_wanted_size(most: int) -> None:
    packed = encode_within(WIDE, most)

    assert len(packed) <= most
    decoded = decode(packed)
    for name in MEASURES:
        before, after = WIDE.counts[name].sum(), decoded.counts[name].sum()
        units = Fraction(10) ** (WIDE.places[name] - decoded.places[name])
        assert int(before) == int(after) * units
