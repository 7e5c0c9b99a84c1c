from decimal import Decimal

import pytest

from circleci_usage.analysis.wasted_spend import find_wasted_spend
from circleci_usage.schema.keys import JobKey, ProjectKey
from handmade_costs import cost_line, costs_of, project
from handmade_statistics import run_statistics


def test_failed_canceled_and_repeated_runs_by_job_project_and_in_all() -> None:
    owned = costs_of(
        cost_line(1000),
        cost_line(100, status="failed"),
        cost_line(20, status="failed", credit_type="storage"),
        cost_line(30, status="canceled", job="lint"),
        cost_line(7, status="failed", **project("app")),
    )
    again = costs_of(cost_line(50), cost_line(5, credit_type="storage"))
    measured = run_statistics(
        [
            {"runs": 9, "succeeded": 6, "failed": 3, "reruns": 2, "queued_seconds": 40},
            {"job": "lint", "runs": 2, "canceled": 2, "queued_seconds": 5},
            {"runs": 1, "failed": 1, **project("app")},
        ]
    )

    waste = find_wasted_spend(owned, again, measured)

    jobs = [(JobKey(*each.key).job, each.failed, each.canceled, each.reruns) for each in waste.jobs]
    assert jobs == [
        ("test", Decimal("1.20"), 0, Decimal("0.55")),
        ("lint", 0, Decimal("0.30"), 0),
        ("test", Decimal("0.07"), 0, 0),
    ]
    projects = [
        (ProjectKey(*each.key).project, each.failed, each.canceled) for each in waste.projects
    ]
    assert projects == [("web", Decimal("1.20"), Decimal("0.30")), ("app", Decimal("0.07"), 0)]
    total = waste.total
    assert (total.failed, total.canceled) == (Decimal("1.27"), Decimal("0.30"))
    assert total.reruns == Decimal("0.55")
    assert (total.runs, total.failed_runs, total.canceled_runs) == (12, 4, 2)
    assert (total.rerun_runs, total.queued_seconds) == (2, 45)


def test_included_credits_make_no_waste_free() -> None:
    owned = costs_of(cost_line(0, contracted_cost=100, status="failed"))

    assert find_wasted_spend(owned, costs_of(), run_statistics([{"runs": 1}])).total.failed == 1


@pytest.mark.parametrize(
    ("failed", "succeeded", "is_listed"), [(5, 0, True), (4, 0, False), (50, 1, False)]
)
def test_a_job_that_always_fails(failed: int, succeeded: int, *, is_listed: bool) -> None:
    measured = run_statistics(
        [{"runs": failed + succeeded, "failed": failed, "succeeded": succeeded}]
    )

    assert (
        bool(find_wasted_spend(costs_of(cost_line(1)), costs_of(), measured).always_failing)
        is is_listed
    )


@pytest.mark.parametrize(
    ("recovered", "pipelines", "is_listed"),
    [(5, 100, True), (4, 10, False), (6, 200, True), (6, 201, False)],
)
def test_a_flaky_job(recovered: int, pipelines: int, *, is_listed: bool) -> None:
    measured = run_statistics(
        [{"runs": pipelines + 1, "recovered": recovered, "pipelines": pipelines}]
    )

    assert bool(find_wasted_spend(costs_of(cost_line(1)), costs_of(), measured).flaky) is is_listed


def test_nothing_wastes_nothing() -> None:
    waste = find_wasted_spend(costs_of(), costs_of(), run_statistics())

    assert [waste.total.failed, waste.total.runs, len(waste.jobs)] == [0, 0, 0]
