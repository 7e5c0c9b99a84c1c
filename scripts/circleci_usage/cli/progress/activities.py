"""What is under way: open tasks and waits, and the heartbeat that shows them.

The heartbeat has a thread of its own, because the main thread sleeps, waits for a response, or is
inside of Polars for minutes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock, Thread
from time import sleep
from typing import Protocol, TypeVar

from circleci_usage.core.progress import Wait

Timer = Callable[[], float]
"""Seconds that only ever increase, as `time.monotonic` does."""


@dataclass(eq=False)
class OpenTask:
    """Work that is under way; see `Progress.task`. `begun` is by the timer."""

    label: str
    total: int | None
    unit: str
    before: int
    begun: float
    done: int = field(init=False)

    def __post_init__(self) -> None:
        self.done = self.before

    def advance(self, amount: int) -> None:
        """Add to the amount that is done."""
        self.done += amount


@dataclass(eq=False)
class OpenWaiting:
    """What is waited for; see `Progress.waiting`. `begun` is by the timer."""

    now: Callable[[], datetime]
    begun: float
    waits: tuple[Wait, ...] = ()

    def show(self, *waits: Wait) -> None:
        """Replace what was shown before."""
        self.waits = waits


Activity = OpenTask | OpenWaiting

OpenT = TypeVar("OpenT", OpenTask, OpenWaiting)


class Display(Protocol):
    """Where activities are shown.

    Attributes:
        interval: seconds between two beats.
    """

    interval: float

    def beat(self, activities: Sequence[Activity]) -> None:
        """Show what is under way, the outermost first; nothing when there is none."""


class Heartbeat:
    """Shows the open activities on a display at regular intervals."""

    def __init__(self, display: Display) -> None:
        self._display = display
        # Reentrant, because an interrupt may come while it is held.
        self._lock = RLock()
        self._open: list[Activity] = []
        self._is_beating = False

    @contextmanager
    def during(self, activity: OpenT) -> Iterator[OpenT]:
        """Show an activity as long as the context lasts."""
        with self._lock:
            self._open.append(activity)
            self._start()
        try:
            yield activity
        finally:
            with self._lock:
                self._open.remove(activity)
                if not self._open:
                    self._display.beat(())

    def beat(self) -> None:
        """Show the open activities as they are now."""
        with self._lock:
            self._display.beat(tuple(self._open))

    def _start(self) -> None:
        if not self._is_beating:
            self._is_beating = True
            Thread(target=self._beat_while_open, name="heartbeat", daemon=True).start()

    def _beat_while_open(self) -> None:
        while True:
            sleep(self._display.interval)
            with self._lock:
                if not self._open:
                    self._is_beating = False
                    return
                self.beat()
