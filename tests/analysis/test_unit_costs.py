"""Unit costs: against loops over rows and by hand, for the whole and for teams."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path

import pytest

import run_oracle
import unit_oracle
from circleci_usage.analysis.completeness import ExportedDays
from circleci_usage.analysis.kpis import Kpi
from circleci_usage.analysis.unit_costs import MonthlyUnitCost, UnitCost
from circleci_usage.core.decimals import total
from circleci_usage.core.periods import Period
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import UNKNOWN_USER
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from paths import SHARED
from report_factory import MARCH, report_from_settings, report_of, report_of_usage
from rows import Row, job_run
from run_oracle import Fields

PRICE = "0.0006"
FIRST, DAYS = date(2025, 3, 1), 396
SETTINGS = """
default_branches: [main, develop]
teams:
  - {name: release, branches: ["release/*"]}
  - {name: ops, projects: [web], jobs: ["deploy*"]}
  - {name: web, projects: [web]}
units: {deploy: {jobs: ["deploy-*"]}}
"""
EXPORTED = ExportedDays(complete=(Period.of_days(date(2025, 3, 1), date(2026, 3, 31)),))
SHARED_STORAGE = "shared_costs: {credit_types: [storage], split: proportional}\n"
WITHOUT_DEFAULT_BRANCH = {"release", "ops"}
"""Teams that own no run of a default branch."""

REAL_ROWS = SHARED / "data"


def team_of(row: Fields) -> str:
    if fnmatchcase(row["VCS_BRANCH"] or "", "release/*"):
        return "release"
    if row["PROJECT_NAME"] == "web":
        return "ops" if fnmatchcase(row["JOB_NAME"] or "", "deploy*") else "web"
    return "unallocated"


def generated_rows() -> Iterator[Row]:
    """Thirteen months of pipelines, some of which run past midnight."""
    chance = random.Random(19)
    for number in range(500):
        began = FIRST + timedelta(days=chance.randrange(DAYS - 1))
        project = chance.choice(("web", "api", "docs"))
        branches = {"web": ("main", "develop"), "api": ("develop", "x"), "docs": ("y", "x")}
        common = {
            "PIPELINE_ID": f"p{number}",
            "PROJECT_ID": project,
            "PROJECT_NAME": project,
            "VCS_BRANCH": chance.choice((*branches[project], "release/1")),
            "PIPELINE_TRIGGER_USER_ID": chance.choice(("\\N", "u1", "u2", "u3")),
        }
        for workflow in range(chance.randint(1, 2)):
            for job in ("build", "deploy-eu"):
                day = began + timedelta(days=chance.random() < 0.1)
                yield job_run(
                    str(chance.randint(0, 900)),
                    **common,
                    WORKFLOW_ID=f"w{number}-{workflow}",
                    JOB_NAME=job,
                    JOB_RUN_DATE=f"{day}",
                    JOB_RUN_SECONDS=f"{chance.randint(0, 900)}",
                    STORAGE_CREDITS=str(chance.randint(0, 9)),
                    JOB_BUILD_STATUS=chance.choice(("success",) * 4 + ("failed", "canceled")),
                )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("generated")
    return report_from_settings(folder, generated_rows(), SETTINGS, exported=EXPORTED)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Fields]:
    file = tmp_path_factory.mktemp("rows") / "part.csv.gz"
    write_part(file, generated_rows())
    return run_oracle.read([file])


def months(lines: tuple[MonthlyUnitCost, ...]) -> dict[tuple[str, str, str], MonthlyUnitCost]:
    return {
        (f"{each.month.first:%Y-%m}", each.team or "*", each.unit_cost.unit): each for each in lines
    }


def by_unit(report: Report) -> dict[str, UnitCost]:
    return {each.now.unit: each.now for each in report.findings.unit_costs.period}


def kpis(report: Report) -> dict[str, Kpi]:
    return {kpi.name: kpi for kpi in report.findings.kpis}


def test_months_and_teams_are_those_of_the_rows(report: Report, rows: list[Fields]) -> None:
    counted = unit_oracle.units(rows, team_of, ["main", "develop"], "deploy-*")
    charged = unit_oracle.costs(rows, PRICE, team_of)
    found = report.findings.unit_costs
    lines = months((*found.months, *found.teams))

    assert len(found.months) == 13 * 6
    assert {team for _, team, _ in lines} == {"*", "release", "ops", "web", "unallocated"}
    for (month, team, unit), each in lines.items():
        count = counted.get((month, team), {}).get(unit, Fraction(0))
        cost = charged.get((month, team), Decimal(0))
        assert each.unit_cost.cost == cost
        if team in WITHOUT_DEFAULT_BRANCH and unit == "default_branch_success":
            assert each.unit_cost.count is None
            continue
        assert each.unit_cost.count == unit_oracle.rounded(count), (month, team, unit)
        expected = unit_oracle.rounded(Fraction(cost) / count) if count else None
        assert each.unit_cost.cost_per_unit == expected


def test_months_are_compared_where_both_are_complete(report: Report, rows: list[Fields]) -> None:
    counted = unit_oracle.units(rows, team_of, ["main", "develop"], "deploy-*")
    charged = unit_oracle.costs(rows, PRICE, team_of)
    lines = months(report.findings.unit_costs.months)
    per_pipeline = {}
    for month in ("2025-03", "2026-02", "2026-03"):
        costs = Fraction(charged[month, "*"])
        per_pipeline[month] = costs / counted[month, "*"]["pipeline"]
    now = lines["2026-03", "*", "pipeline"]

    for then, change in (("2026-02", now.change_month), ("2025-03", now.change_year)):
        assert change == unit_oracle.rounded(per_pipeline["2026-03"] / per_pipeline[then] - 1)
    assert lines["2025-03", "*", "pipeline"].change_month is None


def test_shared_costs_are_the_teams_as_well(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, generated_rows(), SETTINGS + SHARED_STORAGE)
    found = report.findings.unit_costs
    for month in found.months:
        of_teams = [
            each.unit_cost.cost
            for each in found.teams
            if each.month == month.month and each.unit_cost.unit == month.unit_cost.unit
        ]
        assert total(cost for cost in of_teams if cost is not None) == month.unit_cost.cost


@pytest.mark.skipif(not REAL_ROWS.is_dir(), reason="the real rows are not here")
def test_the_real_rows() -> None:
    period = Period.of_days(date(2024, 11, 10), date(2024, 11, 18))
    files = sorted(REAL_ROWS.glob("*.csv.gz"))
    usage = read_daily_usage(find_parts(files).parts, period=period)
    report = report_of_usage(usage, period, datetime(2024, 12, 1, tzinfo=UTC))
    found = by_unit(report)
    counted = unit_oracle.units(
        run_oracle.read(files), lambda _: "", ["main", "master", "trunk", "develop"], ""
    )

    assert found["pipeline"].count == 190
    assert found["pipeline"].cost == Decimal("107.4588")
    assert found["pipeline"].cost_per_unit == Decimal("0.565573")
    for unit, each in found.items():
        assert each.count == unit_oracle.rounded(counted["2024-11", "*"][unit])


def of_pipeline(pipeline: str, day: str, **changes: str) -> Row:
    names = {"PIPELINE_ID": pipeline, "WORKFLOW_ID": f"w{pipeline}", "VCS_BRANCH": "main"}
    return job_run("100", **{**names, "JOB_RUN_DATE": day, **changes})


def test_a_pipeline_counts_in_the_month_it_begins() -> None:
    rows = [
        of_pipeline("a", "2026-02-01"),
        of_pipeline("b", "2026-02-28"),
        of_pipeline("b", "2026-03-01"),
        of_pipeline("c", "2026-03-31"),
    ]
    lines = months(report_of(rows).findings.unit_costs.months)

    for unit in ("pipeline", "workflow_run", "default_branch_success"):
        assert lines["2026-02", "*", unit].unit_cost.count == 2
        assert lines["2026-03", "*", unit].unit_cost.count == 1
    assert lines["2026-03", "*", "pipeline"].unit_cost.cost_per_unit == Decimal("0.12")
    assert lines["2026-03", "*", "pipeline"].change_month == Decimal(1)
    assert lines["2026-03", "*", "build_minute"].unit_cost.cost_per_unit == Decimal("0.06")


def test_what_is_not_known() -> None:
    rows = [
        of_pipeline("a", "2026-03-01", VCS_BRANCH="x"),
        of_pipeline("b", "2026-03-31", VCS_BRANCH="y"),
    ]
    found = by_unit(report_of(rows))

    assert found["default_branch_success"].count is None
    assert found["default_branch_success"].cost_per_unit is None
    assert found["active_user"].count == 0
    assert found["active_user"].cost_per_unit is None
    assert found["workflow_run"].cost_per_unit == Decimal("0.06")


def test_a_charge_for_a_seat_does_not_make_its_user_active() -> None:
    no_project = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME"), "\\N")
    seat = job_run("0", **no_project, USER_CREDITS="25000", PIPELINE_TRIGGER_USER_ID="gone")
    pushed = of_pipeline("a", "2026-03-01", PIPELINE_TRIGGER_USER_ID="u")

    assert by_unit(report_of([pushed, seat]))["active_user"].count == 1


def test_users_of_facts_that_do_not_name_them_are_not_known(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    report_from_settings(tmp_path, [of_pipeline("a", "2026-03-01", PIPELINE_TRIGGER_USER_ID="u")])
    usage = read_daily_usage(find_parts([folder]).parts, period=MARCH)
    unknown = usage.user_runs["user"].cat.rename_categories([UNKNOWN_USER])
    earlier = replace(usage, user_runs=usage.user_runs.assign(user=unknown))

    assert by_unit(report_of_usage(usage))["active_user"].count == 1
    assert by_unit(report_of_usage(earlier))["active_user"].count is None


def test_days_without_a_price_have_no_unit_costs(tmp_path: Path) -> None:
    rows = [of_pipeline("a", "2026-03-01"), of_pipeline("b", "2026-03-31")]
    prices = "pricing: [{from: 2026-03-02, price_per_credit: 0.0006}]"
    report = report_from_settings(tmp_path, rows, prices, allow_unpriced=True)

    assert by_unit(report)["pipeline"].count == 2
    assert by_unit(report)["pipeline"].cost_per_unit is None
    assert not report.findings.unit_costs.months[0].is_complete


def test_an_unfinished_month_is_compared_over_its_complete_days(tmp_path: Path) -> None:
    """Three pipelines in ten days of February, five in ten days of March, at the same cost each."""
    rows = [of_pipeline(f"a{day}", f"2026-02-{day:02}") for day in (1, 5, 8, 25)]
    rows += [of_pipeline(f"b{day}", f"2026-03-{day:02}") for day in (1, 2, 3, 4, 10)]
    now = datetime(2026, 3, 11, 9, tzinfo=UTC)
    report = report_from_settings(tmp_path, rows, now=now)
    (pipeline, *_) = report.findings.unit_costs.period

    assert pipeline.now.count == 5
    assert pipeline.before is not None
    assert pipeline.before.count == 3
    assert pipeline.previous == Decimal("0.06")
    assert pipeline.change == 0
    assert not report.findings.unit_costs.months[-1].is_complete


def test_kpis_are_those_of_the_sections(report: Report) -> None:
    found = kpis(report)
    durations = report.findings.durations.workflows
    succeeded = sum(each.succeeded for each in durations)
    finished = sum(each.runs - each.canceled for each in durations)
    comparison = report.findings.period_comparison

    assert [*found] == [
        "cost",
        "cost_per_pipeline",
        "cost_per_deploy",
        "success_rate",
        "cost_per_active_user",
    ]
    assert found["success_rate"].value == unit_oracle.rounded(Fraction(succeeded, finished))
    assert found["cost"].value == report.totals.cost
    assert comparison is not None
    assert found["cost"].change == comparison.total.relative_change
    assert found["cost_per_deploy"].value == by_unit(report)["deploy"].cost_per_unit
    assert len(found["cost_per_pipeline"].trend) == 13
    assert found["cost"].trend[-1].value == report.totals.cost


def test_the_trend_is_of_days_where_there_are_few_months() -> None:
    rows = [of_pipeline(f"{day}", f"2026-03-{day:02}") for day in range(1, 32, 2)]
    trend = kpis(report_of(rows))["cost_per_pipeline"].trend

    assert len(trend) == 31
    assert [each.value for each in trend[:3]] == [Decimal("0.06"), None, Decimal("0.06")]
