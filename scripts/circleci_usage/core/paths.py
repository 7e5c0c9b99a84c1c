"""Questions about paths that never raise: nothing is at a path that cannot exist."""

import stat
from pathlib import Path
from typing import Final

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def is_file(path: Path) -> bool:
    """Whether there is a file, or a link to one."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder, or a link to one."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to the same file or folder; neither need exist."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def exists(path: Path) -> bool:
    """Whether there is anything at the path."""
    try:
        return path.exists()
    except OSError:
        return False


def absolute(path: Path) -> Path:
    """The path from the root of the file system, without links; as it is if that is not known."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path


def is_text(path: Path) -> bool:
    """Whether a path is UTF-8 text.

    Other paths can be opened, but not by the engines, and cannot be named in a file.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def kind_of(path: Path) -> str | None:
    """What is at the path if it is not a regular file: "a folder"; None for a file or nothing."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return None
    return None if stat.S_ISREG(mode) else kind_of_mode(mode)


def kind_of_mode(mode: int) -> str:
    """The kind of anything but a regular file, by its `st_mode`: "a symbolic link"."""
    return next((name for is_such, name in _KINDS if is_such(mode)), "a device")
