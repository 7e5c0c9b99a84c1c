from decimal import Decimal

from circleci_usage.analysis.noncompute import noncompute_costs
from handmade_costs import cost_line, costs_of


def test_what_is_paid_besides_compute_and_which_jobs_cause_it() -> None:
    found = noncompute_costs(
        costs_of(
            cost_line(9999, credits=9999),
            cost_line(200, credits=20, credit_type="storage", job="save"),
            cost_line(50, credits=5, credit_type="storage"),
            cost_line(100, credits=10, credit_type="storage"),
            cost_line(900, credits=90, credit_type="user", job="(none)"),
        )
    )

    assert [[extra.credit_type, extra.credits, extra.cost] for extra in found] == [
        ["user", Decimal(90), Decimal(9)],
        ["storage", Decimal(35), Decimal("3.50")],
    ]
    assert [(key.job, cost) for key, cost in found[1].jobs] == [
        ("save", 2),
        ("test", Decimal("1.50")),
    ]


def test_only_the_most_expensive_jobs_are_listed() -> None:
    (storage,) = noncompute_costs(
        costs_of(*(cost_line(100 + n, credit_type="storage", job=f"job {n}") for n in range(30)))
    )

    assert (storage.all_jobs, len(storage.jobs), storage.jobs[0][0].job) == (30, 10, "job 29")
