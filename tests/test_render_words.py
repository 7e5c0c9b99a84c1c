"""The sentences that every format says."""

from datetime import date

import pytest

from circleci_usage.days import Period
from circleci_usage.render.words import Sentence, change_in_short, completeness, sentences
from reports import acme_report, acme_rows, empty_report, odd_reports, report_of


def test_names_do_nothing_in_a_sentence() -> None:
    sentence = Sentence("The project {} and the job {}.", ("\x1b[31mred", "{0} {}"))

    assert sentence.naming(lambda name: f"<{name}>") == "The project <\ufffd[31mred> and the job <{0} {}>."


def test_the_change_in_short() -> None:
    assert change_in_short(acme_report()) == "+29.7% against February 2026, +26.1% per day"
    assert change_in_short(empty_report()) == ""


def test_a_part_of_a_month_is_compared_without_seats() -> None:
    report = report_of(acme_rows(), Period.of_days(date(2026, 3, 1), date(2026, 3, 12)))

    assert change_in_short(report) == "+9.7% against 15–26 February 2026, without seats"
    assert [each.text for each in sentences(report)][:2] == [
        "CircleCI cost $110.30 from 1 to 12 March 2026: 183,840 credits in 69 job runs.",
        "Without seats, 1–12 March 2026 cost $65.30, $5.76 (9.7%) more than from 15 to 26 February 2026 ($59.54).",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("refunded", "Complete through 21 March 2026; later days are missing or may still grow."),
        ("one day", "All days are complete."),
    ],
)
def test_completeness(name: str, words: str) -> None:
    assert completeness(odd_reports()[name]) == words


def test_nothing_more_is_said_of_nothing() -> None:
    assert [each.text for each in sentences(empty_report())] == ["There is no CircleCI usage in March 2026."]
