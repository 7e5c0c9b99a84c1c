"""When a token expires, in words."""

from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from circleci_usage.config.api_token import ApiToken
from circleci_usage.login.keyring_tokens import SOURCE
from circleci_usage.login.token_expiry import about_expiry, expiry_warning, if_rejected

TODAY = date(2026, 11, 26)
VARIABLE = "CIRCLE_TOKEN"
RENEW = {
    VARIABLE: "put a new one into it, such as that of `circleci-usage login --print-token`, and its"
    " last day into CIRCLE_TOKEN_EXPIRES.",
    SOURCE: "log in again with `circleci-usage login`.",
}


def token(days: int | None, source: str = SOURCE) -> ApiToken:
    """One that expires in some days."""
    last = None if days is None else TODAY + timedelta(days=days)
    return ApiToken(SecretStr("secret"), source, last)


@pytest.mark.parametrize("source", RENEW)
@pytest.mark.parametrize(
    ("days", "when"),
    [
        (14, "expires on 2026-12-10, in 14 days"),
        (12, "expires on 2026-12-08, in 12 days"),
        (2, "expires on 2026-11-28, in 2 days"),
        (1, "expires tomorrow, 2026-11-27"),
        (0, "expires today, 2026-11-26"),
        (-1, "expired on 2026-11-25, 1 day ago by this computer's clock"),
        (-400, "expired on 2025-10-22, 400 days ago by this computer's clock"),
    ],
)
def test_a_warning_from_two_weeks_before(days: int, when: str, source: str) -> None:
    assert expiry_warning(token(days, source), TODAY) == (
        f"The CircleCI token from {source} {when}: {RENEW[source]}"
    )


@pytest.mark.parametrize("days", [None, 15, 90])
def test_no_warning_before_or_when_it_is_not_known(days: int | None) -> None:
    assert expiry_warning(token(days), TODAY) is None


def test_what_is_known_about_an_accepted_token() -> None:
    assert about_expiry(token(90), TODAY) == "It expires on 2027-02-24, in 90 days."
    assert about_expiry(token(1), TODAY) == "It expires tomorrow, 2026-11-27."
    assert about_expiry(token(-2, VARIABLE), TODAY) == (
        "It should have expired on 2026-11-24, 2 days ago."
    )


def test_what_to_do_about_a_rejected_token_depends_on_its_source() -> None:
    assert if_rejected(token(None), TODAY) == f"It is from {SOURCE}: {RENEW[SOURCE]}"
    assert if_rejected(token(-3, VARIABLE), TODAY) == (
        f"It is from CIRCLE_TOKEN and expired on 2026-11-23, 3 days ago: {RENEW[VARIABLE]}"
        " A login for the keyring has no effect while that variable is set."
    )


def test_an_unknown_last_day_can_be_set_for_a_variable_only() -> None:
    unknown = about_expiry(token(None, VARIABLE), TODAY)
    assert unknown.startswith("CircleCI's API does not report when it expires: 90 days after")
    assert unknown.endswith(
        " Set CIRCLE_TOKEN_EXPIRES to its last day, and every run warns from 14 days before."
    )
    assert "_EXPIRES" not in about_expiry(token(None), TODAY)
