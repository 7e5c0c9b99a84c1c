"""A window whose export job is not done yet, and the doubt whether one without files is empty."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.core.progress import Clock
from circleci_usage.export.api_responses import ExportJob
from circleci_usage.export.ledger import Window

EMPTY_POLLS: Final = 4
"""Looks that find an export job completed without files before its days are taken as days without usage: the URLs may
come a little later."""

EMPTY_POLLS_LATER: Final = 3
"""So many suffice once `EMPTY_TIME` has gone by, as when an earlier run has looked too."""

EMPTY_TIME: Final = timedelta(minutes=2)
"""How long it stays so at most, when the looks that CircleCI allows are used up."""

_SHORTEST, _LONGEST = timedelta(seconds=1), EMPTY_TIME / (EMPTY_POLLS - 1)
"""Of the pauses between these looks: together they are within `EMPTY_TIME`."""


class EmptyExportCheck:
    """When a window without files is looked at again, and when it is taken as empty.

    Args:
        clock: by which it waits.
        looks: that have found it so, maybe in earlier runs too.
        so_far: for how long it has been known to be so.
        pause: before each further look, within bounds.
    """

    def __init__(self, clock: Clock, polls: int, so_far: timedelta, pause: timedelta) -> None:
        self._clock = clock
        self._polls = polls
        self._over_at = clock.now() + EMPTY_TIME - so_far
        self._pause = min(max(pause, _SHORTEST), _LONGEST)
        self._poll_at = clock.now() + self._pause

    @property
    def is_over(self) -> bool:
        """Whether it was without files often enough."""
        is_late = self._clock.now() >= self._over_at
        return self._polls >= (EMPTY_POLLS_LATER if is_late else EMPTY_POLLS)

    def ready_at(self, polls_from: datetime, *, used_up: bool) -> datetime:
        """When there is something to do.

        Args:
            polls_from: when CircleCI allows the next look.
            used_up: whether it allows none because this run has had all of an hour: then time alone decides.
        """
        next_poll = max(self._poll_at, polls_from)
        return min(next_poll, self._over_at) if used_up else next_poll

    def confirm(self) -> None:
        """It was looked at once more, and has no files."""
        self._polls += 1
        self._poll_at = self._clock.now() + self._pause


@dataclass(eq=False)
class PendingWindow:
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
    polls: int = 0
    missing: int = 0
    expired: int = 0
    empty_check: EmptyExportCheck | None = None
