"""The lock of a store: one run writes at a time.

The kernel frees the lock when that run ends, however it ends.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from circleci_usage.core.errors import SettingsError, UnfinishedError
from circleci_usage.core.guarded_open import open_own
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.paths import kind_of
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger_file import damaged


@contextmanager
def lock_store(folder: Path) -> Iterator[None]:
    """Hold the lock of a store. Anything but a regular file in its place is left alone.

    Raises:
        UnfinishedError: another run holds it.
        DataError: something else is in the place of the lock file.
        SettingsError: the file system cannot lock files.
    """
    path = folder / "lock"
    with ExitStack() as held:
        try:
            lock = held.enter_context(open_own(path, os.O_RDWR | os.O_CREAT))
        except OSError as error:
            if kind_of(path) or error.errno == errno.EMLINK:
                raise damaged(path, str(error.strerror)) from None
            with translate_os_errors(path):
                raise
        _take(lock, folder)
        yield


def _take(lock: BinaryIO, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UnfinishedError(
            f"Another run (process {_holder(lock)}) is using the store {inert(folder)}; rerun the"
            " same command when it has finished, or use another --store."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"The store {inert(folder)} is on a file system that cannot lock files"
            f" ({error.strerror}), so two runs could corrupt it; choose a folder on a local disk"
            " with --store (STORE_DIR)."
        ) from None
    with translate_os_errors(folder):
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        lock.flush()


def _holder(lock: BinaryIO) -> str:
    """The process that holds the lock."""
    lock.seek(0)
    process = lock.read(20).decode("ascii", "replace").strip()
    return process if process.isdecimal() else "unknown"
