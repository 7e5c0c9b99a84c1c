import csv
import io
import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.analysis.budgets import Budget
from circleci_usage.core.periods import ONE_DAY, midnight
from circleci_usage.costs.pricing import PriceList
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import finding_tables, lines_csv, tables
from insights_tests import with_tests
from report_factory import MARCH, report_of
from rows import Row, job_run

FIRST = date(2026, 2, 1)


def eight_weeks() -> list[Row]:
    """A run a day, one of them expensive, and a rerun after a failure."""
    numbers = count()
    rows = [
        job_run(
            "900000" if day == 40 else str(1000 + day),
            JOB_NAME="=cmd|test",
            JOB_RUN_DATE=str(FIRST + day * ONE_DAY),
            JOB_RUN_NUMBER=str(next(numbers)),
            PIPELINE_ID=str(day),
            WORKFLOW_ID=str(day),
            WORKFLOW_FIRST_JOB_STARTED_AT="2026-02-01 00:00:00.000",
            WORKFLOW_STOPPED_AT="2026-02-01 00:02:00.000",
            MAX_CPU_UTILIZATION_PCT="10",
            MAX_RAM_UTILIZATION_PCT="10",
        )
        for day in range(59)
    ]
    failed = {"JOB_NAME": "@flaky", "JOB_RUN_DATE": "2026-03-05", "PIPELINE_ID": "again"}
    return [
        *rows,
        job_run("70", JOB_BUILD_STATUS="failed", JOB_RUN_NUMBER="900", **failed),
        job_run("80", JOB_RUN_NUMBER="901", STORAGE_CREDITS="3", **failed),
    ]


@pytest.fixture
def report() -> Report:
    made = report_of(
        eight_weeks(),
        now=midnight(MARCH.stop) + timedelta(hours=9),
        prices=PriceList.flat(Decimal("0.01")),
        analysis=AnalysisSettings((Budget("+all", Decimal(100)),)),
    )
    return with_tests(made)


def test_every_table_is_csv_without_formulas(report: Report) -> None:
    written = dict(tables(report))
    others = {"credit_balance", "commitments", "realized_savings"}
    names = [table.described.name for table in finding_tables(report)]
    for name in (name for name in names if name not in others):
        header, *lines = csv.reader(io.StringIO(lines_csv(written[name])))
        assert lines, name
        assert all(len(line) == len(header) for line in lines), name
        cells = [cell for line in lines for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))], name
        assert not [cell for cell in cells if cell in {"nan", "NaN", "None"}], name


def test_the_numbers_of_the_tables(report: Report) -> None:
    found = dict(tables(report))

    assert found["anomalies"][["date", "project", "job"]].to_numpy().tolist() == [
        [date(2026, 3, 13), "web", "=cmd|test"]
    ]
    assert found["waste"][["job", "failed", "reruns", "rerun_runs"]].to_numpy().tolist() == [
        ["@flaky", Decimal("0.70"), Decimal("0.83"), 1],
        ["=cmd|test", 0, 0, 0],
    ]
    assert found["right_sizing"][["job", "verdict", "suggested"]].to_numpy().tolist() == [
        ["=cmd|test", "smaller", "small"],
        ["@flaky", "not enough data", None],
    ]
    assert found["extra_costs"][["credit_type", "job", "cost"]].to_numpy().tolist() == [
        ["storage", "@flaky", Decimal("0.03")]
    ]
    assert found["budgets"][["name", "spent", "state"]].to_numpy().tolist() == [
        ["+all", report.totals.cost, "over"]
    ]


def test_the_summary_lists_what_the_tables_do(report: Report) -> None:
    summary = json.loads(summary_json(report))

    assert summary["month"]["through"] == "2026-03-31"
    assert summary["budgets"][0]["state"] == "over"
    assert summary["anomalies"][0]["job"] == "=cmd|test"
    assert summary["change"]["jobs"][0]["job"] == "=cmd|test"
    assert summary["waste"]["reruns"] == "0.83"
    assert [entry["suggested"] for entry in summary["right_sizing"]["suggestions"]] == ["small"]
    assert summary["right_sizing"]["rates"]["as_of"] == "2026-11-01"
    assert {entry["job"]: entry["success_rate"] for entry in summary["performance"]["jobs"]} == {
        "=cmd|test": "1",
        "@flaky": "0.5",
    }
