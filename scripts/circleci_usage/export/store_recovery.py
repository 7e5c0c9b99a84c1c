"""Recovers a store after a killed run: what the ledger counts is kept, leftovers go."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Final

from circleci_usage.core.atomic_files import sweep_files
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.paths import kind_of
from circleci_usage.export.ledger import Ledger, State, Window
from circleci_usage.export.ledger_checks import file_prefix
from circleci_usage.export.ledger_file import LEDGER, LedgerFile, damaged
from circleci_usage.export.pending_request import PendingRequestFile
from circleci_usage.export.store_folder import StoreFolder, has_size

_PART_FILES: Final = "????-??-??_????-??-??_*.csv.gz"
"""The names of parts. Other files in the folders belong to somebody else and are left alone."""


def recovered_ledger(
    ledger: Ledger, files: StoreFolder, pending_request: PendingRequestFile
) -> Ledger:
    """The ledger as `StoreRecovery` will leave it. Changes nothing on disk."""
    ledger = _with_leftover(ledger, pending_request)
    fetched = ledger.in_state(State.FETCHED)
    lost = [window for window in fetched if not files.is_whole(window)]
    return reduce(Ledger.reopened, lost, ledger)


class StoreRecovery:
    """The recovery of a store whose lock is held.

    Raises SettingsError, UnfinishedError and DataError.
    """

    def __init__(
        self, files: StoreFolder, ledger_file: LedgerFile, pending_request: PendingRequestFile
    ) -> None:
        self._files = files
        self._ledger_file = ledger_file
        self._pending_request = pending_request

    def run(self) -> None:
        """Bring ledger and files into agreement, and remove leftovers."""
        found = _with_leftover(self._ledger, self._pending_request)
        if found != self._ledger:
            self._ledger_file.commit(found)
        self._pending_request.discard()
        self._take_back_unpublished()
        for window in self._ledger.in_state(State.FETCHED):
            if not self._files.is_whole(window):
                self._reopen(window)
        for window in self._ledger.in_state(State.REQUESTED):
            self._drop_lost_parts(window)
        self._sweep()

    @property
    def _ledger(self) -> Ledger:
        return self._ledger_file.ledger

    def _take_back_unpublished(self) -> None:
        """A run killed between moving files and writing the ledger left them one folder too far."""
        for name in part_names(self._ledger, State.REQUESTED):
            self._files.move(self._files.parts / name, self._files.verified(name))

    def _reopen(self, window: Window) -> None:
        for part in window.parts:
            self._files.move(self._files.published(part), self._files.verified(part.name))
        self._ledger_file.commit(self._ledger.reopened(window))

    def _drop_lost_parts(self, window: Window) -> None:
        there = [part for part in window.parts if has_size(self._files.verified(part.name), part)]
        if tuple(there) != window.parts:
            changed = replace(window, parts=tuple(there))
            self._ledger_file.commit(self._ledger.updated(changed))

    def _sweep(self) -> None:
        """Remove the files that no window of the ledger needs."""
        requested = self._ledger.in_state(State.REQUESTED)
        expected = tuple(file_prefix(window) for window in requested)
        self._remove_others()
        incoming = self._files.incoming.glob(f"{_PART_FILES}*")
        self._files.remove(file for file in incoming if not file.name.startswith(expected))
        self._unverify()
        counted = set(part_names(self._ledger, State.FETCHED))
        parts = self._files.parts.glob(_PART_FILES)
        self._files.remove(file for file in parts if file.name not in counted)
        # Only the holder of the lock writes these.
        sweep_files(self._files.path, re.escape(LEDGER))

    def _remove_others(self) -> None:
        """Remove links, pipes and devices named like our files: nothing may write through them."""
        incoming = list(self._files.incoming.glob(f"{_PART_FILES}*"))
        for file in [*incoming, *self._files.parts.glob(_PART_FILES)]:
            kind = kind_of(file)
            if kind == "a folder":
                raise damaged(file, "it is a folder, not a file")
            if kind:
                self._files.remove([file])
        hard_links = (file for file in incoming if kind_of(file) is None and _has_links(file))
        self._files.remove(hard_links)

    def _unverify(self) -> None:
        """A part that the ledger does not know yet is verified once more, not downloaded again."""
        verified = set(part_names(self._ledger, State.REQUESTED))
        with translate_os_errors(self._files.incoming):
            for file in tuple(self._files.incoming.glob(_PART_FILES)):
                if file.name not in verified:
                    file.replace(self._files.partial(file.name))


def part_names(ledger: Ledger, state: State) -> Iterator[str]:
    """The names of the parts of all windows in a state."""
    for window in ledger.in_state(state):
        for part in window.parts:
            yield part.name


def _with_leftover(ledger: Ledger, pending_request: PendingRequestFile) -> Ledger:
    """The ledger with the window that a killed run was requesting."""
    left = pending_request.leftover_window()
    if left is None or any(left.job and window.job == left.job for window in ledger.windows):
        return ledger
    return ledger.with_request(left)


def _has_links(file: Path) -> bool:
    """Whether a file has more than one name."""
    with suppress(FileNotFoundError):
        return file.lstat().st_nlink > 1
    return False
