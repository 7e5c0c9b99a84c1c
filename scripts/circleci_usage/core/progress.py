"""How a stage tells what it does, without knowing who listens: the command line shows it, tests collect it."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from time import sleep
from typing import Protocol


class Task(Protocol):
    """One thing with a measurable amount of work, such as the bytes of a download."""

    def advance(self, amount: int) -> None:
        """So much more is done."""


class Progress(Protocol):
    """What a stage may say while it works. Implementations are safe to call from several threads."""

    def say(self, message: str) -> None:
        """A line that everybody should see."""

    def detail(self, message: str) -> None:
        """A line for those who asked for more."""

    def task(self, label: str, total: int | None) -> AbstractContextManager[Task]:
        """Begin work of `total` units (unknown: None); it ends with the context."""


class NullProgress:
    """A listener that hears nothing."""

    def say(self, message: str) -> None:
        """Say nothing."""

    def detail(self, message: str) -> None:
        """Say nothing."""

    def task(self, label: str, total: int | None) -> AbstractContextManager[Task]:  # noqa: ARG002
        """Count nothing."""
        return nullcontext(self)

    def advance(self, amount: int) -> None:
        """Count nothing."""


class Clock(Protocol):
    """The time, given to whoever needs it, so that tests and the demo can choose it."""

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
