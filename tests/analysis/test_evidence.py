"""What too few runs or days say is left out, and what is a trifle gets no sentence."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.analysis.period_comparison import Change
from circleci_usage.core.periods import Period
from circleci_usage.render.text.materiality import is_change, is_change_per_day, worth_saying
from circleci_usage.render.text.sentences import change_in_short
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import tables
from rendered import page, sentences
from report_factory import report_from_settings
from rows import Row, job_run

MARCH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
FEBRUARY = Period.of_days(date(2026, 2, 1), date(2026, 2, 28))
JANUARY = Period.of_days(date(2026, 1, 1), date(2026, 1, 31))
DASH = '<bdi title="too few runs">–</bdi>'


def each_day(period: Period, credits: int, **changes: str) -> list[Row]:
    return [job_run(str(credits), JOB_RUN_DATE=f"{day}", **changes) for day in period]


def said(report: Report) -> list[str]:
    return [sentence.text for sentence in sentences(report)]


def runs(number: int, **changes: str) -> list[Row]:
    times = {
        "JOB_RUN_QUEUED_AT": "2026-03-02 08:00:00.000",
        "JOB_RUN_STARTED_AT": "2026-03-02 08:00:09.000",
        "WORKFLOW_FIRST_JOB_STARTED_AT": "2026-03-02 08:00:09.000",
        "WORKFLOW_STOPPED_AT": "2026-03-02 08:01:09.000",
        "IS_WORKFLOW_SUCCESSFUL": "true",
    }
    return [
        job_run("6000", WORKFLOW_ID=str(each), PIPELINE_ID=str(each), **(times | changes))
        for each in range(number)
    ]


@pytest.mark.parametrize(("number", "p95", "p95_queued"), [(19, None, None), (20, 60, 9)])
def test_a_p95_takes_twenty_runs(
    tmp_path: Path, number: int, p95: float | None, p95_queued: float | None
) -> None:
    report = report_from_settings(tmp_path, runs(number))

    run_statistics = json.loads(summary_json(report))["performance"]
    (workflow,), (job,) = run_statistics["workflows"], run_statistics["jobs"]
    assert (workflow["p50_seconds"], workflow["p95_seconds"], workflow["runs"]) == (60, p95, number)
    assert (job["p50_queued_seconds"], job["p95_seconds"], job["p95_queued_seconds"]) == (
        9,
        p95,
        p95_queued,
    )
    written = dict(tables(report))
    assert (
        written["job_durations"]["p95_seconds"].tolist()
        == written["workflow_durations"]["p95_seconds"].tolist()
    )
    assert written["job_durations"]["p95_seconds"].tolist() == [p95]
    assert (DASH in page(report)) is (p95 is None)


def test_runs_without_a_time_do_not_count_for_it(tmp_path: Path) -> None:
    null = "\\\\N"

    report = report_from_settings(tmp_path, [*runs(19), *runs(30, JOB_RUN_QUEUED_AT=null)])

    (job,) = report.findings.durations.jobs
    assert (job.runs, job.p95_seconds, job.p50_queued, job.p95_queued) == (49, 60, 9, None)


@pytest.mark.parametrize(("number", "mark"), [(7, ' <bdi class="detail">(7 runs)</bdi>'), (20, "")])
def test_peaks_from_few_runs_say_how_many(tmp_path: Path, number: int, mark: str) -> None:
    peaks = {
        "MAX_CPU_UTILIZATION_PCT": "18",
        "MAX_RAM_UTILIZATION_PCT": "12",
        "RESOURCE_CLASS": "xlarge",
    }

    text = page(report_from_settings(tmp_path, runs(number, **peaks)))

    assert f'<td data-sort="18" class="n"><bdi>18%</bdi>{mark}</td>' in text


def test_the_mean_of_one_day_is_not_shown(tmp_path: Path) -> None:
    day = Period.of_days(MARCH.first, MARCH.first)
    rows = each_day(Period.of_days(MARCH.first, date(2026, 3, 2)), 9000)

    assert "Average daily cost" not in page(report_from_settings(tmp_path, rows, period=day))
    assert "Average daily cost" in page(report_from_settings(tmp_path, rows))


def test_weekdays_take_two_weeks(tmp_path: Path) -> None:
    weeks = [
        Period.of_days(MARCH.first, MARCH.first + timedelta(days=days - 1)) for days in (7, 14)
    ]
    rows = each_day(weeks[1], 9000)

    one, two = (page(report_from_settings(tmp_path, rows, period=week)) for week in weeks)

    assert ("By weekday" in one, "By weekday" in two) == (False, True)


def test_a_longer_month_is_no_rise(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, [*each_day(FEBRUARY, 10000), *each_day(MARCH, 10000)])

    assert change_in_short(report) == "+10.7% vs. February 2026, about the same per day"
    assert said(report)[1] == (
        "That is $18.00 (10.7%) more than in February 2026 ($168.00), and about the same per day."
    )
    assert not [text for text in said(report) if text.startswith("Main drivers:")]
    tones = re.findall('<dd class="change ([a-z]*)"', page(report))
    assert tones[0] == "", "the first KPI is the cost"
    change = json.loads(summary_json(report))["change"]
    assert (change["before_a_day"], change["after_a_day"], change["difference_a_day"]) == (
        "6",
        "6",
        "0",
    )
    assert (
        change["share"],
        change["share_a_day"],
        change["days_before"],
        change["days_after"],
    ) == (
        *("0.107143", "0"),
        *(28, 31),
    )
    table = dict(tables(report))["changes_by_job"]
    assert table["difference_a_day"].tolist() == [0]


def test_a_rise_in_a_shorter_month_is_told_per_day(tmp_path: Path) -> None:
    report = report_from_settings(
        tmp_path, [*each_day(JANUARY, 9000), *each_day(FEBRUARY, 10000)], period=FEBRUARY
    )

    assert change_in_short(report) == "about the same as January 2026, +11.1% per day"
    assert said(report)[1] == (
        "That is about the same as in January 2026 ($167.40), and 11.1% more per day."
    )


def test_seats_are_no_part_of_the_change_per_day(tmp_path: Path) -> None:
    seats = [
        job_run(
            "0",
            USER_CREDITS="500000",
            JOB_RUN_DATE=f"{month.first}",
            JOB_NAME="\\\\N",
            PROJECT_NAME="\\\\N",
        )
        for month in (FEBRUARY, MARCH)
    ]
    report = report_from_settings(
        tmp_path, [*seats, *each_day(FEBRUARY, 10000), *each_day(MARCH, 10000)]
    )

    changes = report.findings.period_comparison
    assert changes
    assert changes.total.relative_change_per_day == 0
    assert {change.difference_per_day for change in changes.jobs} == {0}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        pytest.param(100_000, 100_900, "about the same as", id="0.9% of 1,680 dollars"),
        pytest.param(100_000, 101_500, "$25.20 (1.5%) more than", id="enough of both"),
    ],
)
def test_no_sentence_is_about_less_than_one_dollar_or_percent(
    tmp_path: Path, before: int, after: int, words: str
) -> None:
    weeks = Period.of_days(date(2026, 3, 1), date(2026, 3, 28))

    report = report_from_settings(
        tmp_path, [*each_day(FEBRUARY, before), *each_day(weeks, after)], period=weeks
    )

    assert said(report)[1].startswith(f"That is {words} in February")
    is_said = "about" not in words
    assert any(text.startswith("Main drivers:") for text in said(report)) is is_said
    assert ("%" in change_in_short(report)) is is_said


def test_of_trifles_no_change_is_told(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, [*each_day(FEBRUARY, 10), *each_day(MARCH, 40)])

    assert said(report) == ["CircleCI cost $0.74 in March 2026: 1,240 credits in 31 job runs."]
    assert json.loads(summary_json(report))["change"]["difference"] == "0.576"


@pytest.mark.parametrize(
    ("amount", "share", "expected"),
    [
        ("1", None, True),
        ("-1", "0.01", True),
        ("0.99", None, False),
        ("-0.99", "5", False),
        ("100", "0.0099", False),
        ("100", "-0.01", True),
    ],
)
def test_what_is_worth_a_sentence(amount: str, share: str | None, *, expected: bool) -> None:
    assert worth_saying(Decimal(amount), None if share is None else Decimal(share)) is expected


def test_a_change_is_one_of_the_whole_or_of_a_day() -> None:
    longer = Change((), Decimal(300), Decimal(310), 1, 1, 30, 31)
    denser = Change((), Decimal(310), Decimal(310), 1, 1, 31, 30)

    assert (is_change(longer), is_change_per_day(longer)) == (True, False)
    assert (is_change(denser), is_change_per_day(denser)) == (False, True)


def test_a_small_saving_and_small_projects_get_no_sentence(tmp_path: Path) -> None:
    peaks = {
        "MAX_CPU_UTILIZATION_PCT": "18",
        "MAX_RAM_UTILIZATION_PCT": "12",
        "RESOURCE_CLASS": "xlarge",
    }
    rows = [
        *(
            job_run("20", **peaks, JOB_RUN_DATE=f"{MARCH.first + timedelta(days=day)}")
            for day in range(9)
        ),
        job_run("30", PROJECT_ID="other", PROJECT_NAME="other", JOB_RUN_DATE=f"{MARCH.first}"),
    ]

    report = report_from_settings(tmp_path, rows)

    assert report.findings.right_sizing.saved > 0
    assert len(said(report)) == 1
    assert "potential monthly savings" not in page(report)
