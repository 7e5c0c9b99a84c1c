"""What settings mean: text from flags and the environment → values, or a message that says what to write instead."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import (
    CIRCLECI_BEGAN,
    ONE_DAY,
    OPEN_END,
    OPEN_START,
    Period,
    named_period,
    parse_day,
    period_between,
)
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.organization_names import is_name

TOKEN_VARIABLES: Final = ("CIRCLECI_API_TOKEN", "CIRCLE_TOKEN", "CIRCLECI_TOKEN")
DEFAULT_CONFIG: Final = Path(".circleci/usage.yml")

LONGEST_WAIT: Final = timedelta(days=366)
"""Waiting for longer than CircleCI keeps what is waited for makes no sense."""

_DURATION: Final = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s?)?")
_DIGITS: Final = 9
_DAY: Final = 86_400
_LARGEST_PRICE: Final = Decimal(10) ** 20
_PRICE_DECIMALS: Final = 18
_SHOWN: Final = 60


def circleci_token(environment: Mapping[str, str]) -> SecretStr:
    """The API token: only ever from the environment, because flags show up in process lists and shell histories.

    Raises:
        SettingsError: none of the variables is set.
    """
    for name in TOKEN_VARIABLES:
        token = environment.get(name, "").strip()
        if token:
            return SecretStr(token)
    raise SettingsError(
        f"No CircleCI API token is set; put a personal API token into the environment variable {TOKEN_VARIABLES[0]}."
    )


def organizations(values: Iterable[str]) -> tuple[str, ...]:
    """Organisation ids or slugs, repeated or separated by commas, each once; the first is the one that asks.

    Raises:
        SettingsError: there is none, or what could not be one.
    """
    names = dict.fromkeys(name.strip() for value in values for name in value.split(","))
    names.pop("", None)
    strange = next((name for name in names if not is_name(name)), None)
    if strange is not None:
        raise SettingsError(
            f"'{inert(strange, _SHOWN)}' is not an organization; set ORG_ID or --org-id to an ID such as"
            " 12345678-1234-4234-8234-123456789abc, or to a slug such as gh/acme."
        )
    if not names:
        raise SettingsError(
            "No organization is set; set ORG_ID or --org-id to its ID (Organization Settings → Overview) or to a slug"
            " such as gh/acme. In a CircleCI job, CIRCLE_ORGANIZATION_ID is used."
        )
    return tuple(names)


def price_per_credit(text: str) -> Decimal:
    """An exact price.

    Raises:
        SettingsError: it is no number, negative, or has more digits than any price.
    """
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        price = Decimal("NaN")
    # Python also takes underlines and the digits of other scripts.
    if "_" in text or not text.isascii() or not price.is_finite() or price < 0:
        raise SettingsError(
            f"The price per credit {inert(repr(text))} is not a valid number; write it as in 0.0006."
        )
    exponent = price.as_tuple().exponent
    if (
        price >= _LARGEST_PRICE
        or not isinstance(exponent, int)
        or not -_PRICE_DECIMALS <= exponent <= _PRICE_DECIMALS
    ):
        raise SettingsError(
            f"The price per credit {inert(text, _SHOWN)} has more than 20 digits before the decimal point or 18 after it;"
            " write it as in 0.0006."
        )
    return price


def duration(text: str, what: str) -> timedelta:
    """`90m`, `1h30m`, `45s` or a number of seconds.

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


def poll_seconds(seconds: float) -> float:
    """A first wait.

    Raises:
        SettingsError: it is not between nothing and a day.
    """
    if not 0 <= seconds <= _DAY:
        raise SettingsError(
            f"POLL_SECONDS (--poll-seconds) is {seconds}; set a number of seconds between 0 and {_DAY:,}."
        )
    return seconds


def chosen_period(first: str | None, last: str | None, name: str, today: date) -> Period:
    """The period that the settings mean on the UTC day `today`, never reaching into the future.

    Dates win over a name. A first day alone reaches through yesterday, the last day that CircleCI has whole; so does an
    open end.

    Raises:
        SettingsError: a date is none, the range is inverted, in the future, before CircleCI, or without a first day.
    """
    first, last = written(first), written(last)
    if last and not first:
        raise SettingsError(
            f"There is an end date, {last}, but no start date; set --from or START_DATE too."
        )
    if not first:
        return named_period(name.strip(), today)
    period = _begun(period_between(first, last or str(OPEN_END)), today)
    return without_open_sides(Period(max(period.start, CIRCLECI_BEGAN), period.stop), today)


def period_in_files(first: str | None, last: str | None, name: str, today: date) -> Period:
    """As `chosen_period`, of days that there are files of: without a first or a last day it is open on that side.

    So it is with a first day from before CircleCI existed.
    """
    first, last = written(first), written(last)
    if not (first or last):
        return named_period(name.strip(), today)
    period = _begun(period_between(first or str(OPEN_START), last or str(OPEN_END)), today)
    return Period(OPEN_START, period.stop) if period.start < CIRCLECI_BEGAN else period


def _begun(period: Period, today: date) -> Period:
    """The period without what lies in the future, but for an open end."""
    if period.first > today:
        raise SettingsError(
            f"The start date {period.first} is in the future; there is no usage yet."
        )
    if period.last < CIRCLECI_BEGAN:
        raise SettingsError(
            f"The end date {period.last} is before CircleCI existed; there is no usage."
        )
    return Period(
        period.start, OPEN_END if period.stop == OPEN_END else min(period.stop, today + ONE_DAY)
    )


def without_open_sides(period: Period, today: date) -> Period:
    """The period with the days that are meant where there are no files to tell: through yesterday, or a day alone."""
    yesterday = Period(today - ONE_DAY, today)
    start = period.start if period.start > OPEN_START else min(yesterday.start, period.last)
    if period.stop < OPEN_END:
        return Period(start, period.stop)
    return Period(start, max(yesterday.stop, start + ONE_DAY))


def future_end(last: str | None, today: date) -> date | None:
    """The last day as it is written, if it lies in the future and is no open end."""
    day = parse_day(said, "--to, END_DATE") if (said := written(last)) else today
    return day if today < day < OPEN_END else None


def written(text: str | None) -> str | None:
    """A date as it is written; None when there is nothing but blanks, as an unset variable of a CI job may have."""
    return (text or "").strip() or None


def config_file(given: Path | None) -> Path | None:
    """The settings file: as given, else `.circleci/usage.yml` if it is there."""
    if given is None and DEFAULT_CONFIG.is_file():
        return DEFAULT_CONFIG
    return given
