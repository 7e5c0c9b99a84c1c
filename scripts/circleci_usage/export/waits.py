"""What a run waits for, a line per window, and what an interruption leaves behind."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.core.periods import Period, add_months, month_start
from circleci_usage.core.plurals import few
from circleci_usage.core.progress import Wait
from circleci_usage.export.ledger import Window
from circleci_usage.export.pending_windows import PendingWindow

QUOTA: Final = "waits for the quota"

DOWNLOADING: Final = "downloading"

LIMITED: Final = "The status-check limit is reached while "

_SHOWN: Final = 3


def in_progress(
    one: PendingWindow,
    *,
    is_limited: bool,
    ahead: timedelta,
    next_poll: datetime | None,
    until: datetime,
) -> Wait:
    """A window that was requested.

    Args:
        one: the window.
        is_limited: whether CircleCI's limit on polls delays the next one.
        ahead: how far CircleCI's clock, by which it was requested, is ahead.
        next_poll: when it is polled; None when another window comes first.
        until: how long the run waits at most.
    """
    name = short_name(one.window.period)
    if one.state == DOWNLOADING:
        return Wait(name, one.state, f"Downloading {name}")
    return Wait(
        subject=name,
        state=one.state,
        sentence=f"{LIMITED if is_limited else ''}CircleCI is preparing {name}",
        since=one.window.requested_at - ahead,
        next_step="next poll",
        next_at=next_poll,
        until=until,
    )


def to_request(period: Period, *, next_at: datetime | None, until: datetime) -> Wait:
    """A window that is still to be requested, at `next_at` if the quota does not allow it now."""
    name = short_name(period)
    if next_at is None:
        return Wait(name, "to be requested", f"Requesting the export of {name}")
    return Wait(
        subject=name,
        state=QUOTA,
        sentence=f"CircleCI's hourly quota is used up, and {name} is still to be requested",
        next_step="next request",
        next_at=next_at,
        until=until,
    )


def kept_message(requested: Sequence[Window]) -> str:
    """What an interruption leaves behind while an export runs.

    Args:
        requested: the windows that are requested and not downloaded as a whole.
    """
    preparing = _named(window for window in requested if not window.listed)
    ready = _named(window for window in requested if window.listed)
    facts = []
    if preparing:
        facts.append(f"CircleCI goes on preparing {preparing}")
    if ready:
        facts.append(f"the download of {ready} is unfinished")
    details = f": {', and '.join(facts)}" if facts else ""
    return f"Requests and downloads are kept{details}; rerun the same command to resume."


def short_name(period: Period) -> str:
    """A whole month as `2026-10`, other days as usual."""
    first = month_start(period.first)
    is_month = period == Period(first, add_months(first, 1))
    return f"{first:%Y-%m}" if is_month else str(period)


def _named(windows: Iterable[Window]) -> str:
    return few([short_name(window.period) for window in windows], _SHOWN)
