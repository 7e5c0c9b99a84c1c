"""Removes from a store the files that are older than the usage that CircleCI keeps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from circleci_usage.core.errors import DataError, SettingsError, UnfinishedError
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.periods import add_months, month_start, today_utc
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import NullProgress, Progress
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import State, Window
from circleci_usage.export.pruned_windows import facts_of, with_facts
from circleci_usage.export.store import Store
from circleci_usage.usage.file_hashes import CACHE_FOLDER
from circleci_usage.usage.kept_facts import forget_facts, keep_facts
from circleci_usage.usage.recorded import find_recorded

LOOK_BACK_MONTHS: Final = 13
"""How many months CircleCI keeps usage, according to its documentation."""

_SILENT: Final = NullProgress()


@dataclass(frozen=True)
class Pruned:
    """What was removed.

    Attributes:
        windows: those that lost their files, their facts or both.
        files: how many.
        bytes: their size.
        kept: the windows of which facts are kept.
    """

    windows: tuple[Window, ...]
    files: int
    bytes: int
    kept: tuple[Window, ...] = ()


def prune_store(
    store: Store, now: datetime, *, facts: bool = True, progress: Progress = _SILENT
) -> Pruned:
    """Remove the files of windows that end before CircleCI's look-back, in whole months.

    The order makes it safe to be killed in between: facts, ledger, files.

    Args:
        store: the store.
        now: the look-back is counted from here.
        facts: whether to keep what the files say; without, the facts that an earlier call kept are
            removed too.
        progress: shows the work.

    Raises:
        SettingsError: there is no store; also as `Store.locked` and `Store.commit`.
        DataError: what a damaged file says cannot be kept; nothing was removed.
        UnfinishedError: facts cannot be written; nothing was removed.
    """
    if store.absence:
        raise SettingsError(f"{store.absence}; check --store (STORE_DIR).")
    oldest = add_months(month_start(today_utc(now)), -LOOK_BACK_MONTHS)
    with store.locked():
        old = [window for window in store.ledger.windows if window.last < oldest]
        return _keep_facts(store, old, progress) if facts else _remove_all(store, old)


def _keep_facts(store: Store, old: Iterable[Window], progress: Progress) -> Pruned:
    changed = tuple(window for window in old if window.state is not State.PRUNED)
    fetched = tuple(window for window in changed if window.state is State.FETCHED)
    label = f"Keeping the facts of {counted(len(fetched), 'window')}"
    with progress.task(label, len(fetched)) as task:
        for window in fetched:
            _keep_facts_of(store, window)
            task.advance(1)
    others = (window for window in changed if window not in fetched)
    store.commit(store.ledger.without(others).pruned(fetched))
    return _without_files(store, changed, fetched)


def _remove_all(store: Store, old: Iterable[Window]) -> Pruned:
    """Remove the old windows, and all that are pruned."""
    pruned = store.ledger.in_state(State.PRUNED)
    gone = tuple(dict.fromkeys((*pruned, *old)))
    store.commit(store.ledger.without(gone))
    removed = _without_files(store, gone, ())
    for window in gone:
        forget_facts(with_facts(store.recorded_in([window])))
    return removed


def _keep_facts_of(store: Store, window: Window) -> None:
    try:
        _refuse_damaged(store, window)
        keep_facts(find_recorded(store.recorded_in([window])).parts)
    except DataError as error:
        raise DataError(
            f"{error} Nothing was pruned, as CircleCI no longer has {window.period}. Restore a good"
            " copy of the file, or delete it to give up these days; then rerun `circleci-usage"
            " prune`."
        ) from None
    if facts_of(store, window) is None:
        raise UnfinishedError(
            f"The facts of {window.period} cannot be written to"
            f" {inert(store.folder)}/parts/{CACHE_FOLDER}, so nothing was pruned. Free some space"
            " there, and remove links and files from the places of its folders; then rerun"
            " `circleci-usage prune`."
        )


def _refuse_damaged(store: Store, window: Window) -> None:
    for fault in filter(None, map(store.fault_of, window.parts)):
        raise DataError(fault)


def _without_files(store: Store, windows: tuple[Window, ...], kept: tuple[Window, ...]) -> Pruned:
    fetched = [window for window in windows if window.state is State.FETCHED]
    files = [store.path_of(part) for window in fetched for part in window.parts]
    with translate_os_errors(store.folder):
        for file in files:
            file.unlink(missing_ok=True)
    return Pruned(windows, len(files), sum(window.bytes for window in fetched), kept)
