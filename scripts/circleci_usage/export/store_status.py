"""A summary of the store: what it has and what the next run would do. Makes no network requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from circleci_usage.core.periods import Period
from circleci_usage.export.ledger import POSTS_PER_HOUR, State, Window
from circleci_usage.export.organization_names import is_id
from circleci_usage.export.planning import ExportPlan, plan
from circleci_usage.export.pruned_windows import pruned_usage
from circleci_usage.export.store import Store


@dataclass(frozen=True)
class StoreStatus:
    """The state of a store.

    Attributes:
        folder: where the store is.
        absence: that there is none, as the beginning of a sentence; None when there is one.
        windows: all of them, in the order of their days.
        incomplete: fetched windows with missing files, which the next run downloads again.
        facts_only: pruned windows: their files are removed, their facts are kept.
        facts_lost: pruned windows whose facts are missing or cannot be read.
        requests_this_hour: how many exports the first organization requested, as far as this store
            knows.
        requests_per_hour: how many CircleCI allows.
        quota_free_at: when the next one may be requested; None means now.
        next_run: what a run for the same organizations and days would do; None without
            organizations.
    """

    folder: Path
    absence: str | None
    windows: tuple[Window, ...]
    incomplete: tuple[Window, ...]
    facts_only: tuple[Window, ...]
    facts_lost: tuple[Window, ...]
    requests_this_hour: int
    requests_per_hour: int
    quota_free_at: datetime | None
    next_run: ExportPlan | None

    @property
    def requests_left(self) -> int:
        """How many exports may be requested now."""
        return max(0, self.requests_per_hour - self.requests_this_hour)

    @property
    def rows(self) -> int:
        """The job runs in the files of fetched windows."""
        return sum(window.rows for window in self.windows if window.state is State.FETCHED)

    @property
    def bytes(self) -> int:
        """The size of all verified parts that are there."""
        return sum(window.bytes for window in self.windows)


@dataclass(frozen=True)
class NamedOrganizations:
    """Organizations as a user names them, as far as a store knows their ids.

    Attributes:
        ids: what to plan with.
        unknown: slugs whose ids the store does not know; the next run looks them up at CircleCI
            first.
        certain: whether the next run can be predicted all the same. Without any window it requests
            all days, whatever the ids are.
    """

    ids: tuple[str, ...]
    unknown: tuple[str, ...]
    certain: bool


def resolve_names(store: Store, names: Sequence[str]) -> NamedOrganizations:
    """What the store knows about ids and slugs; without any, the organizations of its last window.

    Raises:
        SettingsError, DataError: the ledger cannot be read.
    """
    ledger = store.next_ledger
    if not names:
        last = ledger.windows[-1].organizations if ledger.windows else ()
        return NamedOrganizations(last, (), certain=True)
    found = {name: name.lower() if is_id(name) else ledger.ids.get(name.lower()) for name in names}
    unknown = tuple(name for name, known in found.items() if known is None)
    ids = tuple(dict.fromkeys(known or name for name, known in found.items()))
    return NamedOrganizations(ids, unknown, certain=not (unknown and ledger.windows))


def slugs_by_id(store: Store) -> dict[str, str]:
    """The slugs of the organizations that the store has met by their slugs.

    Raises:
        SettingsError, DataError: the ledger cannot be read.
    """
    return {known: slug for slug, known in store.next_ledger.ids.items()}


def store_status(
    store: Store, organizations: Sequence[str], period: Period, now: datetime
) -> StoreStatus:
    """The state of a store.

    Args:
        store: it need not exist yet.
        organizations: ids, as for `export_usage`; may be empty.
        period: the days that the next run is for.
        now: this moment.

    Raises:
        SettingsError, DataError: the ledger cannot be read.
    """
    ledger, found = store.ledger, store.next_ledger
    requester = organizations[0] if organizations else ""
    incomplete = [window for window in ledger.in_state(State.FETCHED) if not store.is_whole(window)]
    pruned = pruned_usage(store, ledger.windows)
    return StoreStatus(
        folder=store.folder,
        absence=store.absence,
        windows=ledger.windows,
        incomplete=tuple(incomplete),
        facts_only=pruned.kept,
        facts_lost=pruned.lost,
        requests_this_hour=len(ledger.posts_in_hour(requester, now)),
        requests_per_hour=POSTS_PER_HOUR,
        quota_free_at=ledger.quota_free_at(requester, now),
        next_run=plan(found, organizations, period, now) if organizations else None,
    )
