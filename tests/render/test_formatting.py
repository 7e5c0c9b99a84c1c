"""Numbers, days and names as people read them."""

import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.periods import Period
from circleci_usage.render import formatting


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "USD", "$1,234.50"),
        ("0", "USD", "$0.00"),
        ("0.004", "USD", "<$0.01"),
        ("0.005", "EUR", "<€0.01"),
        ("-12.345", "GBP", "−£12.34"),
        ("99.995", "CHF", "CHF\u00a0100.00"),
        ("1e9", "USD", "$1,000,000,000.00"),
    ],
)
def test_money(amount: str, currency: str, text: str) -> None:
    assert formatting.money(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [("179098", "179,098"), ("0.2", "<1"), ("0", "0"), ("2.5", "2"), ("-1200", "−1,200")],
)
def test_number(count: str, text: str) -> None:
    assert formatting.number(Decimal(count)) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [("0.3456", "34.6%"), ("1", "100.0%"), ("0.0001", "<0.1%"), ("0", "0.0%"), ("-0.5", "−50.0%")],
)
def test_percent(share: str, text: str) -> None:
    assert formatting.percent(Decimal(share)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.4, "59s"),
        (125, "2m 05s"),
        (3599.6, "1h 00m"),
        (71 * 3600 + 120, "71h 02m"),
        (864_000, "10 days"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("first", "last", "title", "phrase"),
    [
        ("2026-10-01", "2026-10-31", "October 2026", "in October 2026"),
        ("2024-11-10", "2024-11-18", "November 10–18, 2024", "from November 10 to 18, 2024"),
        (
            "2026-09-28",
            "2026-10-04",
            "September 28 – October 4, 2026",
            "from September 28 to October 4, 2026",
        ),
        (
            "2025-12-29",
            "2026-01-04",
            "December 29, 2025 – January 4, 2026",
            "from December 29, 2025, to January 4, 2026",
        ),
        ("2026-02-28", "2026-02-28", "February 28, 2026", "on February 28, 2026"),
    ],
)
def test_days(first: str, last: str, title: str, phrase: str) -> None:
    period = Period.of_days(date.fromisoformat(first), date.fromisoformat(last))

    assert (formatting.days(period), formatting.when(period)) == (title, phrase)


def test_days_that_are_missing_in_several_places_are_told_apart() -> None:
    october = Period(date(2026, 10, 1), date(2026, 11, 1))
    early_november = Period(date(2026, 11, 1), date(2026, 11, 10))
    one_day = Period(date(2026, 12, 4), date(2026, 12, 5))
    both = [Period(october.start, early_november.stop)]

    assert formatting.several_days(both) == "October 2026 and November 1–9, 2026"
    assert formatting.several_days([*both, one_day]) == (
        "October 2026; November 1–9, 2026 and December 4, 2026"
    )


@given(st.text())
def test_visible_names_are_printable_but_for_joiners(name: str) -> None:
    joiners = {"\u200c", "\u200d"}

    harmful = {
        unicodedata.category(letter) for letter in set(formatting.visible_name(name)) - joiners
    }

    assert not harmful & {"Cc", "Cs", "Zl", "Zp"}
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(
        formatting.visible_name(name)
    )


@given(
    st.lists(st.text(st.characters(codec="ascii"), max_size=40), max_size=12), st.integers(8, 20)
)
def test_shortened_names_fit_and_stay_apart(names: list[str], limit: int) -> None:
    short = formatting.shortened(names, limit)

    assert all(len(text) <= limit for text in short)
    assert len(set(short)) == len(set(names))
    assert all(text == name for text, name in zip(short, names, strict=True) if len(name) <= limit)
