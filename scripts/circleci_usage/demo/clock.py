"""The demo's clock: pinned, so that two runs of the demo give the same report."""

from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

DEMO_NOW: Final = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
"""When the demo takes place: a Monday morning, the last full month is October 2026."""


class PinnedClock:
    """A clock that stands still until somebody sleeps, and then jumps ahead without waiting."""

    def __init__(self, now: datetime = DEMO_NOW) -> None:
        self._now = now
        self._lock = Lock()

    def now(self) -> datetime:
        """The current moment, in UTC."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Jump ahead."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
