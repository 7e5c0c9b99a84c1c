from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.analysis.breakdowns import Amount
from circleci_usage.core.decimals import total
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.costs.pricing import PriceList, PricePeriod
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from hypothesis_profiles import examples
from report_factory import LIST_PRICES, MARCH, NOW, report_of_usage
from rows import Row, job_run


def report_on(
    folder: Path,
    rows: list[Row],
    *,
    period: Period = MARCH,
    prices: PriceList = LIST_PRICES,
    now: datetime = NOW,
) -> Report:
    write_part(folder / "part.csv.gz", rows)
    usage = read_daily_usage(find_parts([folder]).parts)
    return report_of_usage(usage, period, now, prices=prices)


rows = st.lists(
    st.builds(
        lambda compute, storage, job, day, organization: job_run(
            str(compute),
            STORAGE_CREDITS=f"{storage:f}",
            JOB_NAME=job,
            JOB_RUN_DATE=f"2026-03-{day:02}",
            ORGANIZATION_ID=organization,
            ORGANIZATION_NAME=f"org {organization}",
        ),
        st.integers(0, 10**9),
        st.decimals(0, 10**6, places=4),
        st.sampled_from(["test", "lint", NULL_MARKS[1]]),
        st.integers(1, 31),
        st.sampled_from("ab"),
    ),
    max_size=25,
)


@settings(max_examples=examples(25))
@given(rows=rows, price=st.decimals(0, 1, places=12))
def test_every_breakdown_sums_to_the_totals_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], price: Decimal
) -> None:
    report = report_on(tmp_path_factory.mktemp("parts"), rows, prices=PriceList.flat(price))

    credits = total(Decimal(row[EXPORT_COLUMNS.index("TOTAL_CREDITS")]) for row in rows)
    assert (report.totals.credits, report.totals.job_runs) == (credits, len(rows))
    assert report.totals.cost == total(Decimal(row[-1]) * price for row in rows)
    for breakdown in report.breakdowns.values():
        assert total(breakdown.lines["credits"]) == report.totals.credits
        assert total(breakdown.lines["cost"]) == report.totals.cost
        if breakdown.name != "credit_types":
            assert breakdown.lines["job_runs"].sum() == len(rows)
    assert total(report.charges["cost"]) == report.totals.cost


def test_most_expensive_lines_come_first_and_days_in_order(tmp_path: Path) -> None:
    report = report_on(
        tmp_path,
        [
            job_run("5", JOB_NAME="cheap", JOB_RUN_DATE="2026-03-09"),
            job_run("50", JOB_NAME="expensive", JOB_RUN_DATE="2026-03-10"),
            job_run("0", JOB_NAME="free", JOB_RUN_DATE="2026-03-08"),
        ],
    )

    jobs = report.breakdowns["jobs"].lines
    assert jobs[["job", "cost", "share"]].to_numpy().tolist() == [
        ["expensive", Decimal("0.0300"), Decimal("0.909091")],
        ["cheap", Decimal("0.0030"), Decimal("0.090909")],
        ["free", 0, 0],
    ]
    assert [day.day for day in report.breakdowns["daily"].lines["date"]] == [8, 9, 10]


def test_only_the_period_is_reported_and_compared_with_the_previous_one(tmp_path: Path) -> None:
    days = {
        "2026-01-31": "1000",
        "2026-02-01": "10",
        "2026-02-28": "20",
        "2026-03-01": "1",
        "2026-03-31": "2",
    }
    report = report_on(
        tmp_path, [job_run(credits, JOB_RUN_DATE=day) for day, credits in days.items()]
    )

    assert report.totals.credits == 3
    assert report.previous is not None
    assert str(report.previous.period) == "2026-02-01 to 2026-02-28"
    assert report.previous.totals.credits == 30


def test_half_a_previous_period_does_not_count(tmp_path: Path) -> None:
    report = report_on(
        tmp_path, [job_run(JOB_RUN_DATE=day) for day in ("2026-02-20", "2026-03-01")]
    )

    assert report.previous is None


@pytest.mark.parametrize(
    ("last_day", "now", "through"),
    [
        ("2026-03-31", NOW, date(2026, 3, 31)),
        ("2026-03-20", NOW, date(2026, 3, 20)),
        ("2026-03-20", datetime(2026, 3, 20, 9, tzinfo=UTC), date(2026, 3, 19)),
    ],
)
def test_today_is_never_complete(
    tmp_path: Path, last_day: str, now: datetime, through: date
) -> None:
    assert (
        report_on(tmp_path, [job_run(JOB_RUN_DATE=last_day)], now=now).complete_through == through
    )


def test_a_report_without_usage_says_so(tmp_path: Path) -> None:
    report = report_on(tmp_path, [])

    assert report.totals == Amount(Decimal(0), Decimal(0), 0)
    assert report.complete_through is None
    assert report.warnings == ("No usage found for 2026-03-01 to 2026-03-31.",)


def test_credits_without_a_day_are_shown_with_a_warning(tmp_path: Path) -> None:
    seats = job_run("0", USER_CREDITS="25000", JOB_RUN_DATE=NULL_MARKS[1])

    report = report_on(tmp_path, [seats, job_run("10")])

    assert report.totals.credits == 25010
    assert report.breakdowns["daily"].lines["date"].max().date() == MARCH.last
    assert report.warnings == (
        "1 row has no day; it is shown on 2026-03-31, the last day of the period.",
    )


def test_totals_that_do_not_add_up_are_a_warning(tmp_path: Path) -> None:
    report = report_on(tmp_path, [job_run("10", total="12"), job_run("1")])

    assert (
        "In 1 of 2 job runs TOTAL_CREDITS is not the sum of the credit types" in report.warnings[0]
    )
    assert report.breakdowns["credit_types"].lines["credit_type"].tolist() == ["compute", "other"]


def test_a_project_that_was_renamed_stays_one(tmp_path: Path) -> None:
    old = job_run("10", PROJECT_NAME="site", JOB_RUN_DATE="2026-03-01")
    new = job_run("10", PROJECT_NAME="web", JOB_RUN_DATE="2026-03-02")

    report = report_on(tmp_path, [new, old])

    assert report.breakdowns["projects"].lines[["project", "credits"]].to_numpy().tolist() == [
        ["web", 20]
    ]


def test_days_without_a_price_are_named(tmp_path: Path) -> None:
    prices = PriceList("USD", (PricePeriod(date(2026, 3, 3), None, Decimal("0.0006")),))

    with pytest.raises(SettingsError, match="days without a price: 2026-03-02"):
        report_on(
            tmp_path, [job_run(JOB_RUN_DATE=f"2026-03-0{day}") for day in (2, 3)], prices=prices
        )
