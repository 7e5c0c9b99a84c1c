"""The days that a report keeps for programs: exact sums, as fine as they can be."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from circleci_usage.analysis.daily_tables import COARSE, FINE, MOST_LINES, daily_tables
from circleci_usage.costs.costs import Costs

NAMES = (
    "organization_id",
    "organization",
    "project_id",
    "project",
    "workflow",
    "job",
    "resource_class",
    "team",
)


def lines(count: int = 1, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"date": pd.Timestamp(date(2026, 3, 2)), **dict.fromkeys(NAMES, "x"), **columns},
        range(count),
    )
    return frame.astype(dict.fromkeys(NAMES, "category"))


def costs(count: int = 1, **columns: object) -> Costs:
    amounts = {"credit_type": "compute", "credits": 125, "unpriced_credits": 0, "cost": 750}
    return Costs(lines(count, **{**amounts, **columns}), credit_places=1, price_places=4)


def runs(count: int = 1, **columns: object) -> pd.DataFrame:
    return lines(count, **{"job_runs": 2, "job_seconds": 905, **columns})


def test_amounts_are_summed_by_day_job_and_credit_type() -> None:
    daily = daily_tables(costs(4, credit_type=["compute", "compute", "dlc", "compute"]), runs(3), 1)

    assert [*daily.charges] == [*FINE, "credit_type", "credits", "cost"]
    amounts = daily.charges.set_index("credit_type")[["credits", "cost"]].to_dict("index")
    assert amounts == {
        "compute": {"credits": Decimal("37.5"), "cost": Decimal("0.0225")},
        "dlc": {"credits": Decimal("12.5"), "cost": Decimal("0.0075")},
    }
    assert daily.runs[["job_runs", "job_seconds"]].to_numpy().tolist() == [[6, Decimal("271.5")]]


def test_what_has_no_price_has_no_cost() -> None:
    unpriced = costs(2, credit_type=["compute", "dlc"], unpriced_credits=[125, 0], cost=[0, 0])

    assert daily_tables(unpriced, runs(), 1).charges["cost"].tolist() == [None, Decimal(0)]


def test_too_many_jobs_are_summed_by_project() -> None:
    count = MOST_LINES + 1
    jobs = [f"job {number}" for number in range(count)]

    fine = daily_tables(costs(MOST_LINES, job=jobs[:MOST_LINES]), runs(), 1)
    coarse = daily_tables(
        costs(count, job=jobs, credits=np.ones(count, "int64")), runs(2, job=["a", "b"]), 1
    )

    assert (len(fine.charges), [*fine.runs][: len(FINE)]) == (MOST_LINES, [*FINE])
    assert [*coarse.charges] == [*COARSE, "credit_type", "credits", "cost"]
    assert coarse.charges["credits"].tolist() == [Decimal("10000.1")]
    assert coarse.runs["job_runs"].tolist() == [4]
