"""Lines of costs sum to the report, by whatever they are grouped."""

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.explore.cost_lines import AMOUNTS, CostLines
from circleci_usage.explore.decoding import decode
from circleci_usage.report import Report
from report_factory import MARCH, report_from_settings
from rows import Row, job_run

SETTINGS = """
pricing:
  - {from: 2026-01-01, price_per_credit: 0.00054}
included_credits: {per: month, amount: 1000}
teams:
  - {name: web, projects: [web, "site-*"]}
  - {name: api, projects: [api]}
shared_costs: {credit_types: [user, storage], split: proportional}
"""


def _rows() -> list[Row]:
    """Job runs of two months: several credit types, seats, a run without any credits."""
    days = ("2026-02-03", "2026-02-27", "2026-03-01", "2026-03-09", "2026-03-30")
    rows: list[Row] = []
    for number, day in enumerate(days, start=1):
        for project in ("web", "api", "site-one", "tools"):
            of_project = {"PROJECT_NAME": project, "PROJECT_ID": project, "JOB_RUN_DATE": day}
            rows += [
                job_run(f"{700 * number}", STORAGE_CREDITS=f"{number}3", **of_project),
                job_run("31", JOB_NAME="lint", JOB_BUILD_STATUS="failed", **of_project),
                job_run("0", JOB_NAME="approve", **of_project),
            ]
    return rows


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return report_from_settings(tmp_path_factory.mktemp("report"), _rows(), SETTINGS)


def _sums(lines: CostLines, by: str, period: Period) -> dict[str, dict[str, Decimal]]:
    """Value of a dimension → its amounts in some days."""
    counts = lines.counts
    is_inside = (counts["date"] >= pd.Timestamp(period.start)) & (
        counts["date"] < pd.Timestamp(period.stop)
    )
    groups = counts[is_inside].groupby(by, observed=True)
    sums: dict[str, dict[str, Decimal]] = {}
    for name in (*AMOUNTS, "job_runs", "type_runs"):
        for value, count in groups[name].sum().items():
            exact = to_decimal(int(count), lines.places[name])
            sums.setdefault(str(value), {})[name] = exact
    return sums


@pytest.mark.parametrize(
    ("breakdown", "by"),
    [
        ("organizations", "organization"),
        ("projects", "project"),
        ("jobs", "job"),
        ("statuses", "status"),
        ("resource_classes", "resource_class"),
    ],
)
def test_each_breakdown_of_the_report_is_a_sum_of_the_lines(
    report: Report, breakdown: str, by: str
) -> None:
    sums = _sums(decode(report.explored), by, report.period)

    expected = report.breakdowns[breakdown].lines.groupby(by)[[*AMOUNTS, "job_runs"]].sum()
    for value, amounts in expected.to_dict("index").items():
        known = sums[str(value)]
        assert {str(name): known[str(name)] for name in amounts} == amounts


def test_a_run_is_in_the_lines_of_each_credit_type_that_it_used(report: Report) -> None:
    sums = _sums(decode(report.explored), "credit_type", report.period)

    lines = report.breakdowns["credit_types"].lines
    expected = dict(zip(lines["credit_type"], lines["job_runs"], strict=True))
    assert {value: sums[value]["type_runs"] for value in expected} == expected
    assert sum(each["job_runs"] for each in sums.values()) == report.totals.job_runs


def test_teams_sum_to_what_they_are_charged_with_their_shares_of_shared_costs(
    report: Report,
) -> None:
    sums = _sums(decode(report.explored), "team", report.period)

    charged = report.breakdowns["teams"].lines.set_index("team")
    assert {team: sums[team]["cost"] for team in charged.index} == charged["cost"].to_dict()
    assert sum(each["cost"] for each in sums.values()) == report.totals.cost


def test_days_before_the_period_are_there_too(report: Report) -> None:
    lines = decode(report.explored)

    assert (lines.days.first, lines.days.last) == (lines.counts["date"].min().date(), MARCH.last)
    assert lines.counts["date"].dt.month.unique().tolist() == [2, 3]
    assert [str(gap) for gap in lines.missing] == ["2026-03-31 to 2026-03-31"]


def test_a_report_without_usage_has_no_lines(tmp_path: Path) -> None:
    lines = decode(report_from_settings(tmp_path, []).explored)

    assert len(lines) == 0
    assert lines.period == MARCH
