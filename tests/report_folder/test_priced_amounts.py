import csv
import json
from pathlib import Path
from typing import Any

from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import lines_csv, tables
from report_factory import report_from_settings
from rows import job_run

ROWS = [job_run("10"), job_run("20", JOB_RUN_DATE="2026-03-20", JOB_NAME="late")]
HALF_PRICED = "pricing: [{from: 2026-03-10, price_per_credit: 0.5}]"


def table(report: Report, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(lines_csv(dict(tables(report))[name]).splitlines()))


def summary(report: Report) -> dict[str, Any]:
    return dict(json.loads(summary_json(report)))


def test_amounts_without_their_setting_are_left_out(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, ROWS)

    assert set(table(report, "jobs")[0]).isdisjoint(
        {"list_cost", "contracted_cost", "unpriced_credits"}
    )
    assert summary(report)["totals"] == {"credits": "30", "cost": "0.018", "job_runs": 2}


def test_list_cost_contracted_cost_and_cost_are_separate_columns(tmp_path: Path) -> None:
    settings = "list_price_per_credit: 1\npricing: [{from: 2026-01-01, price_per_credit: 0.5}]\n"
    report = report_from_settings(
        tmp_path, ROWS, settings + "included_credits: {per: month, amount: 4}"
    )

    (late, early) = table(report, "jobs")
    assert (late["list_cost"], late["contracted_cost"], late["cost"]) == ("20", "10", "10")
    assert (early["list_cost"], early["contracted_cost"], early["cost"]) == ("10", "5", "3")
    totals = summary(report)["totals"]
    assert (totals["list_cost"], totals["contracted_cost"], totals["cost"]) == ("30", "15", "13")


def test_an_unknown_cost_is_blank_not_zero(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, ROWS, HALF_PRICED, allow_unpriced=True)

    (late, early) = table(report, "jobs")
    assert (late["cost"], late["unpriced_credits"]) == ("10", "0")
    assert (early["cost"], early["share"], early["unpriced_credits"]) == ("", "", "10")
    assert summary(report)["by_job"][1]["cost"] is None
    assert summary(report)["totals"]["unpriced_credits"] == "10"
    assert (
        "There is no price for 2026-03-02; the credits of these days are shown as unpriced"
        in report.warnings[0]
    )


def test_the_total_is_null_when_nothing_has_a_price(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, ROWS[:1], HALF_PRICED, allow_unpriced=True)

    assert summary(report)["totals"]["cost"] is None


def test_chargeback_has_a_column_for_each_tag(tmp_path: Path) -> None:
    settings = "teams: [{name: web, projects: [web]}]\ntags: {cost_center: {web: '=4711'}}"

    (line,) = table(report_from_settings(tmp_path, ROWS, settings), "chargeback")

    assert line == {
        "period": "2026-03-01/2026-03-31",
        "team": "web",
        "cost_center": "'=4711",
        "direct": "0.018",
        "shared": "0",
        "total": "0.018",
        "currency": "USD",
    }


def test_prices_come_with_the_checksum_of_their_settings_file(tmp_path: Path) -> None:
    report = report_from_settings(
        tmp_path, ROWS, "pricing: [{from: 2026-01-01, to: 2026-12-31, price_per_credit: 0.50}]"
    )

    assert table(report, "pricing") == [
        {
            "from": "2026-01-01",
            "to": "2026-12-31",
            "credit_type": "compute",
            "price_per_credit": "0.5",
            "credits": "30",
            "cost": "15",
            "currency": "USD",
            "settings_sha256": report.prices.checksum,
        }
    ]
    assert len(report.prices.checksum) == 64
