"""What jobs save that moved to another class, calculated a second time from the rows."""

import csv
import io
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.savings.realized import RealizedSavings, realized_savings
from circleci_usage.core.periods import Period
from circleci_usage.costs.resource_rates import public_rates
from circleci_usage.outputs import write_report
from circleci_usage.report import Report
from handmade_costs import cost_line, costs_of
from report_factory import report_from_settings
from rows import Row, job_run

PRICES = """
currency: USD
pricing:
  - {from: 2026-01-01, to: 2026-02-28, price_per_credit: 0.0006}
  - {from: 2026-03-01, price_per_credit: 0.0005}
teams:
  - {name: web, projects: [web]}
"""
PRICE = Decimal("0.0005")
A_MONTH = Decimal("30.4375")
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
PERIOD = Period.of_days(MARCH, date(2026, 3, 31))
DAYS = ReportDays(PERIOD, (PERIOD,), PERIOD.last, (), PERIOD.last)

Line = dict[str, object]


def line(day: date, resource_class: str, credits: int = 100, runs: int = 1) -> Line:
    """Runs of a job of a day on a VM, at 0.01 a credit."""
    where = {"executor": "machine", "resource_class": resource_class}
    return cost_line(credits, credits=credits, date=day, job_runs=runs, **where)


def days(first: date, number: int) -> list[date]:
    return [first + timedelta(days=day) for day in range(number)]


def found(*lines: Line) -> RealizedSavings:
    return realized_savings(costs_of(*lines), DAYS, public_rates())


def moved(before: str, after: str, credits: int, since: int) -> list[Line]:
    """A run a day on a class in the four weeks before March 11, then on another one."""
    return [
        *(line(day, before, credits) for day in days(date(2026, 2, 11), 28)),
        *(line(day, after, since) for day in days(date(2026, 3, 11), 21)),
    ]


def test_a_cheaper_class_saves_what_the_runs_use_less_and_the_rates_predict_it() -> None:
    (saving,) = found(*moved("xlarge", "xlarge.gen2", 1000, 700)).changes

    assert saving.changed_on == date(2026, 3, 11)
    assert (saving.before.resource_class, saving.after.resource_class) == ("xlarge", "xlarge.gen2")
    assert (saving.runs_before, saving.runs_after) == (28, 21)
    assert saving.saved_credits == 9131  # 300 a run, 30.4375 runs a month
    assert saving.saved == Decimal("91.31")
    assert saving.predicted_credits == 8522  # 280 a run
    assert saving.predicted == Decimal("85.22")


def test_where_it_got_worse_the_saving_is_negative() -> None:
    slower = found(*moved("xlarge", "xlarge.gen2", 1000, 1100))
    back = found(*moved("xlarge.gen2", "xlarge", 720, 1000))

    assert slower.saved_credits < 0 < slower.predicted_credits
    assert back.saved_credits == back.changes[0].predicted_credits == -8522


def test_a_change_before_the_period_saves_at_the_runs_of_the_period() -> None:
    (saving,) = found(
        *(line(day, "xlarge", 1000) for day in days(date(2026, 1, 1), 20)),
        *(line(day, "xlarge.gen2", 720, runs=1) for day in days(date(2026, 1, 21), 39)),
        *(line(day, "xlarge.gen2", 1440, runs=2) for day in days(MARCH, 31)),
    ).changes

    assert saving.changed_on == date(2026, 1, 21)
    assert (saving.runs_before, saving.runs_after) == (20, 62)
    assert saving.saved_credits == saving.predicted_credits == 17045


def test_only_the_last_change_counts() -> None:
    (saving,) = found(
        *(line(day, "2xlarge", 2000) for day in days(FEBRUARY, 10)),
        *(line(day, "xlarge", 1000) for day in days(date(2026, 2, 11), 28)),
        *(line(day, "xlarge.gen2", 720) for day in days(date(2026, 3, 11), 21)),
    ).changes

    assert saving.before.resource_class == "xlarge"


def test_branches_without_the_change_and_a_trial_hide_it_not() -> None:
    (saving,) = found(
        line(date(2026, 2, 20), "xlarge.gen2", 1, runs=2),
        line(date(2026, 3, 20), "xlarge", 1, runs=4),
        *moved("xlarge", "xlarge.gen2", 1000, 720),
    ).changes

    assert saving.changed_on == date(2026, 3, 11)
    assert saving.credits_per_run_before == 1000
    assert saving.credits_per_run_after == 720


@pytest.mark.parametrize(
    "lines",
    [
        [line(day, "xlarge") for day in days(FEBRUARY, 59)],
        [line(day, name) for day in days(FEBRUARY, 59) for name in ("xlarge", "xlarge.gen2")],
        [line(day, ("xlarge", "large")[day.day % 2]) for day in days(FEBRUARY, 59)],
        moved("xlarge.gen2", "xlarge-gen2", 720, 720),
        moved("windows.large", "windows.medium", 720, 720),
        moved("xlarge", "acme/own", 720, 720),
        [
            *(line(day, "xlarge") for day in days(FEBRUARY, 55)),
            *(line(day, "large") for day in days(date(2026, 3, 28), 4)),
        ],
        [
            *(line(day, "xlarge") for day in days(date(2026, 1, 1), 20)),
            *(line(day, "large") for day in days(FEBRUARY, 20)),
        ],
    ],
    ids=["one", "both", "turns", "spelling", "no rate", "own", "too few", "not in the period"],
)
def test_nothing_is_said_without_a_change_of_the_rate_that_enough_runs_show(
    lines: list[Line],
) -> None:
    assert found(*lines).changes == ()


CREDITS = st.lists(st.integers(1, 5000), min_size=59, max_size=59)


@given(CREDITS, st.sampled_from(["xlarge", "xlarge.gen2", "medium"]))
def test_a_job_that_keeps_its_class_saves_nothing(credits: list[int], name: str) -> None:
    each = zip(days(FEBRUARY, 59), credits, strict=True)
    assert found(*(line(day, name, used) for day, used in each)).changes == ()


@given(CREDITS, st.integers(1, 1000))
def test_a_changed_price_is_no_saving(credits: list[int], before: int) -> None:
    """Whatever a credit cost before the period; in it, it costs 0.01."""
    each = zip(days(FEBRUARY, 59), credits, strict=True)
    lines = [
        line(day, "xlarge" if day < date(2026, 3, 8) else "xlarge.gen2", used) for day, used in each
    ]
    others = [
        {**one, "contracted_cost": one["credits"] * before}  # type: ignore[operator]
        if one["date"] < MARCH  # type: ignore[operator]
        else one
        for one in lines
    ]

    assert found(*others) == found(*lines)
    saving = found(*lines).changes[0]
    assert abs(saving.saved - saving.saved_credits / 100) <= Decimal("0.005")


def runs_of(job: str, first: date, number: int, name: str, credits: int) -> list[Row]:
    return [
        job_run(
            str(credits),
            JOB_NAME=job,
            JOB_RUN_DATE=str(day),
            EXECUTOR="machine",
            RESOURCE_CLASS=name,
        )
        for day in days(first, number)
    ]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Three jobs with a run a day of February and March; two moved to another class."""
    rows = [
        *runs_of("compact", FEBRUARY, 33, "xlarge", 1003),
        *runs_of("compact", date(2026, 3, 6), 26, "xlarge.gen2", 709),
        *runs_of("e2e", FEBRUARY, 28, "large", 200),
        *runs_of("e2e", MARCH, 31, "large.gen2", 301),
        *runs_of("lint", FEBRUARY, 59, "medium", 10),
    ]
    return report_from_settings(tmp_path_factory.mktemp("moved"), rows, PRICES)


def expected(before: int, after: int, runs: int, in_days: int) -> tuple[Decimal, Decimal]:
    a_month = (Decimal(before) - after) * runs * A_MONTH / in_days
    cost = (a_month * PRICE).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    return a_month.quantize(Decimal(1), ROUND_HALF_EVEN), cost


def test_tables_summary_and_page_have_it(report: Report, tmp_path: Path) -> None:
    write_report(report, tmp_path / "report")
    text = (tmp_path / "report" / "tables" / "realized_savings.csv").read_text(encoding="utf-8")
    lines = [*csv.DictReader(io.StringIO(text))]
    saved = {
        each["job"]: (Decimal(each["saved_credits_a_month"]), Decimal(each["saved_a_month"]))
        for each in lines
    }

    assert saved == {"compact": expected(1003, 709, 26, 26), "e2e": expected(200, 301, 31, 31)}
    assert [each["job"] for each in lines] == ["compact", "e2e"]
    total = sum((cost for _, cost in saved.values()), Decimal(0))
    assert report.findings.realized_savings.saved == total
    assert report.findings.kpis[-1].value == total
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert 'id="realized-savings"' in page
    markdown = (tmp_path / "report" / "summary.md").read_text(encoding="utf-8")
    assert "2 jobs that moved to another resource class save $2.93 a month" in markdown


def test_a_report_without_changes_does_not_mention_it(tmp_path: Path) -> None:
    rows = runs_of("lint", FEBRUARY, 59, "medium", 10)
    report = report_from_settings(tmp_path, rows, PRICES)
    write_report(report, tmp_path / "report")

    assert len(report.findings.kpis) == 5
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "ealized savings" not in page
