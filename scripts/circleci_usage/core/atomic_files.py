"""Atomic files: a killed run leaves nothing half-written under a name that a later run would trust.

A file is written beside its place, synced to the disk, and renamed. The temporary file that a
killed run leaves behind is removed by the next run that writes the same file.
"""

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.file_locks import lock, remove_unless_locked
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.untrusted_text import inert

NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
"""How to open a file that must not exist yet."""

USUAL_MODE: Final = 0o666
"""The permissions of a new file, before the system subtracts the umask."""

MAX_ATTEMPTS: Final = 100
"""How many random names are tried before giving up."""


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Write a file beside `path`, then put it in its place: whole, or not at all.

    Raises:
        SettingsError: the folder cannot be written to.
        UnfinishedError: the disk is full.
    """
    with translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_files(path.parent, re.escape(path.name))
        handle, name = _new_file_beside(path)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                # Renamed while it is locked, so that no other run removes it as a leftover.
                name.replace(path)
        except BaseException:
            with suppress(OSError):
                name.unlink()
            raise


def write_text(path: Path, text: str) -> None:
    """Put UTF-8 text into a file, atomically. Raises as `atomic_write` does."""
    with atomic_write(path) as stream:
        stream.write(text.encode())


def write_new_text(path: Path, text: str) -> None:
    """Put UTF-8 text into a file that must not exist yet, not even as a link to nowhere.

    Nothing is left of it if that fails halfway.

    Raises:
        SettingsError: something is at the path, or the folder cannot be written to.
        UnfinishedError: the disk is full.
    """
    with translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, NEW_FILE, USUAL_MODE)
        except FileExistsError:
            raise SettingsError(
                f"{inert(path)} already exists and is never overwritten; delete or move it, or"
                " choose another path."
            ) from None
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(text.encode())
                stream.flush()
                os.fsync(stream.fileno())
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise


def sweep_files(folder: Path, name: str) -> None:
    """Remove what killed runs left while writing a file.

    Args:
        folder: where the file was to be.
        name: a regular expression of the file's name.
    """
    temporary = re.compile(rf"\.{name}\.circleci-usage-[0-9a-f]{{8}}\.tmp", re.DOTALL)
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            if temporary.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                remove_unless_locked(Path(entry.path), Path.unlink)


def _new_file_beside(path: Path) -> tuple[int, Path]:
    """A new, locked file beside another, with the usual permissions of a new file."""
    for _ in range(MAX_ATTEMPTS):
        # A name that no other program uses: `sweep_files` recognizes it by nothing else.
        name = path.with_name(f".{path.name}.circleci-usage-{secrets.token_hex(4)}.tmp")
        with suppress(FileExistsError):
            handle = os.open(name, NEW_FILE, USUAL_MODE)
            if lock(handle, name):
                return handle, name
            os.close(handle)
    raise OSError(errno.EEXIST, "no name for a temporary file is free")
