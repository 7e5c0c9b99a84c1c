"""How long a run may wait for CircleCI: one measure for quotas, unfinished exports, repeated requests and downloads."""

from datetime import datetime, timedelta
from typing import Final

from circleci_usage.errors import UnfinishedError
from circleci_usage.progress import Clock

SHORT_WAIT: Final = timedelta(minutes=2)
"""A server's wish to wait is followed without asking when it is not longer."""

GRACE: Final = timedelta(minutes=10)
"""How long the short waits of a run may be in all that is not to wait: a `max_wait` of zero."""

TOLERANCE: Final = 0.1
"""The share of `max_wait` by which short waits may go beyond it. An hour until the quota is free would be for nothing
if the quarter of a minute were not allowed in which CircleCI then makes the export."""


class Patience:
    """How long was waited, and may be."""

    def __init__(self, clock: Clock, max_wait: timedelta = timedelta()) -> None:
        self._clock = clock
        self.max_wait = max_wait
        self.waited = timedelta()

    def allows(self, wait: timedelta) -> bool:
        """Whether there is patience for one more wait."""
        return self.waited + wait <= self._allowed(wait)

    def wait(self, wait: timedelta) -> None:
        """Wait, as was allowed."""
        self._clock.sleep(wait.total_seconds())
        self.waited += wait

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

    def _allowed(self, wait: timedelta) -> timedelta:
        """How long a run may have waited in all after this wait."""
        if wait > SHORT_WAIT:
            return self.max_wait
        return self.max_wait * (1 + TOLERANCE) if self.max_wait else GRACE
