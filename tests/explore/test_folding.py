"""Fewer lines sum to the same; small jobs lose their names first."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.cube import SMALLER
from circleci_usage.explore.cost_lines import MEASURES, Folded
from circleci_usage.explore.folding import folded
from cost_lines import DAYS, made_lines

NAMES = st.sampled_from("abcdef")
ROW = st.fixed_dictionaries(
    {
        "date": st.dates(DAYS.first, DAYS.last),
        "project": NAMES,
        "job": NAMES,
        "credit_type": NAMES,
        "team": NAMES,
        "status": NAMES,
    }
)
AMOUNTS = st.integers(-(10**25), 10**25) | st.integers(-5, 5)


@st.composite
def rows_of_lines(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = draw(st.lists(ROW, min_size=1, max_size=60, unique_by=lambda row: tuple(row.values())))
    amounts = [{"cost": draw(AMOUNTS), "job_runs": draw(st.integers(0, 9))} for _ in rows]
    with_amounts = [row | amount for row, amount in zip(rows, amounts, strict=True)]
    return sorted(with_amounts, key=lambda row: row["date"])


@given(rows_of_lines(), st.integers(1, 60))
def test_fewer_lines_sum_to_the_same_each_day(rows: list[dict[str, Any]], most: int) -> None:
    lines = made_lines(rows)
    days = lines.counts["date"].nunique()

    fewer = folded(lines, most)

    assert len(fewer) <= max(most, days)
    for name in MEASURES:
        before = lines.counts.groupby("date")[name].sum()
        assert fewer.counts.groupby("date")[name].sum().to_dict() == before.to_dict()


def test_the_smallest_jobs_lose_how_they_ran_and_the_largest_keep_all() -> None:
    rows = [
        {"date": "2026-03-02", "project": "web", "job": f"job {n}", "status": status, "cost": cost}
        for n, cost in ((1, 1), (2, 2), (3, 1000))
        for status in ("failed", "success")
    ]

    fewer = folded(made_lines(rows), 4)

    lines = fewer.counts[["job", "status", "cost"]].to_numpy().tolist()
    assert sorted(lines) == [
        ["job 1", SMALLER, 2],
        ["job 2", SMALLER, 4],
        ["job 3", "failed", 1000],
        ["job 3", "success", 1000],
    ]
    told = {each.dimension: each for each in fewer.folded}
    assert told["status"] == Folded("status", "job", 3, 2, 6)
    assert "job" not in told


def test_the_smallest_jobs_lose_their_names_if_that_is_not_enough() -> None:
    rows = [
        {"date": "2026-03-02", "project": "web", "job": f"job {n}", "status": status, "cost": cost}
        for n, cost in ((1, 1), (2, 2), (3, 1000))
        for status in ("failed", "success")
    ]

    fewer = folded(made_lines(rows), 3)

    assert len(fewer) <= 3
    assert {(told.dimension, told.whose) for told in fewer.folded} >= {("job", "job")}
    assert fewer.counts["cost"].sum() == 2006


def test_a_large_job_keeps_its_name_beside_a_small_one_that_is_called_the_same() -> None:
    rows = [
        {"date": "2026-03-02", "project": project, "job": "test", "status": status, "cost": cost}
        for project, cost in (("small", 1), ("web", 1000))
        for status in ("failed", "success")
    ]

    fewer = folded(made_lines(rows), 3)

    lines = fewer.counts[["project", "job", "status"]].to_numpy().tolist()
    assert sorted(lines) == [
        ["small", "test", SMALLER],
        ["web", "test", "failed"],
        ["web", "test", "success"],
    ]


def test_small_projects_lose_their_names_where_there_are_too_many() -> None:
    rows = [
        {"date": "2026-03-02", "project": f"p{n:02}", "job": "test", "cost": n} for n in range(50)
    ]

    fewer = folded(made_lines(rows), 30)

    projects = {*fewer.counts["project"]}
    assert "p49" in projects
    assert SMALLER in projects
    assert {told.whose for told in fewer.folded} == {"job", "project"}
    assert fewer.counts["cost"].sum() == sum(range(50))


def test_few_lines_stay_as_they_are() -> None:
    lines = made_lines([{"date": "2026-03-02", "cost": 1}])

    assert folded(lines, 1) is lines
