"""How long a run may wait for CircleCI.

One budget for quotas, unfinished exports, slow responses and repeated attempts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.core.errors import UnfinishedError
from circleci_usage.core.progress import Clock, Progress, wait_before_retry

SHORT_WAIT: Final = timedelta(minutes=2)
"""A wait that a server requests is granted without question up to this length."""

GRACE: Final = timedelta(minutes=10)
"""How long the short waits may be in total when `max_wait` is zero, which means not to wait."""

TOLERANCE: Final = 0.1
"""The share of `max_wait` by which short waits may exceed it.

An hour of waiting for the quota would be wasted if the run could not then wait another 15 seconds
for CircleCI to make the export.
"""

PROMPT: Final = timedelta(seconds=2)
"""Responses that take no longer than this in total do not count as waiting.

A `max_wait` of one second is meant for CircleCI to make the export, and not used up by requesting
it.
"""


class WaitBudget:
    """How long the run has waited, between requests and for their responses, and still may."""

    def __init__(self, clock: Clock, progress: Progress, max_wait: timedelta = timedelta()) -> None:
        self._clock = clock
        self._progress = progress
        self._slept = timedelta()
        self._responding = timedelta()
        self.max_wait = max_wait

    @property
    def left(self) -> timedelta:
        """How much of the budget is left for short waits."""
        return max(self._limit - self._waited, timedelta())

    def allows(self, wait: timedelta) -> bool:
        """Whether the budget covers one more wait."""
        # An hour until the quota is free began with the first request: the time of its response
        # must not count against that hour.
        is_whole = wait <= SHORT_WAIT or self._slept + wait <= self.max_wait
        return is_whole and self._waited + wait <= self._limit

    def latest(self, moment: datetime) -> datetime:
        """Until when the run waits at most, if it next waits until a moment."""
        now = self._clock.now()
        regular = now + self.max_wait - self._slept
        # Only a short wait may go beyond the maximum.
        return now + self.left if moment > regular else regular

    def wait(self, wait: timedelta, why: str) -> None:
        """Wait before another attempt, after `allows` said yes; `why` says what went wrong."""
        seconds = wait.total_seconds()
        wait_before_retry(self._clock, seconds, self._progress, subject="CircleCI", state=why)
        self._slept += wait

    @contextmanager
    def response(self) -> Iterator[None]:
        """A context that waits for a response, and counts its time however it ends.

        Raises:
            UnfinishedError: earlier responses used up the budget, so no request may be sent.
        """
        if not self.allows(timedelta()):
            raise UnfinishedError(
                "CircleCI's responses took longer than the maximum wait (--max-wait, MAX_WAIT)."
                " Everything requested and downloaded so far is kept; rerun the same command to"
                " resume."
            )
        begin = self._clock.now()
        try:
            yield
        finally:
            # The computer's clock may have been set back meanwhile.
            self._responding += max(self._clock.now() - begin, timedelta())

    def wait_until(self, moment: datetime, why: str) -> None:
        """Wait until a moment, if the budget allows it.

        Raises:
            UnfinishedError: it does not; `why` says what the run is waiting for.
        """
        wait = max(moment - self._clock.now(), timedelta())
        if not self.allows(wait):
            raise UnfinishedError(
                f"{why} It can resume at {moment:%Y-%m-%d %H:%M} UTC, beyond the maximum wait"
                " (--max-wait, MAX_WAIT). Everything requested and downloaded so far is kept; rerun"
                " the same command to resume."
            )
        self._clock.sleep(wait.total_seconds())
        self._slept += wait

    @property
    def _waited(self) -> timedelta:
        if self._responding <= PROMPT:
            return self._slept
        return self._slept + self._responding

    @property
    def _limit(self) -> timedelta:
        """How long a run may have waited in total, after a short wait."""
        return self.max_wait * (1 + TOLERANCE) if self.max_wait else GRACE
