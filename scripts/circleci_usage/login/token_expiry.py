"""When a token expires, in words: a warning from two weeks before."""

from datetime import date
from typing import Final

from circleci_usage.config.api_token import ApiToken, is_variable
from circleci_usage.core.plurals import counted
from circleci_usage.core.secret_texts import EXPIRES
from circleci_usage.login.keyring_tokens import SOURCE

WARNED: Final = 14
"""Days before a token expires from which on every run warns."""


_UNKNOWN: Final = (
    "CircleCI's API does not report when it expires: 90 days after a login, or at most a year after"
    " a personal API token was created, of which CircleCI emails the owner 30, 15, 7 and 1 day"
    " before."
)


def expiry_warning(token: ApiToken, today: date) -> str | None:
    """That a token expires soon or has expired, and what to do; None before, and if unknown.

    Args:
        token: with its last day, if known.
        today: by this computer's clock, in UTC.
    """
    if token.expires is None or (token.expires - today).days > WARNED:
        return None
    when = expiry_in_words(token.expires, today)
    clock = " by this computer's clock" if token.expires < today else ""
    return f"The CircleCI token from {token.source} {when}{clock}: {renewal_of(token.source)}."


def expiry_in_words(expires: date, today: date) -> str:
    """The day on which a token expires, with the days that are left.

    >>> expiry_in_words(date(2026, 12, 8), date(2026, 11, 26))
    'expires on 2026-12-08, in 12 days'
    """
    match (expires - today).days:
        case 0:
            return f"expires today, {expires}"
        case 1:
            return f"expires tomorrow, {expires}"
        case days if days > 0:
            return f"expires on {expires}, in {days} days"
    return f"expired on {expires}, {counted((today - expires).days, 'day')} ago"


def about_expiry(token: ApiToken, today: date) -> str:
    """When an accepted token expires, as far as it is known: sentences for `doctor`."""
    if token.expires is None:
        return _UNKNOWN + _how_to_be_warned(token.source)
    if token.expires < today:
        return f"It should have {expiry_in_words(token.expires, today)}."
    return f"It {expiry_in_words(token.expires, today)}."


def if_rejected(token: ApiToken, today: date) -> str:
    """What to do when CircleCI rejects a token, with its last day if that is known: sentences."""
    until = f" and {expiry_in_words(token.expires, today)}" if token.expires else ""
    hint = " A login for the keyring has no effect while that variable is set."
    return (
        f"It is from {token.source}{until}: {renewal_of(token.source)}."
        f"{hint if is_variable(token.source) else ''}"
    )


def _how_to_be_warned(source: str) -> str:
    if not is_variable(source):
        return ""
    return f" Set {source}{EXPIRES} to its last day, and every run warns from {WARNED} days before."


def renewal_of(source: str) -> str:
    """How to replace the token of a source, as the end of a sentence."""
    if source == SOURCE:
        return "log in again with `circleci-usage login`"
    if is_variable(source):
        return (
            "put a new one into it, such as that of `circleci-usage login --print-token`, and its"
            f" last day into {source}{EXPIRES}"
        )
    return "replace it"
