"""Cost files by job: each dimension's sums are those of the rows, and of the report."""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.core.periods import Period
from circleci_usage.cost_files.charge_tags import vcs_name
from circleci_usage.cost_files.focus import write_focus
from circleci_usage.cost_files.profiles import PROFILES, write_profile
from circleci_usage.demo.company.company import Company
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import (
    CREDIT_COLUMNS,
    EXPORT_COLUMNS,
    NULL_MARKS,
    credit_type_name,
)
from circleci_usage.schema.report_files import FOCUS_DETAILS
from report_factory import report_from_settings
from rows import Row, job_run

DAYS = Period.of_days(date(2026, 8, 31), date(2026, 9, 1))
PRICES = """\
pricing:
  - {from: 2026-01-01, to: 2026-08-31, price_per_credit: 0.00058}
  - {from: 2026-09-01, price_per_credit: 0.00054, by_credit_type: {storage: 0.0005, user: 0.0006}}
"""
SETTINGS = f"""\
{PRICES}
included_credits: {{per: month, amount: 30000}}
teams:
  - {{name: payments, projects: ["pay-*"], branches: [main, "release/*"]}}
  - {{name: mobile, projects: ["ios-*", "android-*"]}}
shared_costs: {{credit_types: [user], split: even}}
splits: [{{projects: [pay-checkout], among: {{payments: 62.5, mobile: 37.5}}}}]
tags: {{product: [{{value: checkout, projects: ["pay-*"], jobs: [image]}}]}}
"""
OWN = {
    "x_Workflow": "WORKFLOW_NAME",
    "x_Job": "JOB_NAME",
    "x_ResourceClass": "RESOURCE_CLASS",
    "x_Executor": "EXECUTOR",
    "x_OperatingSystem": "OPERATING_SYSTEM",
    "x_Status": "JOB_BUILD_STATUS",
    "x_Trigger": "PIPELINE_TRIGGER_SOURCE",
    "SubAccountId": "PROJECT_ID",
    "BillingAccountName": "ORGANIZATION_NAME",
}
"""Column of FOCUS → the export's."""

Line = Mapping[str, str]


@dataclass(frozen=True)
class Made:
    """Reports on the same rows of the sample company, by day and by job; focus.csv by job."""

    rows: Sequence[Line]
    reports: Mapping[str, Report]
    lines: Sequence[Line]


def named(row: Sequence[str]) -> Line:
    return dict(zip(EXPORT_COLUMNS, row, strict=True))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    company = Company(scale=0.05)
    rows = [row for day in DAYS for row in company.rows(day)]
    folder = tmp_path_factory.mktemp("company")
    reports = {
        detail: report_from_settings(folder, rows, SETTINGS, period=DAYS, focus_detail=detail)
        for detail in FOCUS_DETAILS
    }
    return Made([*map(named, rows)], reports, focus(reports["job"], folder))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Two runs of a job that succeeded on the main branch, one that failed on another."""
    of_main = {"PIPELINE_TRIGGER_SOURCE": "webhook", "VCS_BRANCH": "main"}
    rows = [
        job_run("10", **of_main),
        job_run("5", **of_main),
        job_run("2", JOB_BUILD_STATUS="failed", VCS_BRANCH="fix/1"),
    ]
    return by_job(tmp_path_factory.mktemp("small"), rows)


def read(files: Iterable[Path]) -> list[dict[str, str]]:
    lines: list[dict[str, str]] = []
    for file in files:
        with file.open(encoding="utf-8", newline="") as stream:
            lines += csv.DictReader(stream)
    return lines


def focus(
    report: Report, folder: Path, *, version: str = "1.2", grain: str = "auto"
) -> list[dict[str, str]]:
    write_focus(report, folder / "focus.csv", version, grain=grain)
    return read([folder / "focus.csv"])


def by_job(folder: Path, rows: Sequence[Row], settings: str = "") -> Report:
    return report_from_settings(folder, rows, settings, focus_detail="job")


def sums(
    lines: Iterable[Line], key: Callable[[Line], object], amount: str
) -> dict[object, Decimal]:
    found: defaultdict[object, Decimal] = defaultdict(Decimal)
    for line in lines:
        found[key(line)] += Decimal(line[amount])
    return {name: total for name, total in found.items() if total}


def price(row: Line, kind: str) -> Decimal:
    if row["JOB_RUN_DATE"] < "2026-09":
        return Decimal("0.00058")
    return {"storage": Decimal("0.0005"), "user": Decimal("0.0006")}.get(kind, Decimal("0.00054"))


def contracted(rows: Iterable[Line], column: str) -> dict[object, Decimal]:
    """What the rows cost before included credits, by a column of the export."""
    found: defaultdict[object, Decimal] = defaultdict(Decimal)
    for row in rows:
        name = "" if row[column] in NULL_MARKS else row[column]
        for kind, credits in CREDIT_COLUMNS.items():
            found[name] += Decimal(row[credits]) * price(row, kind)
    return {name: total for name, total in found.items() if total}


@pytest.mark.parametrize("column", OWN)
def test_each_dimension_sums_to_what_its_rows_cost(column: str, made: Made) -> None:
    found = sums(made.lines, lambda line: line[column], "ContractedCost")
    of_rows = contracted(made.rows, OWN[column])
    assert sum(found.values()) == sum(of_rows.values())
    if column == "SubAccountId":
        # Charges without a project go by the name of their credit type.
        del of_rows[""]
        found = {name: found[name] for name in of_rows}
    assert found == of_rows


@pytest.mark.parametrize(
    ("breakdown", "columns"),
    [
        ("resource_classes", ("x_ResourceClass",)),
        ("executors", ("x_OperatingSystem", "x_Executor")),
        ("statuses", ("x_Status",)),
        ("triggers", ("x_Trigger",)),
        ("jobs", ("SubAccountName", "x_Workflow", "x_Job")),
        ("credit_types", ("x_CreditType",)),
        ("projects", ("SubAccountName",)),
    ],
)
def test_each_dimension_sums_to_what_the_report_says(
    breakdown: str, columns: tuple[str, ...], made: Made
) -> None:
    """After included credits; a line that goes by its credit type has no name of its own."""
    report = made.reports["job"]
    lines = report.breakdowns[breakdown].lines
    unnamed = {"organization_id", "organization", "project_id"}
    keys = [key for key in report.breakdowns[breakdown].keys if key not in unnamed]
    types = {"(none)", *(credit_type_name(kind) for kind in CREDIT_COLUMNS)}
    expected: defaultdict[object, Decimal] = defaultdict(Decimal)
    for *names, cost in lines[[*keys, "cost"]].itertuples(index=False, name=None):
        own = zip(columns, names, strict=True)
        shown = ("" if name in types and column[0] == "x" else name for column, name in own)
        expected[tuple(shown)] += cost

    found = sums(made.lines, lambda line: tuple(line[each] for each in columns), "EffectiveCost")

    assert found == {name: cost for name, cost in expected.items() if cost}


@pytest.mark.parametrize(("version", "grain"), [("1.2", "day"), ("1.4", "month")])
def test_details_sum_to_the_same_for_each_project_and_team(
    version: str, grain: str, made: Made, tmp_path: Path
) -> None:
    def key(line: Line) -> tuple[str | None, ...]:
        tags = json.loads(line["Tags"])
        names = ("ChargePeriodStart", "ChargePeriodEnd", "SubAccountName", "SkuPriceId")
        return (tags["team"], tags.get("product"), *(line[name] for name in names))

    by_day, by_job = (
        focus(report, tmp_path, version=version, grain=grain) for report in made.reports.values()
    )
    for amount in ("BilledCost", "ContractedCost", "ListCost", "PricingQuantity"):
        assert sums(by_day, key, amount) == sums(by_job, key, amount)


def test_a_line_is_a_job_with_its_machine_and_outcome(small: Report, tmp_path: Path) -> None:
    failed, success = focus(small, tmp_path)

    assert (success["x_Credits"], failed["x_Credits"]) == ("15.0", "2.0")
    assert (
        success
        | {
            "ResourceId": "22222222-0000-4000-8000-000000000001/build/test",
            "ResourceName": "test",
            "ResourceType": "Job",
            "x_Workflow": "build",
            "x_Job": "test",
            "x_ResourceClass": "medium",
            "x_Executor": "docker",
            "x_OperatingSystem": "linux",
            "x_Branch": "main",
            "x_Status": "success",
            "x_Trigger": "webhook",
        }
        == success
    )
    assert json.loads(success["Tags"]) == {
        "team": "unallocated",
        "project": "web",
        "vcs_url": "https://github.com/acme/web",
        "credit_type": "compute",
        "circleci:organization_id": "11111111-0000-4000-8000-000000000001",
        "circleci:project_id": "22222222-0000-4000-8000-000000000001",
        "circleci:vcs_name": "github",
        "circleci:vcs_url": "https://github.com/acme/web",
        "circleci:vcs_branch": "main",
        "circleci:job_build_status": "success",
        "circleci:workflow": "build",
        "circleci:trigger": "webhook",
    }
    assert (failed["x_Branch"], failed["x_Trigger"]) == ("(other branches)", "")


def test_a_charge_without_a_job_has_no_resource(tmp_path: Path) -> None:
    null = dict.fromkeys(
        ("JOB_NAME", "WORKFLOW_NAME", "RESOURCE_CLASS", "EXECUTOR", "OPERATING_SYSTEM"),
        NULL_MARKS[1],
    )
    rows = [job_run("0", NETWORK_CREDITS="4", **null)]

    (line,) = focus(by_job(tmp_path, rows), tmp_path)

    of_job = [name for name in line if name.startswith(("Resource", "x_"))]
    known = {name: line[name] for name in of_job if line[name]}
    assert known == {"x_CreditType": "network", "x_Credits": "4.0", "x_Status": "success"}


def test_names_with_slashes_are_different_resources_and_no_formulas(tmp_path: Path) -> None:
    names = [("a/b", "c"), ("a", "b/c"), ("=1+1", "@sum"), ("a%2Fb", "c"), ("a\nb", 'é,"')]
    rows = [job_run("1", WORKFLOW_NAME=workflow, JOB_NAME=job) for workflow, job in names]

    lines = focus(by_job(tmp_path, rows), tmp_path)

    assert len({line["ResourceId"] for line in lines}) == len(names)
    assert {"'=1+1", "a/b"} < {line["x_Workflow"] for line in lines}
    assert not any(value.startswith(("=", "@")) for line in lines for value in line.values())


def test_seats_are_one_line_per_billing_period_and_price(tmp_path: Path) -> None:
    seats = {"PROJECT_NAME": NULL_MARKS[1], "PROJECT_ID": NULL_MARKS[1], "JOB_NAME": NULL_MARKS[1]}
    rows = [
        job_run("0", USER_CREDITS=credits, JOB_RUN_DATE=f"2026-03-{day}", **seats)
        for day, credits in (("03", "100"), ("04", "25"), ("20", "7"))
    ]
    settings = "billing_cycle_day: 15"

    for detail in FOCUS_DETAILS:
        rows_and_runs = [job_run("1", JOB_RUN_DATE="2026-03-04"), *rows]
        report = report_from_settings(tmp_path, rows_and_runs, settings, focus_detail=detail)
        lines = focus(report, tmp_path)
        found = [
            (line["x_CreditType"], line["ChargePeriodStart"][:10], line["ChargePeriodEnd"][:10])
            for line in lines
        ]
        assert found == [
            ("user", "2026-02-15", "2026-03-15"),
            ("compute", "2026-03-04", "2026-03-05"),
            ("user", "2026-03-15", "2026-04-15"),
        ]
        assert [line["x_Credits"] for line in lines] == ["125.0", "1.0", "7.0"]
        assert [line["ChargeFrequency"] for line in lines] == [
            *("Recurring", "Usage-Based", "Recurring")
        ]


@pytest.mark.parametrize("name", PROFILES)
def test_tools_get_the_same_costs_in_each_detail(name: str, made: Made, tmp_path: Path) -> None:
    column = {"finout": "Cost", "doit": "metric.cost"}.get(name, "BilledCost")
    found = {}
    for detail, report in made.reports.items():
        folder = tmp_path / detail
        folder.mkdir()
        found[detail] = read(write_profile(report, name, folder))
        assert sum(Decimal(line[column]) for line in found[detail]) == report.totals.cost

    if name == "datadog-costs":
        assert found["day"] == found["job"]
    else:
        assert len(found["job"]) > len(found["day"])
    if name == "doit":
        ids = [line["id"] for line in found["job"]]
        assert len({*ids}) == len(ids)


def test_vantage_gets_what_its_own_integration_has(small: Report, tmp_path: Path) -> None:
    _, line = read(write_profile(small, "vantage", tmp_path))

    tags = json.loads(line["Tags"])
    assert (
        line
        | {
            "ServiceCategory": "linux docker",
            "ServiceName": "Compute",
            "ResourceType": "medium",
            "ResourceId": "web/build/test",
        }
        == line
    )
    assert (tags["circleci:vcs_branch"], tags["circleci:job_build_status"]) == ("main", "success")


def test_vantage_files_by_job_stay_under_its_limits(made: Made, tmp_path: Path) -> None:
    files = write_profile(made.reports["job"], "vantage", tmp_path)

    assert all(file.stat().st_size <= 2_000_000 for file in files)
    assert all(len(read([file])) <= 10_000 for file in files)


def test_finout_gets_jobs_as_dimensions(small: Report, tmp_path: Path) -> None:
    _, line = read(write_profile(small, "finout", tmp_path))

    names = ("workflow", "job", "resource_class", "branch", "circleci_vcs_name")
    assert [line[name] for name in names] == ["build", "test", "medium", "main", "github"]


def test_the_host_of_a_repository_is_known_or_unsaid() -> None:
    urls = {
        "https://github.com/acme/web": "github",
        "https://bitbucket.org/acme/web": "bitbucket",
        "https://gitlab.com/acme/web": "gitlab",
        "https://github.com.example/acme/web": "",
        "//circleci.com/a/b": "",
        "(none)": "",
    }

    assert {url: vcs_name(url) for url in urls} == urls
