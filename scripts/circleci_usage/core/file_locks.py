"""Locks by which a run tells the temporary files of a live run from those of a killed one.

Each temporary file and folder is locked by the run that made it; the kernel releases the lock,
however the run ends.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

# O_NONBLOCK: do not wait for the other end of a pipe.
LOOK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""How to open a file or a folder only to lock it."""


def lock(handle: int, path: Path, *, if_unsupported: bool = True) -> bool:
    """Lock an open file or folder, without waiting.

    Args:
        handle: its descriptor.
        path: its path.
        if_unsupported: the result on a file system without locks, where no run holds one
            either.

    Returns:
        False when another process holds the lock, or when the path no longer leads to this file.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return if_unsupported
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    opened = os.fstat(handle)
    return (there.st_dev, there.st_ino) == (opened.st_dev, opened.st_ino)


def remove_unless_locked(path: Path, remove: Callable[[Path], object]) -> None:
    """Remove a file or a folder of ours that no live run has locked; it stays if that fails."""
    with suppress(OSError):
        handle = os.open(path, LOOK)
        try:
            status = os.fstat(handle)
            if status.st_uid != os.geteuid() or not lock(handle, path, if_unsupported=False):
                return
            remove(path)
        finally:
            os.close(handle)
