"""When the next request of a kind may be made, after what CircleCI said about its limits."""

from datetime import timedelta
from typing import Final

from circleci_usage.core.progress import Clock
from circleci_usage.export.api_responses import RateLimitedError

LIMIT_WAITS: Final = (60.0, 120.0, 240.0, 480.0, 900.0)
"""Seconds to wait after a 429 that does not say when to come back, and after each that follows it.

The quota may be one per minute or one per hour: CircleCI has had both.
"""


class RequestGate:
    """When the next request of a kind may be made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refusals = 0
        self.opens_at = clock.now()

    @property
    def is_open(self) -> bool:
        """Whether a request may be made now."""
        return self.opens_at <= self._clock.now()

    def close_for(self, wait: timedelta) -> None:
        """Delay the next request by `wait`, unless it is already delayed longer."""
        self.opens_at = max(self.opens_at, self._clock.now() + wait)

    def refused(self, error: RateLimitedError, guess: timedelta | None = None) -> None:
        """Wait as a 429 says; without that, as `guess` says; without either, longer each time."""
        steps = min(self._refusals, len(LIMIT_WAITS) - 1)
        self._refusals += 1
        self.close_for(error.wait or guess or timedelta(seconds=LIMIT_WAITS[steps]))

    def passed(self, quota_wait: timedelta | None) -> None:
        """A request succeeded; `quota_wait` is set when it used up the quota."""
        self._refusals = 0
        if quota_wait:
            self.close_for(quota_wait)
