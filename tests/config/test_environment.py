from datetime import date, timedelta
from decimal import Decimal

import pytest

from circleci_usage.config.environment import (
    circleci_token,
    organizations,
    parse_duration,
    price_per_credit,
)
from circleci_usage.core.errors import SettingsError


def test_the_first_token_that_is_set_is_used_and_never_shown() -> None:
    token = circleci_token(
        {"CIRCLECI_API_TOKEN": "  ", "CIRCLE_TOKEN": "secret-one\n", "CIRCLECI_TOKEN": "two"}
    )

    assert token
    assert token.secret.get_secret_value() == "secret-one"
    assert (token.source, token.expires) == ("CIRCLE_TOKEN", None)
    assert "secret-one" not in f"{token} {token!r}"


def test_without_a_token_its_last_day_does_not_matter() -> None:
    assert circleci_token({"PATH": "/bin", "CIRCLECI_API_TOKEN_EXPIRES": "soon"}) is None


@pytest.mark.parametrize(
    "written",
    ["2027-02-24", " 2027-02-24\n", "2027-02-24T23:59:59Z", "2027-02-25T01:00:00.5+02:00"],
)
def test_the_last_day_of_a_token_is_beside_it(written: str) -> None:
    variables = {
        "CIRCLE_TOKEN": "one",
        "CIRCLE_TOKEN_EXPIRES": written,
        "CIRCLECI_API_TOKEN_EXPIRES": "2026-01-01",
    }

    token = circleci_token(variables)

    assert token
    assert token.expires == date(2027, 2, 24)


@pytest.mark.parametrize(
    "written", ["in 90 days", "7776000", "CCIPAT_secret", "2027-02-30", "\x1b"]
)
def test_another_last_day_is_refused_and_not_quoted(written: str) -> None:
    variables = {"CIRCLECI_API_TOKEN": "one", "CIRCLECI_API_TOKEN_EXPIRES": written}

    with pytest.raises(SettingsError) as error:
        circleci_token(variables)

    assert str(error.value) == (
        "CIRCLECI_API_TOKEN_EXPIRES is not a date; set it to the day on which the token expires,"
        " for example 2027-02-24, or remove it."
    )
    assert error.value.__cause__ is None


def test_organizations_are_separated_by_commas_or_repeated() -> None:
    assert organizations(["a, b", "c,", "a"]) == ("a", "b", "c")


@pytest.mark.parametrize("values", [[], [""], [" , "]])
def test_no_organization_says_where_to_find_it(values: list[str]) -> None:
    with pytest.raises(SettingsError, match="set ORG_ID or --org-id to its ID"):
        organizations(values)


def test_prices_are_exact() -> None:
    assert str(price_per_credit(" 0.00054 ")) == "0.00054"
    assert price_per_credit("0") == Decimal(0)


@pytest.mark.parametrize("text", ["", "free", "-0.1", "NaN", "Infinity", "0,0006", "$0.0006"])
def test_other_prices_are_refused(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"is not a valid price per credit; write it as in 0\.0006"
    ):
        price_per_credit(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5400), ("1h30m", 5400), ("45s", 45), ("0", 0), ("120", 120), (" 2H ", 7200)],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert parse_duration(text, "MAX_WAIT") == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5h", "5m1h", "1d"])
def test_other_lengths_of_time_are_refused(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"MAX_WAIT: .* is not a valid duration; write 90m, 1h30m, 45s or 0"
    ):
        parse_duration(text, "MAX_WAIT")
