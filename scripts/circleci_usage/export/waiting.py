"""What every step of an export run works with: the options, the ways out, and how waiting is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from circleci_usage.core.progress import Clock, Progress
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.api_responses import RateLimitedError
from circleci_usage.export.defaults import GB, MAX_RATIO, MAX_STORE_GB, POLL_SECONDS
from circleci_usage.export.store import Store

LONGEST_POLL_WAIT: Final = 600.0
"""Seconds between two looks at an export that takes long: six an hour leave room within CircleCI's ten an hour."""

LIMIT_WAITS: Final = (60.0, 120.0, 240.0, 480.0, 900.0)
"""Seconds after a 429 that does not say when to come back, and after those that follow it. The quota may be one a
minute or one an hour: CircleCI has had both."""


@dataclass(frozen=True)
class ExportOptions:
    """How an export is fetched.

    Attributes:
        poll_seconds: the first wait before an export is looked at; it doubles from there.
        max_wait: how long to wait for CircleCI in all; short waits and answers may go beyond it by a tenth. Zero: not
            for the hourly quota, only moments (two minutes at a time, ten in all), which it takes to fetch what is
            asked for.
        downloads: parts that are downloaded at a time.
        max_ratio: how many times its size a part may unpack to. Exports have about 6.
        max_store_bytes: how large the parts in the store may become in all.
        allow_insecure: whether parts may be fetched by plain HTTP from elsewhere than this machine.
    """

    poll_seconds: float = POLL_SECONDS
    max_wait: timedelta = timedelta(hours=1)
    downloads: int = 4
    max_ratio: int = MAX_RATIO
    max_store_bytes: int = MAX_STORE_GB * GB
    allow_insecure: bool = False

    @property
    def first_pause(self) -> timedelta:
        """The first wait before an export is looked at: no longer than the run may wait at all."""
        pause = timedelta(seconds=self.poll_seconds)
        return min(pause, self.max_wait) if self.max_wait else pause


@dataclass(frozen=True)
class Run:
    """The tools of one run. The store is locked by it."""

    client: CircleCI
    store: Store
    organizations: Sequence[str]
    options: ExportOptions
    clock: Clock
    progress: Progress


class Gate:
    """When the next request of a kind may be made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refusals = 0
        self.opens_at = clock.now()

    @property
    def is_open(self) -> bool:
        """Whether it may be made now."""
        return self.opens_at <= self._clock.now()

    def close_for(self, wait: timedelta) -> None:
        """Let the next one wait so long, or longer if it has to already."""
        self.opens_at = max(self.opens_at, self._clock.now() + wait)

    def refused(self, error: RateLimitedError, guess: timedelta | None = None) -> None:
        """Wait as a 429 says; if it does not say, as we guess; if we cannot, longer each time."""
        steps = min(self._refusals, len(LIMIT_WAITS) - 1)
        self._refusals += 1
        self.close_for(error.wait or guess or timedelta(seconds=LIMIT_WAITS[steps]))

    def passed(self, quota_wait: timedelta | None) -> None:
        """A request was answered, maybe with the news that it was the last one for a while."""
        self._refusals = 0
        if quota_wait:
            self.close_for(quota_wait)
