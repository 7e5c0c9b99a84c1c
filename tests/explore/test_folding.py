"""Fewer lines sum to the same; small jobs lose their names first."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.explore.cost_lines import MEASURES
from circleci_usage.explore.folding import SMALLER, folded
from cost_lines_made import DAYS, made_lines

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


def test_the_smallest_jobs_lose_their_names_and_the_largest_keep_all() -> None:
    rows = [
        {"date": "2026-03-02", "project": "web", "job": f"job {n}", "status": status, "cost": cost}
        for n, cost in ((1, 1), (2, 2), (3, 1000))
        for status in ("failed", "success")
    ]

    fewer = folded(made_lines(rows), 3)

    told = fewer.counts[["project", "job", "status", "cost"]].to_numpy().tolist()
    assert sorted(told) == [
        ["web", SMALLER, SMALLER, 6],
        ["web", "job 3", "failed", 1000],
        ["web", "job 3", "success", 1000],
    ]
    (job,) = fewer.folded
    assert (job.dimension, job.values_before, job.folded, job.cost) == ("job", 3, 2, 6)


def test_a_large_job_keeps_its_name_beside_a_small_one_that_is_called_the_same() -> None:
    rows = [
        {"date": "2026-03-02", "project": project, "job": "test", "status": status, "cost": cost}
        for project, cost in (("small", 1), ("web", 1000))
        for status in ("failed", "success")
    ]

    fewer = folded(made_lines(rows), 3)

    told = fewer.counts[["project", "job"]].to_numpy().tolist()
    assert sorted(told) == [["small", SMALLER], ["web", "test"], ["web", "test"]]


def test_small_projects_lose_their_names_where_there_are_too_many() -> None:
    rows = [
        {"date": "2026-03-02", "project": f"p{n:02}", "job": "test", "cost": n} for n in range(50)
    ]

    fewer = folded(made_lines(rows), 30)

    projects = {*fewer.counts["project"]}
    assert "p49" in projects
    assert SMALLER in projects
    assert [told.dimension for told in fewer.folded] == ["job", "project"]
    assert fewer.counts["cost"].sum() == sum(range(50))


def test_few_lines_stay_as_they_are() -> None:
    lines = made_lines([{"date": "2026-03-02", "cost": 1}])

    assert folded(lines, 1) is lines
