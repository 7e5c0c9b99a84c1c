"""Temporary folders that never pile up: what a killed run leaves behind, the next run removes."""

import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from circleci_usage.core.atomic_files import MAX_ATTEMPTS, NEW_FILE, USUAL_MODE
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.file_locks import LOOK, lock, remove_unless_locked
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.paths import is_text
from circleci_usage.core.untrusted_text import inert

WORKING: Final = "circleci-usage-run-"
"""How the names of temporary folders begin."""

_MARK: Final = ".made-by-circleci-usage"
"""A file in each of our temporary folders: no folder without it is ever removed."""
_INSIDE: Final = "files"
_RANDOM: Final = "[a-z0-9_]{8}"
"""How names made by `tempfile` end."""


@contextmanager
def working_folder(home: Path | None = None, prefix: str = WORKING) -> Iterator[Path]:
    """A temporary folder that is removed at the end, as are those that killed runs left.

    Args:
        home: the folder to make it in; None is the system's for temporary files.
        prefix: how its name, and those of the others, begins.

    Raises:
        SettingsError: it cannot be made.
        UnfinishedError: the disk is full.
    """
    with translate_os_errors(home or Path("The folder for temporary files")):
        place = home or _system_folder()
        _sweep_folders(place, prefix)
        handle, folder = _new_folder(place, prefix)
    try:
        yield folder / _INSIDE
    finally:
        _remove(folder)
        os.close(handle)


def _system_folder() -> Path:
    folder = Path(tempfile.gettempdir())
    if not is_text(folder):
        raise SettingsError(
            f"The folder for temporary files, {inert(folder)}, is not UTF-8 text, and no engine can"
            " read it; set TMPDIR"
            " to another one."
        )
    return folder


def _new_folder(home: Path, prefix: str) -> tuple[int, Path]:
    """A locked and marked folder with another one inside for the caller's files."""
    for _ in range(MAX_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
        # Another run may have swept it away by now.
        with suppress(FileNotFoundError):
            handle = os.open(folder, LOOK | os.O_DIRECTORY)
            if lock(handle, folder) and _furnish(handle, folder):
                return handle, folder
            os.close(handle)
    raise OSError(errno.EEXIST, "no name for a temporary folder is free")


def _furnish(handle: int, folder: Path) -> bool:
    """Put the mark and the inner folder into a new folder; False when it is gone by now."""
    try:
        os.close(os.open(folder / _MARK, NEW_FILE, USUAL_MODE))
        (folder / _INSIDE).mkdir()
    except FileNotFoundError:
        return False
    except OSError:
        _remove(folder)
        os.close(handle)
        raise
    return True


def _remove(folder: Path) -> None:
    """Remove one of our folders, its mark after all else: it may be killed at any moment."""
    shutil.rmtree(folder / _INSIDE, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep_folders(home: Path, prefix: str) -> None:
    """Remove the folders of killed runs: by name and mark, since anybody may use the name.

    A folder without a mark was killed before it got one, and is removed when it is empty.
    """
    temporary = re.compile(re.escape(prefix) + _RANDOM)
    with suppress(OSError):
        for entry in list(os.scandir(home)):
            if temporary.fullmatch(entry.name):
                folder = Path(entry.path)
                remove_unless_locked(folder, _remove if _is_marked(folder) else Path.rmdir)


def _is_marked(folder: Path) -> bool:
    """Whether it is a folder with our mark, put there by this user."""
    try:
        is_folder = stat.S_ISDIR(folder.lstat().st_mode)
        mark = (folder / _MARK).lstat()
    except OSError:
        return False
    is_ours = stat.S_ISREG(mark.st_mode) and mark.st_uid == os.geteuid()
    return is_folder and is_ours and not mark.st_size
