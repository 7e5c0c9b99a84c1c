"""Removes from a store what is older than the usage that CircleCI keeps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.periods import add_months, month_start, today_utc
from circleci_usage.export.ledger import State, Window
from circleci_usage.export.store import Store

LOOK_BACK_MONTHS: Final = 13
"""How many months CircleCI keeps usage, according to its documentation."""


@dataclass(frozen=True)
class Pruned:
    """What was removed: windows, files, bytes."""

    windows: tuple[Window, ...]
    files: int
    bytes: int


def prune_store(store: Store, now: datetime) -> Pruned:
    """Remove the windows that end before CircleCI's look-back, in whole months before `now`.

    Raises:
        SettingsError: there is no store; also as `Store.locked` and `Store.commit`.
    """
    if store.absence:
        raise SettingsError(f"{store.absence}; check --store (STORE_DIR).")
    oldest = add_months(month_start(today_utc(now)), -LOOK_BACK_MONTHS)
    with store.locked():
        old = tuple(window for window in store.ledger.windows if window.last < oldest)
        fetched = [window for window in old if window.state is State.FETCHED]
        files = [store.path_of(part) for window in fetched for part in window.parts]
        store.commit(store.ledger.without(old))
        with translate_os_errors(store.folder):
            for file in files:
                file.unlink(missing_ok=True)
    return Pruned(old, len(files), sum(window.bytes for window in fetched))
