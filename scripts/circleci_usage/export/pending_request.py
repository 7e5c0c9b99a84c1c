"""The request in flight, on disk before it is sent, so that a killed run loses no export job.

CircleCI can neither list export jobs nor recognize a repeated request, so its response is the only
way to learn the job's id. The file is written and synced before the POST, with room for that id.
When the response arrives, the id is put into that room by one small write, before anything else
happens. From then on a kill loses nothing.

What a kill leaves, and what the next run does with it:

| killed | the file has | the window becomes |
| --- | --- | --- |
| before the POST was sent | no job (or half a line) | unclear: requested again |
| after CircleCI accepted it, before that write | no job | unclear: a second request |
| after that write | the job | requested: the job is used |

The second row cannot be avoided on this side. Its part on this computer (response read → id
written) takes a fraction of a millisecond; the rest is the response's way through the network.
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
"""Bytes reserved for the job's id before the POST, so that a disk filling up cannot lose it."""

_LIMIT: Final = 1 << 20
_WINDOW: Final = TypeAdapter(Window)


class PendingRequestFile:
    """The window that is being requested: a line of JSON, and below it the id of its export job.

    All methods raise SettingsError when the file cannot be written, UnfinishedError when the disk
    is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        self._room_at = 0

    def begin(self, window: Window) -> None:
        """Record durably that this window is about to be requested."""
        line = _WINDOW.dump_json(window, exclude_none=True, by_alias=True) + b"\n"
        self.discard()
        with translate_os_errors(self._path):
            # A new file, never the target of a link.
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
        """Record the id of its export job."""
        with translate_os_errors(self._path):
            os.pwrite(self._handle, job.encode(), self._room_at)
            os.fsync(self._handle)

    def end(self) -> None:
        """Remove the file: the ledger now has the outcome."""
        os.close(self._handle)
        self.discard()

    def discard(self) -> None:
        """Remove the file that an earlier run left behind."""
        if kind_of(self._path) == "a folder":
            raise self._damaged("it is a folder, not a file")
        with translate_os_errors(self._path), suppress(FileNotFoundError):
            self._path.unlink()

    def leftover_window(self) -> Window | None:
        """The window that a killed run was requesting, `requested` or `unclear`; None without one.

        Raises:
            DataError: no run can have written the file.
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
            # The run was killed while it wrote the file, before anything was sent.
            return None
        fault = fault_of_window(left)
        if fault:
            raise self._damaged(fault)
        return left

    def _damaged(self, why: str) -> DataError:
        return DataError(
            f"{inert(self._path)} is damaged: {why}; delete it and rerun the same command."
        )


def _window_in(line: str, job: str) -> Window:
    """The window in the two lines of the file."""
    window = _WINDOW.validate_json(line)
    if job.strip():
        return replace(window, state=State.REQUESTED, job=job.strip())
    return replace(window, state=State.UNCLEAR, job=None)


def sync_folder(folder: Path) -> None:
    """Make the names of files in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
