"""A window whose export job is not done yet, and the doubt whether one without files is empty."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.circleci.answers import ExportJob
from circleci_usage.circleci.ledger import Window
from circleci_usage.progress import Clock

BARE_LOOKS: Final = 3
"""Further looks at an export job that is completed without files: their URLs may come a little later."""

BARE_TIME: Final = timedelta(minutes=2)
"""How long it may stay so before its days are taken as days without usage, even if CircleCI allows no more looks."""

_LEAST_PAUSE: Final = timedelta(seconds=1)


class Doubt:
    """When a window without files is looked at again, and when it is taken as empty.

    Args:
        clock: by which it waits.
        so_far: for how long it has been known to be without files, maybe from an earlier run.
        pause: before the next look; each one after it is twice as long.
    """

    def __init__(self, clock: Clock, so_far: timedelta, pause: timedelta) -> None:
        self._clock = clock
        self._over_at = clock.now() + BARE_TIME - so_far
        self._looks_left = BARE_LOOKS
        self._pause = pause
        self._look_at = clock.now() + pause

    def ready_at(self, looks_from: datetime) -> datetime:
        """When it is looked at again, or taken as empty if the next look is allowed too late for that."""
        return min(self._over_at, max(self._look_at, looks_from))

    @property
    def is_over(self) -> bool:
        """Whether it was without files often or long enough."""
        return self._looks_left <= 0 or self._clock.now() >= self._over_at

    def confirm(self) -> None:
        """It was looked at once more, and has no files."""
        self._looks_left -= 1
        self._pause = max(2 * self._pause, _LEAST_PAUSE)
        self._look_at = self._clock.now() + self._pause


@dataclass(eq=False)
class Pending:
    """A window whose export job is not done, and what was seen of it so far.

    Attributes:
        window: as the ledger has it.
        answer: to the request that began the export job, until it was looked at.
        state: in CircleCI's words.
        looks: that found it unfinished.
        missing: looks that found no such job.
        expired: how often in a row its URLs were refused.
        doubt: whether it is empty; None unless it is completed without files.
    """

    window: Window
    answer: ExportJob | None = None
    state: str = "asked for"
    looks: int = 0
    missing: int = 0
    expired: int = 0
    doubt: Doubt | None = None
