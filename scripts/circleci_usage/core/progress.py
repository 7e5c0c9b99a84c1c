"""How a stage reports progress: the command line shows it, tests collect it.

A stage says what is under way, never how it looks: a line of a message (`say`), work (`task`),
something that it waits for (`waiting`), and what an interruption would leave behind
(`if_interrupted`).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Final, Protocol

BYTES: Final = "bytes"
"""The unit of a task that reads, writes or sends bytes."""


@dataclass(frozen=True)
class Wait:
    """One thing that a stage waits for. Its texts may quote a server.

    Attributes:
        subject: what it is about, such as `2026-10`.
        state: its state, such as `processing`.
        sentence: both as the beginning of a sentence, such as `CircleCI is preparing 2026-10`.
        since: when it was requested; None when it was not.
        next_step: what happens next, such as `next poll`.
        next_at: when that is; None when it depends on something else.
        until: how long the stage waits at most; None when that is not limited.
    """

    subject: str
    state: str
    sentence: str
    since: datetime | None = None
    next_step: str = "next attempt"
    next_at: datetime | None = None
    until: datetime | None = None


class Task(Protocol):
    """Work of a measurable amount, such as the bytes of a download."""

    def advance(self, amount: int) -> None:
        """Add to the amount that is done."""


class Waiting(Protocol):
    """What a stage waits for at the moment."""

    def show(self, *waits: Wait) -> None:
        """Replace what was shown before; the most important one is the first."""


class Progress(Protocol):
    """Receives messages and progress of a stage; safe to call from several threads."""

    def say(self, message: str) -> None:
        """Show a line."""

    def detail(self, message: str) -> None:
        """Show a line in verbose mode."""

    def task(
        self, label: str, total: int | None = None, unit: str = "", *, done: int = 0
    ) -> AbstractContextManager[Task]:
        """Begin work; it ends with the context.

        Args:
            label: what is done, such as `Reading 3 usage files`.
            total: how many units there are in all; None when that is not known.
            unit: `BYTES`, or a plural noun; empty when nothing is counted.
            done: how many were done before.
        """

    def waiting(self, now: Callable[[], datetime]) -> AbstractContextManager[Waiting]:
        """Begin to wait; it ends with the context. `now` is the clock of its moments."""

    def if_interrupted(self, message: str) -> None:
        """Remember what an interruption from here on leaves behind, and what to do then."""


class NullProgress:
    """Ignores all progress."""

    def say(self, message: str) -> None:
        """Ignore it."""

    def detail(self, message: str) -> None:
        """Ignore it."""

    def task(
        self,
        label: str,  # noqa: ARG002
        total: int | None = None,  # noqa: ARG002
        unit: str = "",  # noqa: ARG002
        *,
        done: int = 0,  # noqa: ARG002
    ) -> AbstractContextManager[Task]:
        """Ignore it."""
        return nullcontext(self)

    def advance(self, amount: int) -> None:
        """Ignore it."""

    def waiting(self, now: Callable[[], datetime]) -> AbstractContextManager[Waiting]:  # noqa: ARG002
        """Ignore it."""
        return nullcontext(self)

    def show(self, *waits: Wait) -> None:
        """Ignore it."""

    def if_interrupted(self, message: str) -> None:
        """Ignore it."""


class Clock(Protocol):
    """The time, passed in so that tests and the demo can choose it."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """This moment, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        sleep(seconds)


def wait_before_retry(
    clock: Clock, seconds: float, progress: Progress, *, subject: str, state: str
) -> None:
    """Wait before another attempt, and show that.

    Args:
        clock: what to wait with.
        seconds: how long.
        progress: shows it.
        subject: the service, such as `CircleCI`.
        state: why it is not ready, such as `it returned HTTP 503`.
    """
    again_at = clock.now() + timedelta(seconds=seconds)
    with progress.waiting(clock.now) as waiting:
        waiting.show(Wait(subject, state, f"Waiting for {subject} ({state})", next_at=again_at))
        clock.sleep(seconds)
