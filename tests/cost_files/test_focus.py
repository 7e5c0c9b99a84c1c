import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.cost_files.focus import write_focus
from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.schema.report_files import FOCUS_VERSIONS
from report_factory import report_from_settings
from rows import Row, job_run

SETTINGS = """\
list_price_per_credit: 0.0006
pricing:
  - {from: 2026-01-01, to: 2026-03-09, price_per_credit: 0.0005}
  - {from: 2026-03-10, price_per_credit: 0.0004, by_credit_type: {storage: 0.0003}}
included_credits: {per: month, amount: 5}
teams: [{name: payments, projects: [web]}]
tags: {cost_center: {payments: "4711"}}
"""
ROWS = [
    job_run("12.5"),
    job_run("100", JOB_RUN_DATE="2026-03-31", STORAGE_CREDITS="7"),
    job_run("3", PROJECT_NAME="=1+1", PROJECT_ID="p2", VCS_URL=NULL_MARKS[1]),
]


def focus(
    folder: Path, rows: list[Row], settings: str = SETTINGS, version: str = "1.2"
) -> list[dict[str, str]]:
    report = report_from_settings(folder, rows, settings, allow_unpriced=True)
    write_focus(report, folder / "focus.csv", version)
    with (folder / "focus.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    for column, total in {
        "BilledCost": report.totals.cost,
        "EffectiveCost": report.totals.cost,
        "ContractedCost": report.totals.contracted_cost,
        "ListCost": report.totals.list_cost,
        "ConsumedQuantity": report.totals.credits - report.totals.unpriced_credits,
    }.items():
        assert sum(Decimal(line[column]) for line in lines) == total
    return lines


def test_a_line_is_a_day_a_project_and_a_credit_type(tmp_path: Path) -> None:
    lines = focus(tmp_path, ROWS)

    names = [
        (line["ChargePeriodStart"], line["SubAccountName"], line["x_CreditType"]) for line in lines
    ]
    assert names == [
        ("2026-03-02T00:00:00Z", "web", "compute"),
        ("2026-03-02T00:00:00Z", "'=1+1", "compute"),
        ("2026-03-31T00:00:00Z", "web", "compute"),
        ("2026-03-31T00:00:00Z", "web", "storage"),
    ]
    storage = lines[-1]
    assert (
        storage
        | {
            "ChargePeriodEnd": "2026-04-01T00:00:00Z",
            "BillingPeriodStart": "2026-03-01T00:00:00Z",
            "BillingPeriodEnd": "2026-04-01T00:00:00Z",
            "BillingAccountName": "acme",
            "ListUnitPrice": "0.0006",
            "ListCost": "0.0042",
            "ContractedUnitPrice": "0.0003",
            "ContractedCost": "0.0021",
            "BilledCost": "0.0021",
            "PricingQuantity": "7.0",
            "SkuMeter": "Storage",
            "SkuPriceId": "storage@0.0003",
            "InvoiceId": "",
        }
        == storage
    )


def test_the_billing_period_begins_on_the_day_of_the_billing_cycle(tmp_path: Path) -> None:
    lines = focus(tmp_path, ROWS[:2], "billing_cycle_day: 15")

    periods = [(line["BillingPeriodStart"][:10], line["BillingPeriodEnd"][:10]) for line in lines]
    assert periods == [("2026-02-15", "2026-03-15"), *[("2026-03-15", "2026-04-15")] * 2]


def test_included_credits_lower_what_is_billed(tmp_path: Path) -> None:
    first = focus(tmp_path, [job_run("12.5")])[0]

    assert (first["ContractedCost"], first["EffectiveCost"]) == ("0.00625", "0.00375")


def test_tags_allow_costs_to_be_allocated(tmp_path: Path) -> None:
    tags = [json.loads(line["Tags"]) for line in focus(tmp_path, ROWS)[:2]]

    assert tags == [
        {
            "team": "payments",
            "project": "web",
            "vcs_url": "https://github.com/acme/web",
            "credit_type": "compute",
            "circleci:organization_id": "11111111-0000-4000-8000-000000000001",
            "circleci:project_id": "22222222-0000-4000-8000-000000000001",
            "circleci:vcs_name": "github",
            "circleci:vcs_url": "https://github.com/acme/web",
            "cost_center": "4711",
        },
        {
            "team": "unallocated",
            "project": "=1+1",
            "credit_type": "compute",
            "circleci:organization_id": "11111111-0000-4000-8000-000000000001",
            "circleci:project_id": "p2",
        },
    ]


def test_without_a_list_price_the_contract_price_is_listed(tmp_path: Path) -> None:
    settings = "pricing: [{from: 2026-01-01, price_per_credit: 0.0005}]"

    line = focus(tmp_path, [job_run("10")], settings)[0]

    assert (line["ListUnitPrice"], line["ListCost"]) == ("0.0005", "0.005")


def test_credits_without_a_price_have_no_line(tmp_path: Path) -> None:
    settings = "pricing: [{from: 2026-03-05, price_per_credit: 0.0005}]"

    lines = focus(tmp_path, ROWS, settings)

    assert {line["ChargePeriodStart"][:10] for line in lines} == {"2026-03-31"}


def test_the_versions_name_the_seller_in_their_own_columns(tmp_path: Path) -> None:
    sellers = {
        version: {
            name
            for name, value in focus(tmp_path, ROWS, version=version)[0].items()
            if value == "CircleCI"
        }
        for version in FOCUS_VERSIONS
    }

    common = {"ServiceName", "InvoiceIssuerName"}
    assert sellers == {
        "1.2": common | {"ProviderName", "PublisherName"},
        "1.4": common | {"ServiceProviderName", "HostProviderName"},
    }


@pytest.mark.parametrize("version", FOCUS_VERSIONS)
def test_no_usage_is_a_header(tmp_path: Path, version: str) -> None:
    assert focus(tmp_path, [], version=version) == []
    header = (tmp_path / "focus.csv").read_text(encoding="utf-8")
    assert "BilledCost" in header
    assert header.count("\n") == 1
