"""Parses text from flags and the environment, with errors that say what to write instead."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from unicodedata import category

from pydantic import SecretStr

from circleci_usage.config.api_token import ApiToken, is_variable
from circleci_usage.core.ci import in_ci
from circleci_usage.core.comma_lists import comma_separated
from circleci_usage.core.decimals import MAX_PLACES, MAX_WHOLE_DIGITS
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import parse_day, parse_moment
from circleci_usage.core.secret_texts import EXPIRES, TOKEN, fault_of_secret
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.organization_names import is_name, slug_in

TOKEN_VARIABLES: Final = ("CIRCLECI_API_TOKEN", "CIRCLE_TOKEN", "CIRCLECI_TOKEN")

_ORB: Final = "CIRCLECI_USAGE_ORB_SECRET_"
"""The orb's script copies a secret from the variable that is named in one that begins with this."""

LONGEST_WAIT: Final = timedelta(days=366)
"""CircleCI does not keep an export for longer."""

_PRINTED: Final = "one from `circleci-usage login --print-token`"
_PERSONAL: Final = "a personal API token (User Settings → Personal API Tokens)"
_PROJECT_TOKEN: Final = "CCIPRJ_"  # noqa: S105 - how such tokens begin
_DURATION: Final = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s?)?")
_DIGITS: Final = 9
_DAY: Final = 86_400
_TOO_LARGE: Final = Decimal(10) ** MAX_WHOLE_DIGITS
_SHOWN: Final = 60


def circleci_token(environment: Mapping[str, str]) -> ApiToken | None:
    """The API token of the environment; no flag has it: they show up in process lists.

    The first of `TOKEN_VARIABLES` that is set has it. Another variable may have its last day, which
    CircleCI's API does not tell: that of CIRCLECI_API_TOKEN is in CIRCLECI_API_TOKEN_EXPIRES.

    Raises:
        SettingsError: its text is no such token, or that of its last day is not a date.
    """
    name = token_variable(environment)
    if name is None:
        return None
    token, source = environment[name].strip(), _named_in_orb(environment, name)
    _refuse_other_text(source, token)
    return ApiToken(SecretStr(token), source, _last_day(environment, f"{source}{EXPIRES}"))


def token_variable(environment: Mapping[str, str]) -> str | None:
    """The first of `TOKEN_VARIABLES` that is set; commands use its token, not the keyring's."""
    names = (name for name in TOKEN_VARIABLES if environment.get(name, "").strip())
    return next(names, None)


def _named_in_orb(environment: Mapping[str, str], name: str) -> str:
    """The variable that the orb's script copied a secret from, which its user knows; else `name`.

    >>> orb = {"CIRCLECI_USAGE_ORB_SECRET_CIRCLECI_API_TOKEN": "MY_TOKEN", "MY_TOKEN": "secret"}
    >>> _named_in_orb(orb | {"CIRCLECI_API_TOKEN": "secret"}, "CIRCLECI_API_TOKEN")
    'MY_TOKEN'
    """
    original = environment.get(f"{_ORB}{name}", "")
    is_copied = is_variable(original) and environment.get(original) == environment[name]
    return original if is_copied else name


def no_token(environment: Mapping[str, str], place: str, unread: str = "") -> SettingsError:
    """The error for a token that is nowhere, with the ways to set one.

    Args:
        environment: tells whether this is a CI job, where nobody can log in.
        place: the address of CircleCI whose login would be used.
        unread: why a login cannot be found, if there is a reason.
    """
    variable = TOKEN_VARIABLES[0]
    reason = f" ({unread})" if unread else ""
    nowhere = f"No CircleCI API token is set, and no login is kept for {place}{reason}"
    if in_ci(environment):
        return SettingsError(
            f"{nowhere}; add {variable} to a context of this job, best with the token of"
            " `circleci-usage login --print-token` on your own machine."
        )
    return SettingsError(
        f"{nowhere}; log in with `circleci-usage login`, or put a token into the environment"
        f" variable {variable}: {_PRINTED}, or else {_PERSONAL}."
    )


def _last_day(environment: Mapping[str, str], name: str) -> date | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    fault = fault_of_secret(text)
    if fault:
        raise SettingsError(f"{name} {fault}.")
    moment = parse_moment(text)
    try:
        return moment.date() if moment else parse_day(text, name)
    except SettingsError:
        # Not quoted: beside a token, it may be one.
        raise SettingsError(
            f"{name} is not a date; set it to the day on which the token expires, for example"
            " 2027-02-24, or remove it."
        ) from None


def _refuse_other_text(name: str, token: str) -> None:
    fault = fault_of_secret(token)
    if token.upper().startswith(_PROJECT_TOKEN):
        fault = f"is a project token, which cannot export usage; use {_PRINTED}, or {_PERSONAL}"
    elif not fault and not TOKEN.fullmatch(token):
        fault = (
            "is too long, or contains invalid characters, such as spaces, quotes or line breaks;"
            " copy the token again"
        )
    if fault:
        raise SettingsError(f"{name} {fault}.")


def organizations(values: Iterable[str], what: str = "--org-id") -> tuple[str, ...]:
    """Organization IDs or slugs, separated by commas, each once; the first one sends requests.

    Raises:
        SettingsError: there is none, or one that is not valid; `what` names the setting.
    """
    names = comma_separated(values)
    strange = next((name for name in names if not is_name(name)), None)
    if strange is not None:
        slug = slug_in(strange)
        hint = f" Did you mean {inert(slug)}?" if slug else ""
        raise SettingsError(
            f"{what}: '{inert(strange, _SHOWN)}' is not an organization; write an ID such as"
            " 12345678-1234-4234-8234-123456789abc, or a slug such as gh/acme; separate several"
            f" with commas.{hint}"
        )
    if not names:
        raise SettingsError(
            "No organization is set; set ORG_ID or --org-id to its ID (Organization Settings →"
            " Overview) or to a slug"
            " such as gh/acme. In a CircleCI job, CIRCLE_ORGANIZATION_ID is used."
        )
    return names


def price_per_credit(text: str, what: str = "--price-per-credit") -> Decimal:
    """An exact price.

    Raises:
        SettingsError: it is not a number, negative, or has more digits than any price; `what` names
            the setting.
    """
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        price = Decimal("NaN")
    # Python also accepts underscores and digits of other scripts.
    if "_" in text or not text.isascii() or not price.is_finite() or price < 0:
        raise SettingsError(
            f"{what}: {inert(repr(text), _SHOWN)} is not a valid price per credit; write it as in"
            f" 0.0006{_likely_fault(text)}."
        )
    exponent = price.as_tuple().exponent
    if (
        price >= _TOO_LARGE
        or not isinstance(exponent, int)
        or not -MAX_PLACES <= exponent <= MAX_PLACES
    ):
        raise SettingsError(
            f"{what}: the price per credit {inert(text, _SHOWN)} has more than {MAX_WHOLE_DIGITS}"
            f" digits before the decimal point or {MAX_PLACES} after it; write it as in 0.0006."
        )
    return price


def _likely_fault(text: str) -> str:
    """What to change in a price that people write in other ways."""
    if "," in text:
        return ", with a decimal point"
    if any(category(letter) == "Sc" for letter in text):
        return ", without a currency; that is `currency` in the settings file"
    return ""


def parse_duration(text: str, what: str) -> timedelta:
    """A duration: `90m`, `1h30m`, `45s` or a number of seconds.

    >>> str(parse_duration("1h30m", "MAX_WAIT"))
    '1:30:00'

    Raises:
        SettingsError: it is none of these, or longer than `LONGEST_WAIT`; `what` names the setting.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if not match or not any(match.groups()):
        shown = inert(text, _SHOWN)
        raise SettingsError(
            f"{what}: '{shown}' is not a valid duration; write 90m, 1h30m, 45s or 0."
        )
    too_long = SettingsError(
        f"{what} is longer than {LONGEST_WAIT.days} days; write a shorter duration, such as 90m."
    )
    digits = [group or "0" for group in match.groups()]
    if max(map(len, digits)) > _DIGITS:
        raise too_long
    hours, minutes, seconds = map(int, digits)
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if length > LONGEST_WAIT:
        raise too_long
    return length


def poll_seconds(seconds: float, what: str = "--poll-seconds") -> float:
    """The initial poll interval.

    Raises:
        SettingsError: it is not between 0 seconds and a day; `what` names the setting.
    """
    if not 0 <= seconds <= _DAY:
        written = str(seconds).removesuffix(".0")
        raise SettingsError(f"{what} is {written}; set a number of seconds between 0 and {_DAY:,}.")
    return seconds
