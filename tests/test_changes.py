from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.changes import Change, Changes, Usage, compare, drivers
from circleci_usage.days import Period
from costs import costs, line, project

FEBRUARY = Period.of_days(date(2026, 2, 1), date(2026, 2, 28))


def usage(*lines: dict[str, object]) -> Usage:
    owned = costs(*lines)
    return Usage(owned, owned.lines)


def compared(now: list[dict[str, object]], past: list[dict[str, object]]) -> Changes:
    return compare(usage(*now), usage(*past), FEBRUARY)


def test_before_and_after_of_projects_and_jobs() -> None:
    changes = compared(
        [line(500, job_runs=4), line(100, job="lint", job_runs=10), line(70, **project("new"))],
        [line(300, job_runs=2), line(150, job="lint", job_runs=15), line(20, **project("gone"))],
    )

    assert (changes.total.before, changes.total.after) == (Decimal("4.70"), Decimal("6.70"))
    assert changes.total.share == Decimal("0.425532")
    assert [(change.key[3], change.difference, change.share) for change in changes.projects] == [
        ("web", Decimal("1.50"), Decimal("0.333333")),
        ("new", Decimal("0.70"), None),
        ("gone", Decimal("-0.20"), Decimal(-1)),
    ]
    assert [(change.key[5], change.difference) for change in changes.jobs[:2]] == [
        ("test", Decimal("2.00")),
        ("test", Decimal("0.70")),
    ]


def test_a_change_is_more_runs_and_dearer_runs() -> None:
    (job,) = compared([line(500, job_runs=4)], [line(300, job_runs=3)]).jobs

    assert (job.runs_before, job.runs_after, job.by_runs) == (3, 4, Decimal("1.00"))


def test_what_is_new_or_gone_is_not_split() -> None:
    (new,) = compared([line(500)], []).jobs
    (gone,) = compared([], [line(500)]).jobs

    assert new.by_runs is gone.by_runs is None


def change(difference: int) -> Change:
    return Change((str(difference),), Decimal(100), Decimal(100 + difference), 1, 1)


def test_drivers_are_the_fewest_that_explain_four_fifths() -> None:
    changes = [change(size) for size in (50, -40, 30, 20, -10, 5)]

    assert [each.difference for each in drivers(changes, Decimal(55))] == [50]
    assert [each.difference for each in drivers(changes, Decimal(100))] == [50, 30]
    assert [each.difference for each in drivers(changes, Decimal(-50))] == [-40]
    assert drivers(changes, Decimal(0)) == ()


def test_drivers_are_few() -> None:
    assert len(drivers([change(1)] * 100, Decimal(100))) == 5


lines = st.lists(
    st.builds(
        lambda cents, name, job: line(cents, job=job, **project(name)),
        st.integers(0, 10**6),
        st.sampled_from("abc"),
        st.sampled_from("xy"),
    ),
    max_size=12,
)


@given(now=lines, past=lines)
def test_changes_of_projects_and_of_jobs_sum_to_the_total(
    now: list[dict[str, object]], past: list[dict[str, object]]
) -> None:
    changes = compared(now, past)

    for every in (changes.projects, changes.jobs):
        assert sum((each.difference for each in every), Decimal(0)) == changes.total.difference
        assert sum((each.after for each in every), Decimal(0)) == changes.total.after
