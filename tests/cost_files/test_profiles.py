import csv
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.cost_files.profiles import PROFILES, write_profile
from circleci_usage.push.datadog.cost_file import cost_file
from circleci_usage.report_folder.reader import read_report_folder
from circleci_usage.schema.export_columns import NULL_MARKS
from report_factory import MARCH, report_from_settings
from report_folders import report_folder
from rows import Row, job_run

SETTINGS = """\
teams:
  - {name: payments, projects: [web], jobs: ["test"]}
  - {name: mobile, projects: [web]}
tags: {cost_center: {payments: "4711"}}
"""
ROWS = [
    job_run("12.5", STORAGE_CREDITS="2"),
    job_run("30", JOB_NAME="deploy"),
    job_run("100", JOB_RUN_DATE="2026-03-31"),
    job_run("3", PROJECT_NAME="=1+1", PROJECT_ID="p2", VCS_URL=NULL_MARKS[1]),
]
COSTS = {
    "vantage": "BilledCost",
    "finout": "Cost",
    "doit": "metric.cost",
    "datadog-costs": "BilledCost",
}


def lines_in(files: Iterable[Path]) -> list[dict[str, str]]:
    lines: list[dict[str, str]] = []
    for file in files:
        with file.open(encoding="utf-8", newline="") as stream:
            lines += csv.DictReader(stream)
    return lines


def exported(
    folder: Path, name: str, rows: list[Row], settings: str = SETTINGS
) -> list[dict[str, str]]:
    report = report_from_settings(folder, rows, settings)
    lines = lines_in(write_profile(report, name, folder))
    assert sum(Decimal(line[COSTS[name]]) for line in lines) == report.totals.cost
    return lines


def test_vantage_gets_credit_types_as_services(tmp_path: Path) -> None:
    line = exported(tmp_path, "vantage", ROWS)[1]

    assert json.loads(line.pop("Tags"))["cost_center"] == "4711"
    assert line == {
        "ChargePeriodStart": "2026-03-02",
        "ChargeCategory": "Usage",
        "BilledCost": "0.0075",
        "BillingCurrency": "USD",
        "BillingAccountId": "11111111-0000-4000-8000-000000000001",
        "BillingAccountName": "acme",
        "SubAccountId": "22222222-0000-4000-8000-000000000001",
        "SubAccountName": "web",
        "ServiceCategory": "Developer Tools",
        "ServiceName": "Compute",
        "ConsumedQuantity": "12.5",
        "ConsumedUnit": "Credits",
    }


def of_many_projects(count: int, **names: str) -> list[Row]:
    """A job run of each project on each day of the month."""
    return [
        job_run("1", JOB_RUN_DATE=f"2026-03-{day:02}", PROJECT_ID=str(number), **names)
        for day in range(1, 32)
        for number in range(count)
    ]


def test_vantage_files_stay_under_its_limit_of_bytes(tmp_path: Path) -> None:
    rows = of_many_projects(150, PROJECT_NAME="long name " * 20)

    files = write_profile(report_from_settings(tmp_path, rows), "vantage", tmp_path)

    assert [file.name for file in files] == ["vantage-001.csv", "vantage-002.csv"]
    assert 1_990_000 < files[0].stat().st_size <= 2_000_000
    assert len(lines_in(files)) == len(rows)


def test_vantage_files_stay_under_its_limit_of_rows(tmp_path: Path) -> None:
    short = {
        "PROJECT_NAME": "p",
        "ORGANIZATION_ID": NULL_MARKS[1],
        "ORGANIZATION_NAME": "o",
        "VCS_URL": NULL_MARKS[1],
    }

    files = write_profile(
        report_from_settings(tmp_path, of_many_projects(330, **short)), "vantage", tmp_path
    )

    assert [len(lines_in([file])) for file in files] == [10_000, 230]


def test_finout_gets_a_day_a_cost_and_dimensions_all_quoted(tmp_path: Path) -> None:
    lines = exported(tmp_path, "finout", ROWS)

    assert (
        (tmp_path / "finout-001.csv")
        .read_text()
        .startswith('"UsageDate","Cost","Currency","Credits","Service"')
    )
    assert [
        (line["UsageDate"], line["team"], line["cost_center"])
        for line in lines
        if line["project"] == "web"
    ] == [
        ("2026-03-02", "mobile", ""),
        ("2026-03-02", "payments", "4711"),
        ("2026-03-02", "payments", "4711"),
        ("2026-03-31", "payments", "4711"),
    ]


def test_doit_gets_ids_that_stay_when_teams_and_prices_change(tmp_path: Path) -> None:
    before = exported(tmp_path, "doit", ROWS)
    after = exported(tmp_path, "doit", ROWS, "list_price_per_credit: 0.001")

    assert [line["id"] for line in before] == [line["id"] for line in after]
    assert len({line["id"] for line in before}) == len(before) == 4
    assert [line["label.team"] for line in before if line["metric.usage"] == "42.5"] == ["several"]


def test_doit_reads_timestamps_and_line_ends_of_its_own(tmp_path: Path) -> None:
    lines = exported(tmp_path, "doit", ROWS)

    assert lines[0]["usage_date"] == "2026-03-02T00:00:00Z"
    assert b"\r\n" in (tmp_path / "doit-001.csv").read_bytes()


def test_doit_takes_nothing_older_than_a_year(tmp_path: Path) -> None:
    period = Period(date(2025, 3, 1), MARCH.stop)

    with pytest.raises(SettingsError, match="report on days from 2025-04-02 on"):
        write_profile(report_from_settings(tmp_path, ROWS, period=period), "doit", tmp_path)


def test_datadog_gets_its_columns_in_order_and_nothing_blank(tmp_path: Path) -> None:
    lines = exported(tmp_path, "datadog-costs", ROWS)

    required = [
        "ProviderName",
        "ChargeDescription",
        "ChargePeriodStart",
        "ChargePeriodEnd",
        "BilledCost",
    ]
    assert list(lines[0])[:6] == [*required, "BillingCurrency"]
    assert all(line["ChargePeriodStart"] == line["ChargePeriodEnd"] for line in lines)
    assert all(value for line in lines for value in line.values())


def test_datadog_values_are_cut_at_their_limit(tmp_path: Path) -> None:
    lines = exported(tmp_path, "datadog-costs", [job_run(PROJECT_NAME="x" * 1_500)])

    assert lines[0]["project"] == "x" * 192


def test_datadog_takes_only_dollars(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, ROWS, "currency: EUR\nlist_price_per_credit: 0.0005")

    with pytest.raises(SettingsError, match="in USD only, but the costs are in EUR"):
        write_profile(report, "datadog-costs", tmp_path)


def test_datadog_names_are_the_tags_that_push_sends(tmp_path: Path) -> None:
    lines = exported(tmp_path, "datadog-costs", ROWS)

    assert [line["project"] for line in lines] == ["1_1", "web", "web", "web", "web"]
    assert (
        lines[3] | {"team": "payments", "cost_center": "4711", "exported_by": "circleci-usage"}
        == lines[3]
    )


def test_a_person_uploads_the_very_lines_that_push_sends(tmp_path: Path) -> None:
    """Also where names would be the same tag, and where some of them have no price."""
    settings = """\
pricing: [{from: 2026-03-10, price_per_credit: 0.0005}]
teams: [{name: Web, projects: [web]}, {name: web, projects: [WEB]}]
tags: {cost_center: {Web: "=4711", web: "4711"}}
"""
    names = ("web", "WEB", "=web", "we\rb")
    rows = [
        job_run(str(number + 1), PROJECT_NAME=name, PROJECT_ID=name, JOB_RUN_DATE="2026-03-20")
        for number, name in enumerate(names)
    ]
    unpriced = job_run("9", PROJECT_NAME="Web", PROJECT_ID="unpriced")
    folder, report = report_folder(tmp_path, [*rows, unpriced], settings, allow_unpriced=True)

    sent = cost_file(read_report_folder(folder), MARCH.last)
    uploaded = lines_in(write_profile(report, "datadog-costs", tmp_path))

    assert [line.columns | line.values for line in sent.lines] == uploaded
    assert len({line["project"] for line in uploaded}) == len(names)


@pytest.mark.parametrize("name", sorted(PROFILES.keys() - {"datadog-costs"}))
def test_hostile_names_are_no_formulas(tmp_path: Path, name: str) -> None:
    lines = exported(
        tmp_path, name, [job_run(PROJECT_NAME="=HYPERLINK(1)", ORGANIZATION_NAME="@acme")]
    )

    cells = {value for line in lines for column, value in line.items() if column != "Tags"}
    assert "'=HYPERLINK(1)" in cells
    assert "'@acme" in cells


@pytest.mark.parametrize("name", PROFILES)
def test_no_usage_is_no_file(tmp_path: Path, name: str) -> None:
    assert write_profile(report_from_settings(tmp_path, []), name, tmp_path) == ()
