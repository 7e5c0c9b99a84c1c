"""Putting a report in place, so that the folder looks finished only when it is.

The files are made in a hidden folder inside the output folder, not beside it: the output may be a
mounted volume, which can neither be renamed nor written around. Then they move into place one by
one, last the two that make the folder a report: summary.json and index.html. A list of the
report's own files is kept, so that the next report can remove what it does not replace, and
refuses to overwrite any other file.
"""

import os
from collections.abc import Callable, Collection, Iterable
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Final

from circleci_usage.core.atomic_files import write_text
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.report_files import (
    OWN_FILES_NAME,
    PAGE_NAME,
    SUMMARY_NAME,
    UNFINISHED_FOLDER,
)

_LIST_LIMIT: Final = 16 << 20
_LONGEST: Final = 255
"""Bytes that a name may have; the paths of a report's files are shorter, too."""
_MAKE_IT_A_REPORT: Final = (SUMMARY_NAME, PAGE_NAME)


FileWriter = Callable[[Path], object]
"""Writes one file, given its path."""


def replace_report(folder: Path, write: Callable[[Path], None]) -> tuple[Path, ...]:
    """Put the files of a report into a folder, in place of an earlier report's.

    Args:
        folder: made if it is not there. Files that are not an earlier report's stay.
        write: writes the files below a folder that it is given; if it fails, the earlier report
            stays as it is.

    Returns:
        The files in their place, in the order of their names.

    Raises:
        SettingsError: the folder cannot be written to, or a file there that is not an earlier
            report's is in the way.
        UnfinishedError: the disk is full.
    """
    with translate_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with working_folder(folder, UNFINISHED_FOLDER) as unfinished:
        write(unfinished)
        with translate_os_errors(folder):
            return _put_in_place(unfinished, folder)


def _put_in_place(unfinished: Path, folder: Path) -> tuple[Path, ...]:
    names = sorted(
        file.relative_to(unfinished).as_posix() for file in unfinished.rglob("*") if file.is_file()
    )
    earlier = _own_files(folder)
    _refuse_foreign(folder, names, earlier)
    for name in _MAKE_IT_A_REPORT:
        (folder / name).unlink(missing_ok=True)
    write_text(folder / OWN_FILES_NAME, "\n".join(sorted({*names, *earlier})))
    for name in sorted(names, key=_MAKE_IT_A_REPORT.__contains__):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (unfinished / name).replace(target)
    _remove_own(folder, earlier.difference(names))
    write_text(folder / OWN_FILES_NAME, "\n".join(names))
    return tuple(folder / name for name in names)


def _refuse_foreign(folder: Path, names: Iterable[str], earlier: Collection[str]) -> None:
    is_inside = cache(partial(_is_inside, os.path.realpath(folder)))
    for name in names:
        if name not in earlier and (folder / name).exists():
            raise SettingsError(
                f"{inert(folder / name)} is not from an earlier report and would be overwritten;"
                " move it away, or choose another folder with --output."
            )
        if not is_inside((folder / name).parent):
            raise SettingsError(
                f"{inert((folder / name).parent)} leads to another place; remove that link, or"
                " choose another folder with --output."
            )


def _is_inside(root: str, folder: Path) -> bool:
    """Whether no link on the way to a folder leads out of the root, which has no links."""
    # Not Path.resolve, which ends with an error where links go around in a circle.
    return Path(os.path.realpath(folder)).is_relative_to(root)


def _own_files(folder: Path) -> set[str]:
    """What an earlier report says it wrote, without anything that would lead out of the folder."""
    path = folder / OWN_FILES_NAME
    try:
        listed = read_own(path, _LIST_LIMIT).decode("utf-8", "replace")
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise SettingsError(
            f"{inert(path)} cannot be read: {error.strerror or error}. It should be the list of"
            " an earlier report's files; delete it, or choose another folder with --output."
        ) from None
    return {str(PurePosixPath(name)) for name in listed.splitlines() if _is_possible(name)}


def _is_possible(name: str) -> bool:
    """Whether a file of a report may have this path: it leads nowhere else and is not too long."""
    if not name or len(name) > _LONGEST or "\0" in name:
        return False
    path = PurePosixPath(name)
    has_room = all(len(part.encode()) <= _LONGEST for part in path.parts)
    return has_room and not path.is_absolute() and ".." not in path.parts


def _remove_own(folder: Path, names: Iterable[str]) -> None:
    """Remove an earlier report's files, then the folders that this empties, the deepest first."""
    is_inside = cache(partial(_is_inside, os.path.realpath(folder)))
    parents: set[Path] = set()
    for file in map(folder.joinpath, names):
        if not is_inside(file.parent):
            continue
        if not file.is_dir():
            file.unlink(missing_ok=True)
        parents.update(file.relative_to(folder).parents[:-1])
    for parent in sorted(parents, key=lambda parent: -len(parent.parts)):
        path = folder / parent
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
