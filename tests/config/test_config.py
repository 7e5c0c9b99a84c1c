from datetime import date, timedelta
from decimal import Decimal

import pytest

from circleci_usage.config.environment import (
    chosen_period,
    circleci_token,
    duration,
    future_end,
    organizations,
    period_in_files,
    price_per_credit,
)
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import OPEN_END, OPEN_START, Period

TODAY = date(2026, 3, 13)


def test_the_first_token_that_is_set_is_taken_and_never_shown() -> None:
    token = circleci_token(
        {"CIRCLECI_API_TOKEN": "  ", "CIRCLE_TOKEN": "secret-one\n", "CIRCLECI_TOKEN": "two"}
    )

    assert token.get_secret_value() == "secret-one"
    assert "secret-one" not in f"{token} {token!r}"


def test_no_token_says_where_to_put_it() -> None:
    with pytest.raises(SettingsError, match="into the environment variable CIRCLECI_API_TOKEN"):
        circleci_token({"PATH": "/bin"})


def test_organisations_are_separated_by_commas_or_repeated() -> None:
    assert organizations(["a, b", "c,", "a"]) == ("a", "b", "c")


@pytest.mark.parametrize("values", [[], [""], [" , "]])
def test_no_organisation_says_where_to_find_it(values: list[str]) -> None:
    with pytest.raises(SettingsError, match="set ORG_ID or --org-id to its ID"):
        organizations(values)


def test_prices_are_exact() -> None:
    assert str(price_per_credit(" 0.00054 ")) == "0.00054"
    assert price_per_credit("0") == Decimal(0)


@pytest.mark.parametrize("text", ["", "free", "-0.1", "NaN", "Infinity", "0,0006", "$0.0006"])
def test_other_prices_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"is not a valid number; write it as in 0\.0006"):
        price_per_credit(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5400), ("1h30m", 5400), ("45s", 45), ("0", 0), ("120", 120), (" 2H ", 7200)],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert duration(text, "MAX_WAIT") == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5h", "5m1h", "1d"])
def test_other_lengths_of_time_are_refused(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"MAX_WAIT: .* is not a valid duration; write 90m, 1h30m, 45s or 0"
    ):
        duration(text, "MAX_WAIT")


def test_dates_win_over_the_name_of_a_period() -> None:
    assert chosen_period("2026-02-01", "2026-02-03", "last-week", TODAY) == Period(
        date(2026, 2, 1), date(2026, 2, 4)
    )
    assert chosen_period(None, None, "yesterday", TODAY) == Period(date(2026, 3, 12), TODAY)


def test_a_first_day_alone_reaches_through_yesterday() -> None:
    assert chosen_period("2026-03-01", None, "", TODAY).last == date(2026, 3, 12)
    assert chosen_period("2026-03-13", None, "", TODAY).last == TODAY


def test_the_future_is_cut_off() -> None:
    assert chosen_period("2026-03-01", "2026-03-31", "", TODAY).last == TODAY
    with pytest.raises(SettingsError, match="The start date 2026-03-14 is in the future"):
        chosen_period("2026-03-14", "2026-03-31", "", TODAY)


def test_a_last_day_alone_is_refused() -> None:
    with pytest.raises(SettingsError, match="set --from or START_DATE too"):
        chosen_period(None, "2026-03-31", "last-week", TODAY)


@pytest.mark.parametrize(
    ("first", "last", "start", "stop"),
    [
        ("2026-02-01", None, date(2026, 2, 1), OPEN_END),
        (None, "2026-02-03", OPEN_START, date(2026, 2, 4)),
        ("2026-02-01", "9999-12-31", date(2026, 2, 1), OPEN_END),
        ("0001-01-01", "9999-12-31", OPEN_START, OPEN_END),
        ("2026-02-01", "2026-12-31", date(2026, 2, 1), date(2026, 3, 14)),
        (" ", " ", date(2026, 2, 1), date(2026, 3, 1)),
    ],
)
def test_days_of_files_are_open_where_nothing_is_said(
    first: str | None, last: str | None, start: date, stop: date
) -> None:
    assert period_in_files(first, last, "last-month", TODAY) == Period(start, stop)


def test_an_open_end_reaches_through_yesterday() -> None:
    assert chosen_period("2026-03-01", "9999-12-31", "", TODAY).last == date(2026, 3, 12)
    assert chosen_period("0001-01-01", "9999-12-31", "", TODAY).start == date(2011, 1, 1)


def test_days_on_which_there_can_be_no_usage_are_refused() -> None:
    for choose in (chosen_period, period_in_files):
        with pytest.raises(SettingsError, match="is in the future"):
            choose("2026-03-14", None, "", TODAY)
        with pytest.raises(SettingsError, match="before CircleCI existed"):
            choose("0001-01-01", "0002-01-01", "", TODAY)


def test_a_last_day_in_the_future_is_told_from_an_open_end() -> None:
    assert future_end("2026-03-31", TODAY) == date(2026, 3, 31)
    assert [future_end(last, TODAY) for last in ("2026-03-13", "9999-12-31", " ", None)] == [
        None
    ] * 4
