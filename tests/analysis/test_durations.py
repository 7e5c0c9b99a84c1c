from decimal import Decimal

from circleci_usage.analysis.durations import durations
from handmade_costs import cost_line, costs_of
from handmade_statistics import run_statistics


def test_workflows_and_jobs_with_what_they_cost() -> None:
    owned = costs_of(
        cost_line(100, credits=10),
        cost_line(50, credits=5, job="lint"),
        cost_line(7, credits=1, workflow="other"),
    )
    measured = run_statistics(
        jobs=[
            {"runs": 10, "succeeded": 6, "canceled": 2, "p50_queued": 3.0, "p95_queued": 8.0},
            {"job": "lint", "runs": 1, "succeeded": 1},
        ],
        workflows=[{"runs": 12, "succeeded": 9, "canceled": 2}],
    )

    found = durations(owned, measured)

    (workflow,) = found.workflows
    assert [workflow.runs, workflow.success_rate] == [12, Decimal("0.9")]
    assert [workflow.p50_seconds, workflow.p95_seconds] == [100, 200]
    assert [workflow.credits, workflow.cost] == [15, Decimal("1.50")]
    test, lint = found.jobs
    assert [test.success_rate, test.p50_queued, test.p95_queued, test.cost] == [
        Decimal("0.75"),
        3,
        8,
        1,
    ]
    assert [lint.success_rate, lint.p50_queued, lint.cost] == [1, None, Decimal("0.50")]


def test_runs_that_were_all_canceled_have_no_success_rate() -> None:
    (job,) = durations(costs_of(), run_statistics(jobs=[{"runs": 2, "canceled": 2}])).jobs

    assert [job.success_rate, job.cost] == [None, 0]
