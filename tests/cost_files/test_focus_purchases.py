"""Purchased credits in focus.csv: billed once, with the purchase."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.cost_files.focus import write_focus
from report_factory import report_from_settings
from rows import job_run

SETTINGS = """\
list_price_per_credit: 0.0006
pricing: [{from: 2020-01-01, price_per_credit: 0.0005}]
plans:
  - name: apps
    projects: [ios]
    pricing: [{from: 2020-01-01, price_per_credit: 0.003}]
included_credits: {per: month, amount: 50}
purchases:
  - {date: 2026-03-03, credits: 250, price: 0.125}
  - {date: 2026-02-01, credits: 1, price: 0.003, plan: apps}
"""
ROWS = [
    job_run("100", JOB_RUN_DATE="2026-03-02"),
    job_run("100", JOB_RUN_DATE="2026-03-03"),
    job_run("100", JOB_RUN_DATE="2026-03-04"),
    job_run("100", JOB_RUN_DATE="2026-03-05"),
    job_run("200", JOB_RUN_DATE="2026-03-05", PROJECT_NAME="api", PROJECT_ID="p2"),
    job_run("7", JOB_RUN_DATE="2026-03-05", PROJECT_NAME="ios", PROJECT_ID="p3"),
]


def focus(folder: Path, settings: str, grain: str = "day") -> list[dict[str, str]]:
    report = report_from_settings(folder, ROWS, settings)
    write_focus(report, folder / "focus.csv", grain=grain)
    with (folder / "focus.csv").open(encoding="utf-8", newline="") as stream:
        return [*csv.DictReader(stream)]


def test_usage_is_billed_as_far_as_no_purchase_paid_for_it(tmp_path: Path) -> None:
    lines = focus(tmp_path, SETTINGS)

    usage = [line for line in lines if line["ChargeCategory"] == "Usage"]
    billed = {
        (line["ChargePeriodStart"][8:10], line["SubAccountName"]): line["BilledCost"]
        for line in usage
    }
    # 250 are drawn from March 3 on. On March 5, 50 are left for 300 credits: 33 and 17.
    assert billed == {
        ("02", "web"): "0.025",
        ("03", "web"): "0.0",
        ("04", "web"): "0.0",
        ("05", "api"): "0.0835",
        ("05", "ios"): "0.018",
        ("05", "web"): "0.0415",
    }
    assert total(usage, "EffectiveCost") == Decimal("0.025") + Decimal("0.0005") * 500 + Decimal(
        "0.021"
    )
    drawn = Decimal(250) * Decimal("0.0005") + 1 * Decimal("0.003")
    assert total(usage, "BilledCost") == total(usage, "EffectiveCost") - drawn


def total(lines: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(line[column]) for line in lines), Decimal(0))


@pytest.mark.parametrize("grain", ["day", "month"])
def test_a_purchase_of_the_period_is_a_row(tmp_path: Path, grain: str) -> None:
    lines = focus(tmp_path, SETTINGS, grain)

    (purchase,) = [line for line in lines if line["ChargeCategory"] == "Purchase"]
    assert (
        purchase
        | {
            "BilledCost": "0.125",
            "EffectiveCost": "0.0",
            "ListCost": "0.15",
            "ContractedCost": "0.125",
            "ContractedUnitPrice": "0.125",
            "PricingQuantity": "1.0",
            "ConsumedQuantity": "",
            "ConsumedUnit": "",
            "ChargeFrequency": "One-Time",
            "ChargePeriodStart": "2026-03-03T00:00:00Z",
            "ChargePeriodEnd": "2026-03-04T00:00:00Z",
            "BillingPeriodStart": "2026-03-01T00:00:00Z",
            "BillingAccountName": "acme",
            "SubAccountName": "",
            "ProviderName": "CircleCI",
            "Tags": '{"plan": "default"}',
        }
        == purchase
    )
    assert total(lines, "BilledCost") == total(lines, "EffectiveCost") - Decimal("0.003")


def test_without_purchases_what_is_billed_is_the_cost(tmp_path: Path) -> None:
    settings = SETTINGS[: SETTINGS.index("purchases:")]

    lines = focus(tmp_path, settings)

    assert {line["ChargeCategory"] for line in lines} == {"Usage"}
    assert all(line["BilledCost"] == line["EffectiveCost"] for line in lines)
