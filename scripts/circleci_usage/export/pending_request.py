"""What is being asked for right now, on disk before CircleCI hears of it: so that a kill loses no export job.

CircleCI can neither list export jobs nor be told that a request is a repetition, so its answer is the only way to know
the job. The file is written and synced before the POST, with room for the id of the job; when the answer is there, the
id is put into that room by one small write, before anything else is done. From then on a kill loses nothing.

What a kill finds, and what the next run makes of it:

| killed | the file holds | the window becomes |
| --- | --- | --- |
| before the POST was sent | no job (or half a line) | unclear: asked for again, which CircleCI sees once |
| between CircleCI's accepting it and the write below | no job | unclear: asked for again, a second request |
| after that write | the job | asked: the job is used |

The second row cannot be avoided from here. Its part on this computer (answer read → id written) takes a fraction of a
millisecond; the rest is the answer's way through the network.
"""

import errno
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from circleci_usage.core.errors import DataError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.os_errors import reading, translate_os_errors
from circleci_usage.core.paths import kind_of
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import State, Window
from circleci_usage.export.ledger_checks import fault_of_window

_ROOM: Final = 128
"""Bytes kept for the job's id. They are on disk before the POST: a disk that is full by then cannot lose the id."""

_LIMIT: Final = 1 << 20
_WINDOW: Final = TypeAdapter(Window)


class PendingRequestFile:
    """The one window that is being asked for, if any: a line of JSON, and under it the id of its export job.

    All methods raise SettingsError when the file cannot be written, UnfinishedError when the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        self._room_at = 0

    def begin(self, window: Window) -> None:
        """Put down, durably, that this window is about to be asked for."""
        line = _WINDOW.dump_json(window, exclude_none=True, by_alias=True) + b"\n"
        self.discard()
        with translate_os_errors(self._path):
            # A new file, never one that a link leads to.
            self._handle = os.open(
                self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666
            )
            try:
                os.write(self._handle, line + b" " * _ROOM + b"\n")
                os.fsync(self._handle)
            except OSError:
                os.close(self._handle)
                raise
            sync_folder(self._path.parent)
        self._room_at = len(line)

    def record_job(self, job: str) -> None:
        """Put down the id of its export job."""
        with translate_os_errors(self._path):
            os.pwrite(self._handle, job.encode(), self._room_at)
            os.fsync(self._handle)

    def end(self) -> None:
        """Forget it: the ledger knows what became of it."""
        os.close(self._handle)
        self.discard()

    def discard(self) -> None:
        """Remove the file that an earlier run left."""
        if kind_of(self._path) == "a folder":
            raise self._damaged("it is a folder, not a file")
        with translate_os_errors(self._path), suppress(FileNotFoundError):
            self._path.unlink()

    def leftover_window(self) -> Window | None:
        """The window that a killed run was asking for, `asked` or `unclear`; None when there was none.

        Raises:
            DataError: it is nothing that a run has written.
        """
        try:
            lines = read_own(self._path, _LIMIT).decode("utf-8", "replace").splitlines()
            left = _window_in(*lines)
        except FileNotFoundError:
            return None
        except OSError as error:
            if kind_of(self._path) or error.errno == errno.EMSGSIZE:
                raise self._damaged(str(error.strerror)) from None
            with reading(self._path):
                raise
        except (TypeError, ValueError):
            # Half a file was written before anything was sent.
            return None
        fault = fault_of_window(left)
        if fault:
            raise self._damaged(fault)
        return left

    def _damaged(self, why: str) -> DataError:
        return DataError(
            f"{inert(self._path)} is damaged: {why}; delete it and run the same command again."
        )


def _window_in(line: str, job: str) -> Window:
    """The window in the two lines of the file."""
    window = _WINDOW.validate_json(line)
    if job.strip():
        return replace(window, state=State.REQUESTED, job=job.strip())
    return replace(window, state=State.UNCLEAR, job=None)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
