"""The real day, for tests whose commands go by the computer's clock: asked anew by each test.

A day that is kept in a constant, a parameter or a shared fixture is another one after midnight.
"""

from datetime import date, timedelta
from time import sleep
from typing import Final

from circleci_usage.core.periods import ONE_DAY, midnight, today_utc
from circleci_usage.core.progress import SystemClock

_LONGEST_TEST: Final = timedelta(seconds=60)
"""How long a test takes that compares with the real day, on a busy machine."""


def today() -> date:
    """Today, in UTC: the same day from a test's beginning to its end."""
    return today_utc(SystemClock().now())


def yesterday() -> date:
    """The day before today."""
    return today() - ONE_DAY


def wait_if_midnight_is_near() -> None:
    """Wait for the new day if a test that begins now could end on it.

    Such a test would fail at random: what it expects is of the old day, and what its commands say
    is of the new one. Nothing but the clock ends the old day, so this has to wait for it.
    """
    while (left := _left_of_today()) < _LONGEST_TEST:
        sleep(left.total_seconds())


def _left_of_today() -> timedelta:
    now = SystemClock().now()
    return midnight(today_utc(now) + ONE_DAY) - now
