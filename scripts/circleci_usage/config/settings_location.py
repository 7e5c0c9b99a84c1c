"""Where the settings file is: in the working folder or above it, up to the repository's root.

The store and the report folder are not looked for: they stay relative to the working folder.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.paths import exists

SETTINGS_NAMES: Final = (Path(".circleci/usage.yml"), Path(".circleci/usage.yaml"))
"""The names of a settings file in its folder; a new one gets the first."""


def find_settings_file(working_folder: Path, home: Path | None = None) -> Path | None:
    """The settings file that applies without `--config`; None if there is none.

    The closest one counts: that of the working folder, else that of a folder above it, up to and
    including the repository's root. Outside of a repository only the working folder counts.

    Args:
        working_folder: an absolute path.
        home: the user's home folder, which is not taken for a repository of all that is in it.

    Raises:
        SettingsError: a folder has two settings files, or cannot be looked into.
    """
    for folder in _searched(working_folder, home):
        found = [folder / name for name in SETTINGS_NAMES if _is_there(folder / name)]
        if len(found) > 1:
            raise SettingsError(
                f"There are two settings files, {found[0]} and {found[1]}; delete one of them, or"
                " choose one with --config."
            )
        if found:
            return found[0]
    return None


def new_settings_file(working_folder: Path, home: Path | None = None) -> Path:
    """Where a new settings file belongs: at the repository's root, else in the working folder."""
    *_, last = _searched(working_folder, home)
    return last / SETTINGS_NAMES[0]


def _searched(working_folder: Path, home: Path | None) -> Iterator[Path]:
    """The working folder, then those above it through the repository's root, if it is in one."""
    yield working_folder
    root = _repository_root(working_folder, home)
    if root is None or root == working_folder:
        return
    for folder in working_folder.parents:
        yield folder
        if folder == root:
            return


def _repository_root(working_folder: Path, home: Path | None) -> Path | None:
    """The closest folder with `.git`, which is a file in a worktree or a submodule.

    A home folder or a root of the file system may be under version control, too, but what lies
    somewhere below is another matter.
    """
    for folder in (working_folder, *working_folder.parents):
        if exists(folder / ".git"):
            is_of_everything = folder in {home, Path(folder.anchor)}
            return None if is_of_everything else folder
    return None


def _is_there(path: Path) -> bool:
    """Whether anything is there, readable or not: a settings file is never ignored silently.

    Raises:
        SettingsError: its folder cannot be looked into.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error.strerror or error}."
        ) from None
    return True
