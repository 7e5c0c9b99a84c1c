"""The ledger on disk: read with suspicion, replaced as a whole."""

import errno
from pathlib import Path
from typing import Final

from circleci_usage.core.atomic_files import write_text
from circleci_usage.core.errors import DataError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.os_errors import reading, translate_os_errors
from circleci_usage.core.paths import is_file, kind_of
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import Ledger
from circleci_usage.export.ledger_checks import fault_in
from circleci_usage.export.ledger_json import dump, load
from circleci_usage.export.pending_request import sync_folder

LEDGER: Final = "ledger.json"

_LIMIT: Final = 64 << 20
"""Bytes that the ledger may have: a part takes about 250 of them."""


class LedgerFile:
    """`ledger.json` in the folder of a store.

    Inside a lock, what was read or written last is kept in memory.

    `commit` raises SettingsError when the file cannot be written, UnfinishedError when the disk is
    full.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / LEDGER
        self._kept: Ledger | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is such a file, or anything else in its place."""
        return is_file(self._path) or kind_of(self._path) is not None

    @property
    def ledger(self) -> Ledger:
        """The current ledger; an empty one when there is no file.

        Raises:
            SettingsError: it cannot be read, or a newer version wrote it.
            DataError: it is damaged.
        """
        return self._kept or self._read()

    def keep(self) -> None:
        """Read the ledger and keep it in memory, as nobody else writes it now.

        Raises as `ledger` does.
        """
        self._kept = self._read()

    def release(self) -> None:
        """Read the file again from now on, as others may write it."""
        self._kept = None

    def commit(self, ledger: Ledger) -> None:
        """Write a new state of the ledger, atomically and durably."""
        write_text(self._path, dump(ledger))
        with translate_os_errors(self._folder):
            sync_folder(self._folder)
        self._kept = ledger

    def _read(self) -> Ledger:
        try:
            text = read_own(self._path, _LIMIT).decode()
        except FileNotFoundError:
            return Ledger()
        except UnicodeDecodeError:
            raise damaged(self._path, "it is not UTF-8 text") from None
        except OSError as error:
            if kind_of(self._path) or error.errno == errno.EMSGSIZE:
                raise damaged(self._path, str(error.strerror)) from None
            with reading(self._path):
                raise
        ledger = load(text, inert(self._path))
        fault = fault_in(ledger)
        if fault:
            raise damaged(self._path, fault)
        return ledger


def damaged(path: Path, why: str) -> DataError:
    """The error for a file of the store that no run can have left like this."""
    return DataError(
        f"{inert(path)} is damaged: {why}; restore a good copy of the store, or delete the folder"
        " to start over."
    )
