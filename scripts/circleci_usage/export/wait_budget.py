"""How long a run may wait for CircleCI: one measure for quotas, unfinished exports, slow answers and repeated tries."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.core.errors import UnfinishedError
from circleci_usage.core.progress import Clock

SHORT_WAIT: Final = timedelta(minutes=2)
"""A server's wish to wait is followed without asking when it is not longer."""

GRACE: Final = timedelta(minutes=10)
"""How long the short waits of a run may be in all that is not to wait: a `max_wait` of zero."""

TOLERANCE: Final = 0.1
"""The share of `max_wait` by which short waits may go beyond it. An hour until the quota is free would be for nothing
if the quarter of a minute were not allowed in which CircleCI then makes the export."""

PROMPT: Final = timedelta(seconds=2)
"""Answers that take no longer than this in all are no waiting: a `max_wait` of a second is for CircleCI to make the
export, and not used up by asking for it."""


class WaitBudget:
    """How long was waited, between requests and for their answers, and may be."""

    def __init__(self, clock: Clock, max_wait: timedelta = timedelta()) -> None:
        self._clock = clock
        self._slept = timedelta()
        self._answered = timedelta()
        self.max_wait = max_wait

    @property
    def left(self) -> timedelta:
        """How long may still be waited, a little at a time."""
        return max(self._limit - self._waited, timedelta())

    def allows(self, wait: timedelta) -> bool:
        """Whether there is patience for one more wait."""
        # An hour until the quota is free began with the first request: its answer's time may not count against it.
        is_whole = wait <= SHORT_WAIT or self._slept + wait <= self.max_wait
        return is_whole and self._waited + wait <= self._limit

    def wait(self, wait: timedelta) -> None:
        """Wait, as was allowed."""
        self._clock.sleep(wait.total_seconds())
        self._slept += wait

    @contextmanager
    def answer(self) -> Iterator[None]:
        """Waits in its context for an answer, however that ends.

        Raises:
            UnfinishedError: earlier answers took all the patience; nothing is to be asked any more.
        """
        if not self.allows(timedelta()):
            raise UnfinishedError(
                "CircleCI's answers took longer than this run may wait (--max-wait, MAX_WAIT). All that was asked for"
                " and fetched is kept: run the same command again to go on."
            )
        begin = self._clock.now()
        try:
            yield
        finally:
            # The computer's clock may be set back meanwhile.
            self._answered += max(self._clock.now() - begin, timedelta())

    def wait_until(self, moment: datetime, why: str) -> None:
        """Wait, if the run may.

        Raises:
            UnfinishedError: it has no patience left; `why` says what it would have waited for.
        """
        wait = max(moment - self._clock.now(), timedelta())
        if not self.allows(wait):
            raise UnfinishedError(
                f"{why} It can go on at {moment:%Y-%m-%d %H:%M} UTC, later than this run may wait (--max-wait,"
                " MAX_WAIT). All that was asked for and fetched is kept: run the same command again to go on."
            )
        self.wait(wait)

    @property
    def _waited(self) -> timedelta:
        return self._slept + (self._answered if self._answered > PROMPT else timedelta())

    @property
    def _limit(self) -> timedelta:
        """How long a run may have waited in all, after a short wait."""
        return self.max_wait * (1 + TOLERANCE) if self.max_wait else GRACE
