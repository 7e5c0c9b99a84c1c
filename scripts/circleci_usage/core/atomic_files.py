"""Atomic files: a killed run leaves nothing half-written under a name that a later run would trust.

What a killed run leaves under a name of its own, temporary files and folders, the next run removes. It tells them from
those of a run that is alive by the lock that each of these holds on its own; the kernel frees it, however a run ends.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from circleci_usage.core.errors import SettingsError, UnfinishedError
from circleci_usage.core.untrusted_text import inert

NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the operating system says when nothing more can be written."""

WORKING: Final = "circleci-usage-run-"
"""How the names of temporary folders begin."""

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Not to wait for the other end of a pipe.
_LOOK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_USUAL: Final = 0o666
"""The permissions of a new file, of which the system takes away what the umask says."""
_TRIES: Final = 100
_MARK: Final = ".made-by-circleci-usage"
"""In each of our temporary folders, beside what is in them: no folder without it is ever removed."""
_INSIDE: Final = "files"
_RANDOM: Final = "[a-z0-9_]{8}"
"""What `tempfile` ends a name with."""


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
        handle, name = _beside(path)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                # While the lock is held: nobody takes it for what a killed run left.
                name.replace(path)
        except BaseException:
            with suppress(OSError):
                name.unlink()
            raise


def _beside(path: Path) -> tuple[int, Path]:
    """A new file beside another, locked, with the permissions that new files have here."""
    for _ in range(_TRIES):
        # Such as nobody else calls a file: who sweeps it knows no other sign.
        name = path.with_name(f".{path.name}.circleci-usage-{secrets.token_hex(4)}.tmp")
        with suppress(FileExistsError):
            handle = os.open(name, _NEW, _USUAL)
            if _holds(handle, name):
                return handle, name
            os.close(handle)
    raise OSError(errno.EEXIST, "no name for a temporary file is free")


def write_text(path: Path, text: str) -> None:
    """Put UTF-8 text into a file, atomically. Raises as `atomic_write` does."""
    with atomic_write(path) as stream:
        stream.write(text.encode())


@contextmanager
def working_folder(home: Path | None = None, prefix: str = WORKING) -> Iterator[Path]:
    """A temporary folder, gone at the end; what killed runs left of their own is removed first.

    Args:
        home: the folder to make it in; None is the system's for temporary files.
        prefix: how its name begins, and those of the others.

    Raises:
        SettingsError: it cannot be made.
        UnfinishedError: the disk is full.
    """
    with translate_os_errors(home or Path("The folder for temporary files")):
        place = home or _for_temporary_files()
        _sweep_folders(place, prefix)
        handle, folder = _new_folder(place, prefix)
    try:
        yield folder / _INSIDE
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _for_temporary_files() -> Path:
    folder = Path(tempfile.gettempdir())
    if not is_text(folder):
        raise SettingsError(
            f"The folder for temporary files, {inert(folder)}, has a name that is no UTF-8 text, which no engine can"
            " read; set TMPDIR to another one."
        )
    return folder


def is_text(path: Path) -> bool:
    """Whether a path is UTF-8 text; others can be opened, but not by the engines, and not be named in a file."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _new_folder(home: Path, prefix: str) -> tuple[int, Path]:
    """A folder of our own, locked and marked, with another for what is to be in it."""
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
        # Somebody else's sweep may have taken it by now.
        with suppress(FileNotFoundError):
            handle = os.open(folder, _LOOK | os.O_DIRECTORY)
            if _holds(handle, folder) and _is_furnished(handle, folder):
                return handle, folder
            os.close(handle)
    raise OSError(errno.EEXIST, "no name for a temporary folder is free")


def _is_furnished(handle: int, folder: Path) -> bool:
    """Put into a new folder what it needs; False where it is gone by now."""
    try:
        os.close(os.open(folder / _MARK, _NEW, _USUAL))
        (folder / _INSIDE).mkdir()
    except FileNotFoundError:
        return False
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)
        raise
    return True


def sweep_files(folder: Path, name: str) -> None:
    """Remove the temporary files of killed runs that were to be called by a name, a regular expression."""
    temporary = re.compile(rf"\.{name}\.circleci-usage-[0-9a-f]{{8}}\.tmp", re.DOTALL)
    with suppress(OSError):
        for entry in [*os.scandir(folder)]:
            if temporary.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_left(Path(entry.path))


def _sweep_folders(home: Path, prefix: str) -> None:
    """Remove the temporary folders of killed runs: a name alone may be anybody's."""
    temporary = re.compile(re.escape(prefix) + _RANDOM)
    with suppress(OSError):
        for entry in [*os.scandir(home)]:
            if temporary.fullmatch(entry.name) and _is_marked(Path(entry.path)):
                _remove_left(Path(entry.path))


def _is_marked(folder: Path) -> bool:
    """Whether we made a folder, of which only we have put our mark there."""
    try:
        is_folder = stat.S_ISDIR(folder.lstat().st_mode)
        mark = (folder / _MARK).lstat()
    except OSError:
        return False
    return (
        is_folder
        and stat.S_ISREG(mark.st_mode)
        and mark.st_uid == os.geteuid()
        and not mark.st_size
    )


def _remove_left(path: Path) -> None:
    """Remove what no living run holds, if it is ours."""
    with suppress(OSError):
        handle = os.open(path, _LOOK)
        try:
            status = os.fstat(handle)
            if status.st_uid != os.geteuid() or not _holds(handle, path, unless_locks=False):
                return
            if stat.S_ISDIR(status.st_mode):
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        finally:
            os.close(handle)


def _holds(handle: int, path: Path, *, unless_locks: bool = True) -> bool:
    """Take the lock on an open file or folder; False when another process has it, or the file is gone by now.

    Where nothing can be locked, nobody else can take it either: `unless_locks` is the answer then.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return unless_locks
    try:
        there, opened = path.lstat(), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (opened.st_dev, opened.st_ino)


def read_own(path: Path, limit: int) -> bytes:
    """All of a file that an earlier run wrote, unless something else is in its place.

    Args:
        path: where it is.
        limit: the bytes that it may have.

    Raises:
        OSError: it is not there, cannot be read, is a link, a folder or a device, or is too long.
    """
    with open_own(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EMSGSIZE, f"it is longer than {limit >> 20} MiB")
    return content


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file that a user names: also the end of a pipe, such as a shell gives, unless nobody is at its other end.

    Raises:
        OSError: it cannot be opened, or would never give anything.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        os.set_blocking(stream.fileno(), True)
        if stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode) and not stream.peek(1):
            raise OSError(errno.ENODATA, "it is a pipe that nobody writes to")
        yield stream


@contextmanager
def open_own(path: Path, flags: int = os.O_RDONLY) -> Iterator[BinaryIO]:
    """A file that we keep something in, open; what is no regular file is left alone.

    Nor is a file written to that has another name too.

    Raises:
        OSError: so it is, or it cannot be opened.
    """
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, _USUAL)
    except OSError as error:
        kind = kind_of(path)
        if kind:
            raise OSError(error.errno, f"it is {kind}, not a file") from None
        raise error from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, f"it is {_kind(status.st_mode)}, not a file")
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        if writes and status.st_nlink > 1:
            raise OSError(errno.EMLINK, "it is a hard link to another file")
        # Nothing is held back to be written when it is closed: a full disk is met where it is written.
        with os.fdopen(
            handle, "r+b" if writes else "rb", 0 if writes else -1, closefd=False
        ) as stream:
            yield stream
    finally:
        os.close(handle)


_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def _kind(mode: int) -> str:
    return next((name for is_such, name in _KINDS if is_such(mode)), "a device")


def is_file(path: Path) -> bool:
    """Whether there is a file, or a link to one; a path that no file can have, such as one too long, leads to none."""
    try:
        return path.is_file()
    except OSError:
        return False


def kind_of(path: Path) -> str | None:
    """What is there that is no regular file, in words; None for a regular file, or nothing."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return None
    return None if stat.S_ISREG(mode) else _kind(mode)


@contextmanager
def translate_os_errors(path: Path) -> Iterator[None]:
    """Say what an operating system's error at `path` means to a user.

    Raises:
        SettingsError: it cannot be written to.
        UnfinishedError: the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise _explained(error, path) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """As `translate_os_errors`, of what is read.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(
            f"{inert(path)} cannot be read: {reason}; check the path and its permissions."
        ) from error


def _explained(error: OSError, path: Path) -> Exception:
    reason, where = error.strerror or str(error), inert(path)
    if error.errno in NO_SPACE:
        return UnfinishedError(
            f"{where} cannot be written: {reason}. Free some space and run the same command again."
        )
    return SettingsError(
        f"{where} cannot be written: {reason}. Choose a folder that you may write to."
    )
