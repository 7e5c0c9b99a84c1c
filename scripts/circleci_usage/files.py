"""Atomic files: a killed run leaves nothing half-written under a name that a later run would trust."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from circleci_usage.errors import SettingsError, UnfinishedError

NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the operating system says when nothing more can be written."""

# The usual permissions of a new file; temporary files are private until they are whole.
_MODE = 0o644


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a file beside `path`, then put it in its place: whole, or not at all.

    Raises:
        SettingsError: the folder cannot be written to.
        UnfinishedError: the disk is full.
    """
    with explaining(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(_MODE)
            Path(name).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise


def write_text(path: Path, text: str) -> None:
    """Put UTF-8 text into a file, atomically. Raises as `replacing` does."""
    with replacing(path) as stream:
        stream.write(text.encode())


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Say what an operating system's error at `path` means to a user.

    Raises:
        SettingsError: it cannot be written to.
        UnfinishedError: the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise _explained(error, path) from error


def _explained(error: OSError, path: Path) -> Exception:
    reason = error.strerror or str(error)
    if error.errno in NO_SPACE:
        return UnfinishedError(f"{path} cannot be written: {reason}. Free some space and run the same command again.")
    return SettingsError(f"{path} cannot be written: {reason}. Choose a folder that you may write to.")
