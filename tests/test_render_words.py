"""The sentences that every format says."""

import pytest

from circleci_usage.render.words import Sentence, change_in_short, completeness, sentences
from reports import acme_report, empty_report, odd_reports


def test_names_do_nothing_in_a_sentence() -> None:
    sentence = Sentence("The project {} and the job {}.", ("\x1b[31mred", "{0} {}"))

    assert sentence.naming(lambda name: f"<{name}>") == "The project <\ufffd[31mred> and the job <{0} {}>."


def test_the_change_in_short() -> None:
    assert change_in_short(acme_report()) == "+29.7% against February 2026"
    assert change_in_short(empty_report()) == ""


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
