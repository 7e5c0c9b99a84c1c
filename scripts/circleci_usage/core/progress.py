"""How a stage reports progress: the command line shows it, tests collect it."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from time import sleep
from typing import Protocol


class Task(Protocol):
    """Work of a measurable amount, such as the bytes of a download."""

    def advance(self, amount: int) -> None:
        """Add to the amount that is done."""


class Progress(Protocol):
    """Receives messages and progress of a stage; safe to call from several threads."""

    def say(self, message: str) -> None:
        """Show a line."""

    def detail(self, message: str) -> None:
        """Show a line in verbose mode."""

    def task(self, label: str, total: int | None) -> AbstractContextManager[Task]:
        """Begin work of `total` units (None: unknown); it ends with the context."""


class NullProgress:
    """Ignores all progress."""

    def say(self, message: str) -> None:
        """Ignore it."""

    def detail(self, message: str) -> None:
        """Ignore it."""

    def task(self, label: str, total: int | None) -> AbstractContextManager[Task]:  # noqa: ARG002
        """Ignore it."""
        return nullcontext(self)

    def advance(self, amount: int) -> None:
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
