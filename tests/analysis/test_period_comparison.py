from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.period_comparison import (
    Change,
    PeriodComparison,
    compare_periods,
    drivers,
)
from circleci_usage.core.periods import Period
from circleci_usage.costs.costs import UNPRICED
from circleci_usage.render.page.sections.period_comparison import period_comparison_section
from circleci_usage.render.page.tables import Cell
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.keys import JobKey, ProjectKey
from handmade_costs import cost_line, costs_of, project
from report_factory import report_of
from rows import Row, job_run
from sample_reports import NULL

MARCH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))


def on(day: date, *lines: dict[str, object]) -> list[dict[str, object]]:
    return [each | {"date": day} for each in lines]


def compare_lines(
    lines: list[dict[str, object]], period: Period, through: date | None = None
) -> PeriodComparison | None:
    owned = costs_of(*lines)
    return compare_periods(owned, owned.lines, period, through or period.last)


def compared(now: list[dict[str, object]], past: list[dict[str, object]]) -> PeriodComparison:
    free = on(date(2026, 2, 1), cost_line(0, job="idle", job_runs=0))
    changes = compare_lines(
        [*on(date(2026, 3, 2), *now), *on(date(2026, 2, 1), *past), *free], MARCH
    )
    assert changes
    return changes


def test_before_and_after_of_projects_and_jobs() -> None:
    changes = compared(
        [
            cost_line(500, job_runs=4),
            cost_line(100, job="lint", job_runs=10),
            cost_line(70, **project("new")),
        ],
        [
            cost_line(300, job_runs=2),
            cost_line(150, job="lint", job_runs=15),
            cost_line(20, **project("gone")),
        ],
    )

    assert (changes.total.before, changes.total.after) == (Decimal("4.70"), Decimal("6.70"))
    assert changes.total.relative_change == Decimal("0.425532")
    assert [
        (ProjectKey(*change.key).project, change.difference, change.relative_change)
        for change in changes.projects
    ] == [
        ("web", Decimal("1.50"), Decimal("0.333333")),
        ("new", Decimal("0.70"), None),
        ("gone", Decimal("-0.20"), Decimal(-1)),
    ]
    assert [(JobKey(*change.key).job, change.difference) for change in changes.jobs[:2]] == [
        ("test", Decimal("2.00")),
        ("test", Decimal("0.70")),
    ]


def test_a_change_is_more_runs_and_dearer_runs() -> None:
    (job, _) = compared([cost_line(500, job_runs=4)], [cost_line(300, job_runs=3)]).jobs

    assert (job.runs_before, job.runs_after, job.volume_effect) == (3, 4, Decimal("1.00"))


def test_what_is_new_or_gone_is_not_split() -> None:
    (new, _) = compared([cost_line(500, job="new")], []).jobs
    (gone, _) = compared([], [cost_line(500, job="gone")]).jobs

    assert new.volume_effect is gone.volume_effect is None


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
        lambda cents, name, job: cost_line(cents, job=job, **project(name)),
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


SEATS = cost_line(1000, credit_type="user", job="(none)", job_runs=0)


def day_by_day(period: Period, *lines: dict[str, object]) -> list[dict[str, object]]:
    return [each for day in period for each in on(day, *lines)]


def test_seats_are_compared_between_months() -> None:
    changes = compared([SEATS, cost_line(200)], [SEATS, cost_line(100)])

    assert not changes.without_seats
    assert (changes.total.before, changes.total.after) == (Decimal(11), Decimal(12))


def test_seats_of_the_first_do_not_make_a_week_dear() -> None:
    week = Period.of_days(date(2026, 3, 1), date(2026, 3, 7))
    february = Period.of_days(date(2026, 2, 1), date(2026, 2, 28))
    lines = [
        *day_by_day(february, cost_line(100)),
        *day_by_day(week, cost_line(100)),
        *on(week.first, SEATS),
    ]
    changes = compare_lines(lines, week)

    assert changes
    assert changes.without_seats
    assert changes.total.difference == 0
    assert changes.days_before == (Decimal(1),) * 7


def test_only_complete_days_are_compared() -> None:
    march = Period.of_days(date(2026, 3, 1), date(2026, 3, 10))
    before = Period.of_days(date(2026, 2, 1), date(2026, 2, 28))
    changes = compare_lines(
        [*day_by_day(before, cost_line(100)), *day_by_day(march, cost_line(200))],
        march,
        date(2026, 3, 8),
    )

    assert changes
    assert changes.now == Period.of_days(date(2026, 3, 1), date(2026, 3, 8))
    assert changes.before == Period.of_days(date(2026, 2, 15), date(2026, 2, 22))
    assert (changes.total.before, changes.total.after) == (Decimal(8), Decimal(16))


def test_a_longer_month_before_is_compared_whole() -> None:
    june = Period.of_days(date(2026, 6, 1), date(2026, 6, 30))
    may = Period.of_days(date(2026, 5, 1), date(2026, 5, 31))
    changes = compare_lines(
        [*day_by_day(may, cost_line(100)), *day_by_day(june, cost_line(100))], june
    )

    assert changes
    assert (changes.now, changes.before) == (june, may)


@pytest.mark.parametrize("first", [None, MARCH.first, MARCH.first - timedelta(days=27)])
def test_without_all_days_before_there_is_nothing_to_compare(first: date | None) -> None:
    lines = on(first, cost_line(100)) if first else []

    assert compare_lines(lines, MARCH) is None


def test_a_period_without_a_complete_day_is_not_compared() -> None:
    owned = costs_of(*on(date(2026, 2, 1), cost_line(100)))

    assert compare_periods(owned, owned.lines, MARCH, None) is None


def test_days_without_a_price_are_not_compared() -> None:
    owned = costs_of(*on(date(2026, 2, 1), cost_line(100, price_period=UNPRICED)))

    assert compare_periods(owned, owned.lines, MARCH, MARCH.last) is None


def never_started(day: str) -> Row:
    nothing = dict.fromkeys(("JOB_NAME", "JOB_RUN_SECONDS", "RESOURCE_CLASS", "EXECUTOR"), NULL)
    return job_run("0", **nothing, JOB_BUILD_STATUS="canceled", JOB_RUN_DATE=day)


def test_runs_that_never_started_are_no_more_runs() -> None:
    months = Period.of_days(date(2026, 2, 1), MARCH.last)
    steady = [job_run("1000", JOB_RUN_DATE=f"{day}") for day in months]

    changes = report_of([*steady, *[never_started("2026-03-05")] * 3]).findings.period_comparison

    assert changes
    (web,) = changes.projects
    assert (web.runs_before, web.runs_after) == (28, 34)
    assert (web.started_before, web.started_after) == (28, 31)
    (test, no_job) = changes.jobs
    for each in (changes.total, web, test):
        assert each.difference == each.volume_effect == Decimal("1.80")
    assert (no_job.runs_after, no_job.started_after, no_job.volume_effect) == (3, 0, None)


def test_what_cost_nothing_is_neither_new_nor_gone() -> None:
    months = Period.of_days(date(2026, 2, 1), MARCH.last)
    steady = [job_run("1000", JOB_RUN_DATE=f"{day}") for day in months]
    free = [
        job_run("0", JOB_NAME=job, JOB_RUN_DATE="2026-03-05", RESOURCE_CLASS="acme/own")
        for job in ("a", "b")
    ]
    once_free = [
        job_run(f"{day.month - 2}000", JOB_NAME="paid", JOB_RUN_DATE=f"{day}") for day in months
    ]
    new = [job_run("10", JOB_NAME="new", JOB_RUN_DATE="2026-03-05")]
    gone = [job_run("10", JOB_NAME="gone", JOB_RUN_DATE="2026-02-05"), never_started("2026-02-05")]

    report = report_of([*steady, *free, *once_free, *new, *gone, never_started("2026-03-05")])
    section = period_comparison_section(ReportView(report))

    assert section
    _, jobs = section.tables
    shown = [cells(row) for row in jobs.rows]
    assert {row[0]: row[3] for row in shown} == {
        "test": "+10.7%",
        "paid": "",
        "new": "new",
        "gone": "gone",
    }


def cells(row: Sequence[Cell | str]) -> list[str]:
    return [cell.text if isinstance(cell, Cell) else cell for cell in row]
