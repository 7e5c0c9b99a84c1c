from datetime import timedelta
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

    assert token.get_secret_value() == "secret-one"
    assert "secret-one" not in f"{token} {token!r}"


def test_no_token_says_where_to_put_it() -> None:
    with pytest.raises(SettingsError, match="into the environment variable CIRCLECI_API_TOKEN"):
        circleci_token({"PATH": "/bin"})


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
