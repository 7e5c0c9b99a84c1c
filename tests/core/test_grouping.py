"""Amounts are summed exactly, whatever their size, and by the names that there are."""

from decimal import Decimal

import pandas as pd

from circleci_usage.core.grouping import sum_by


def test_whole_numbers_beyond_int64_are_summed_exactly() -> None:
    frame = pd.DataFrame({"team": ["web", "web"], "credits": [2**63, 1]}, dtype="object")

    assert sum_by(frame, ["team"], ["credits"])["credits"].tolist() == [2**63 + 1]


def test_decimals_are_summed_exactly() -> None:
    frame = pd.DataFrame({"team": ["web"] * 3, "cost": [Decimal("0.1")] * 3})

    assert sum_by(frame, ["team"], ["cost"])["cost"].tolist() == [Decimal("0.3")]


def test_groups_are_the_names_that_there_are_in_either_order() -> None:
    teams = pd.Categorical(["web", "api", "web"], categories=["api", "ios", "web"])
    frame = pd.DataFrame({"team": teams, "job": ["b", "a", "a"], "credits": [1, 2, 4]})

    by_name = sum_by(frame, ["team"], ["credits"])
    as_they_come = sum_by(frame, ["team", "job"], ["credits"], sort=False)

    assert by_name["credits"].to_dict() == {"api": 2, "web": 5}
    assert [*as_they_come.index] == [("web", "b"), ("api", "a"), ("web", "a")]
