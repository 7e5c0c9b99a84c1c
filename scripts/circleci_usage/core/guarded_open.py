"""Opens files that may have been replaced by something else: a link, a device, a pipe."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from circleci_usage.core.atomic_files import USUAL_MODE
from circleci_usage.core.paths import kind_of, kind_of_mode


@contextmanager
def open_input(path: Path) -> Iterator[BinaryIO]:
    """Open a file that a user names, or the end of a pipe, such as a shell gives.

    Raises:
        OSError: it cannot be opened, or is a pipe without a writer, which would never give
            anything.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        os.set_blocking(stream.fileno(), True)
        if stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode) and not stream.peek(1):
            raise OSError(errno.ENODATA, "it is a pipe that nobody writes to")
        yield stream


@contextmanager
def open_own(path: Path, flags: int = os.O_RDONLY) -> Iterator[BinaryIO]:
    """Open a file that this program keeps, if it is a regular file.

    A file that has another name too (a hard link) is not opened for writing.

    Args:
        path: where it is.
        flags: of `os.open`.

    Raises:
        OSError: it is something else, or it cannot be opened.
    """
    handle = _open_regular(path, flags)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, f"it is {kind_of_mode(status.st_mode)}, not a file")
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
        if writes and status.st_nlink > 1:
            raise OSError(errno.EMLINK, "it is a hard link to another file")
        # Written without a buffer, so that a full disk is met at once, not when the file is closed.
        with os.fdopen(
            handle, "r+b" if writes else "rb", 0 if writes else -1, closefd=False
        ) as stream:
            yield stream
    finally:
        os.close(handle)


def read_own(path: Path, limit: int) -> bytes:
    """Read all of a file that an earlier run wrote.

    Args:
        path: where it is.
        limit: how many bytes it may have.

    Raises:
        OSError: it is not there, cannot be read, is not a regular file, or is too long.
    """
    with open_own(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EMSGSIZE, f"it is longer than {limit >> 20} MiB")
    return content


def _open_regular(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, USUAL_MODE)
    except OSError as error:
        kind = kind_of(path)
        if kind is None:
            raise
        raise OSError(error.errno, f"it is {kind}, not a file") from None
