"""The sentences that every format shows."""

import json
from datetime import date, timedelta

import pytest

from circleci_usage.core.periods import Period
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.text.sentences import change_in_short, completeness
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary_json
from rendered import page, sentences
from report_factory import report_of
from rows import job_run
from sample_reports import acme_report, acme_rows, empty_report, odd_reports


def test_names_do_nothing_in_a_sentence() -> None:
    sentence = Sentence("The project {} and the job {}.", ("\x1b[31mred", "{0} {}"))

    assert (
        sentence.naming(lambda name: f"<{name}>")
        == "The project <\ufffd[31mred> and the job <{0} {}>."
    )


def test_the_change_in_short() -> None:
    assert change_in_short(acme_report()) == "+29.7% vs. February 2026, +26.1% per day"
    assert change_in_short(empty_report()) == ""


def test_a_part_of_a_month_is_compared_without_seats() -> None:
    report = report_of(acme_rows(), Period.of_days(date(2026, 3, 1), date(2026, 3, 12)))

    assert change_in_short(report) == "+9.7% vs. February 15–26, 2026, excluding seats"
    assert [each.text for each in sentences(report)][:2] == [
        "CircleCI cost $110.30 from March 1 to 12, 2026: 183,840 credits in 69 job runs.",
        (
            "Excluding seats, the cost was $65.30 from March 1 to 12, 2026: $5.76 (9.7%) more"
            " than from February 15 to 26, 2026 ($59.54)."
        ),
    ]


UNFINISHED = "Complete through March 21, 2026; later days are missing or may still increase."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "refunded",
            f"There is no data for March 1, 2026. {UNFINISHED}",
        ),
        ("one day", "All days are complete."),
    ],
)
def test_completeness(name: str, words: str) -> None:
    assert completeness(odd_reports()[name]) == words


def test_without_usage_there_is_one_sentence() -> None:
    assert [each.text for each in sentences(empty_report())] == [
        "No CircleCI usage found in March 2026."
    ]


def report_through(day: int, *, since: date) -> Report:
    """A report on March so far: 100,000 credits a day since a date, and seats on February 20."""
    period = Period.of_days(date(2026, 3, 1), date(2026, 3, day))
    every_day = [f"{since + timedelta(days=n)}" for n in range((period.stop - since).days)]
    seats = {"COMPUTE_CREDITS": "0", "USER_CREDITS": "250000", "JOB_RUN_DATE": "2026-02-20"}
    rows = [job_run("100000", JOB_RUN_DATE=each) for each in every_day]
    return report_of(
        [*rows, *([job_run("250000", **seats)] if since < date(2026, 2, 20) else [])], period
    )


def test_the_forecast_has_an_interval_and_includes_the_seats_to_come() -> None:
    report = report_through(10, since=date(2026, 1, 1))

    said = "March 2026 is forecast to cost about $2,010.00 (80% interval $2,010.00–$2,010.00)."
    assert said in [each.text for each in sentences(report)]
    assert said in page(report)
    month = json.loads(summary_json(report))["month"]
    assert month["credits"] == {
        "spent": "1000000",
        "expected": "3350000",
        "low": "3350000",
        "high": "3350000",
    }


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (13, "There is too little history to forecast March 2026."),
        (
            14,
            "March 2026 is forecast to cost about $1,860.00 (too little history for an interval).",
        ),
    ],
)
def test_too_little_history_is_mentioned(day: int, words: str) -> None:
    report = report_through(day, since=date(2026, 3, 1))

    assert words in [each.text for each in sentences(report)]
    assert words in page(report)


def test_the_change_names_the_compared_days_where_they_are_not_the_whole_report() -> None:
    rows = [job_run("100000", JOB_RUN_DATE=f"2026-03-{day:02}") for day in range(2, 22)]
    report = report_of(rows, Period.of_days(date(2026, 3, 16), date(2026, 3, 22)))

    assert change_in_short(report) == "March 16–21, 2026: same as March 9–14, 2026"
