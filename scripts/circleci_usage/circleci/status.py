"""The store at a glance: what is there, and what the next run would do. Asks nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from circleci_usage.circleci.ledger import POSTS_PER_HOUR, State, Window
from circleci_usage.circleci.planning import Plan, plan
from circleci_usage.circleci.store import Store
from circleci_usage.days import Period


@dataclass(frozen=True)
class Status:
    """What the store knows.

    Attributes:
        folder: where it is.
        windows: all of them, in the order of their days.
        incomplete: fetched windows of which files are missing: their export jobs will be asked for them again.
        requests_this_hour: how many exports the first organisation has asked for, as far as this store knows.
        requests_per_hour: how many CircleCI allows.
        quota_free_at: when the next one may be asked for; None for now.
        next_run: what a run for the same organisations and days would ask for and collect; None without organisations.
    """

    folder: Path
    windows: tuple[Window, ...]
    incomplete: tuple[Window, ...]
    requests_this_hour: int
    requests_per_hour: int
    quota_free_at: datetime | None
    next_run: Plan | None

    @property
    def rows(self) -> int:
        """The job runs in fetched windows."""
        return sum(window.rows for window in self.windows if window.state is State.FETCHED)

    @property
    def bytes(self) -> int:
        """The size of all verified parts."""
        return sum(window.bytes for window in self.windows)


def status(store: Store, organizations: Sequence[str], period: Period, now: datetime) -> Status:
    """The state of a store.

    Args:
        store: it need not exist yet.
        organizations: ids, as for `export_usage`; may be empty.
        period: the days that the next run is for.
        now: this moment.

    Raises:
        SettingsError, DataError: the ledger cannot be read.
    """
    ledger = store.ledger
    asker = organizations[0] if organizations else ""
    return Status(
        folder=store.folder,
        windows=ledger.windows,
        incomplete=tuple(
            window for window in ledger.windows if window.state is State.FETCHED and not store.is_whole(window)
        ),
        requests_this_hour=len(ledger.posts_in_hour(asker, now)),
        requests_per_hour=POSTS_PER_HOUR,
        quota_free_at=ledger.quota_free_at(asker, now),
        next_run=plan(ledger, organizations, period, now) if organizations else None,
    )
