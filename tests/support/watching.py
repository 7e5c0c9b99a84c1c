"""A console and a clock for tests of what is shown while something takes long."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from circleci_usage.cli.console import Console
from circleci_usage.core.progress import Clock

STEP = timedelta(seconds=5)


@dataclass
class WatchedConsole(Console):
    """A console in a log, with the moments at which it printed, by a pinned clock."""

    clock: Clock
    printed: list[tuple[datetime, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begun = self.clock.now()
        super().__init__(timer=lambda: self.clock.now().timestamp())

    def _print(self, message: str) -> None:
        self.printed.append((self.clock.now(), message))

    def if_interrupted(self, message: str) -> None:
        if message not in self.kept[-1:]:
            self.kept.append(message)

    @property
    def lines(self) -> list[str]:
        return [line for _, line in self.printed]

    def longest_silence(self) -> timedelta:
        moments = [self.begun, *(moment for moment, _ in self.printed), self.clock.now()]
        return max(later - earlier for earlier, later in pairwise(moments))


@dataclass(frozen=True)
class BeatingClock:
    """A pinned clock with which the heartbeat of a console goes on while somebody sleeps."""

    clock: Clock
    console: Console

    def now(self) -> datetime:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        end = self.now() + timedelta(seconds=seconds)
        while (left := end - self.now()) > timedelta():
            self.clock.sleep(min(left, STEP).total_seconds())
            self.console.beat()
