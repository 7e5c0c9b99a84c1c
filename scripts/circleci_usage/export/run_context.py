"""What every step of an export run shares: its options, the client, the store and the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from circleci_usage.core.progress import Clock, Progress
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.defaults import GB, MAX_RATIO, MAX_STORE_GB, POLL_SECONDS
from circleci_usage.export.store import Store


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
class RunContext:
    """The tools of one run. The store is locked by it."""

    client: CircleCI
    store: Store
    organizations: Sequence[str]
    options: ExportOptions
    clock: Clock
    progress: Progress
