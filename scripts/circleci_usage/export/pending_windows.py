"""A window whose export job is not finished, and the check whether one without files is empty."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.core.progress import Clock
from circleci_usage.export.api_responses import ExportJob
from circleci_usage.export.ledger import Window

EMPTY_POLLS: Final = 4
"""Polls that must find a completed export job without files before its days count as empty.

The URLs may arrive a little later than the state.
"""

EMPTY_POLLS_LATER: Final = 3
"""As many suffice once `EMPTY_TIME` has passed, for example because an earlier run polled too."""

EMPTY_TIME: Final = timedelta(minutes=2)
"""How long to wait when the polls that CircleCI allows are used up."""

_SHORTEST, _LONGEST = timedelta(seconds=1), EMPTY_TIME / (EMPTY_POLLS - 1)
"""Limits of the pauses between these polls, which together fit into `EMPTY_TIME`."""


class EmptyExportCheck:
    """When to poll a window without files again, and when it counts as empty.

    Args:
        clock: the clock to wait by.
        polls: how many polls have found no files, earlier runs included.
        so_far: how long ago the first of them was.
        pause: the time before each further poll, within limits.
    """

    def __init__(self, clock: Clock, polls: int, so_far: timedelta, pause: timedelta) -> None:
        self._clock = clock
        self._polls = polls
        self._over_at = clock.now() + EMPTY_TIME - so_far
        self._pause = min(max(pause, _SHORTEST), _LONGEST)
        self._poll_at = clock.now() + self._pause

    @property
    def is_over(self) -> bool:
        """Whether enough polls found no files."""
        is_late = self._clock.now() >= self._over_at
        return self._polls >= (EMPTY_POLLS_LATER if is_late else EMPTY_POLLS)

    def ready_at(self, polls_from: datetime, *, used_up: bool) -> datetime:
        """When there is something to do.

        Args:
            polls_from: when CircleCI allows the next poll.
            used_up: whether this run has used all polls of the hour; then time alone decides.
        """
        next_poll = max(self._poll_at, polls_from)
        return min(next_poll, self._over_at) if used_up else next_poll

    def confirm(self) -> None:
        """One more poll found no files."""
        self._polls += 1
        self._poll_at = self._clock.now() + self._pause


@dataclass(eq=False)
class PendingWindow:
    """A window whose export job is not finished, and what is known about it so far.

    Attributes:
        window: as the ledger has it.
        created: the export job as the response to the request described it, until it is polled.
        state: in CircleCI's words.
        polls: how many found it unfinished.
        missing: how many polls found no such job.
        expired: how often in a row its URLs were rejected.
        empty_check: whether it is empty; None unless it is completed without files.
    """

    window: Window
    created: ExportJob | None = None
    state: str = "requested"
    polls: int = 0
    missing: int = 0
    expired: int = 0
    empty_check: EmptyExportCheck | None = None
