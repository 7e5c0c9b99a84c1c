"""What every step of an export run shares: its options, the client, the store and the clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from circleci_usage.core.progress import Clock, Progress
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.defaults import GB, MAX_RATIO, MAX_STORE_GB, POLL_SECONDS
from circleci_usage.export.ledger import State, Window
from circleci_usage.export.store import Store
from circleci_usage.export.waits import kept_message

Arrived = Callable[[Window], None]
"""Called with a requested window and those of its parts that were verified since the last call, in
the order in which CircleCI lists them, and at last with the fetched window.
"""


def tell_nobody(_window: Window) -> None:
    """Ignore what arrives."""


@dataclass(frozen=True)
class ExportOptions:
    """Waits and limits of an export.

    Attributes:
        poll_seconds: the initial poll interval; it doubles from there.
        max_wait: the maximum total wait for CircleCI; short waits and responses may exceed it by a
            tenth. Zero means not to wait for the hourly quota, only for the moments (two minutes at
            a time, ten in total) that it takes to download what is requested.
        downloads: parts that are downloaded at the same time.
        max_ratio: the maximum decompression ratio of a part. Exports have about 6.
        max_store_bytes: the maximum total size of the parts in the store.
        allow_insecure: whether parts may be downloaded over plain HTTP from another machine.
    """

    poll_seconds: float = POLL_SECONDS
    max_wait: timedelta = timedelta(hours=1)
    downloads: int = 4
    max_ratio: int = MAX_RATIO
    max_store_bytes: int = MAX_STORE_GB * GB
    allow_insecure: bool = False

    @property
    def first_pause(self) -> timedelta:
        """The initial poll interval, at most as long as the run may wait at all."""
        pause = timedelta(seconds=self.poll_seconds)
        return min(pause, self.max_wait) if self.max_wait else pause


@dataclass(frozen=True)
class RunContext:
    """What all steps of one run share. The run holds the lock of the store.

    `arrived` is called by the thread of the run, which it should not keep.
    """

    client: CircleCI
    store: Store
    organizations: Sequence[str]
    options: ExportOptions
    clock: Clock
    progress: Progress
    arrived: Arrived = tell_nobody

    def remember_kept(self) -> None:
        """Remember for an interruption what was requested and downloaded so far."""
        requested = self.store.ledger.of(self.organizations, State.REQUESTED)
        self.progress.if_interrupted(kept_message(requested))
