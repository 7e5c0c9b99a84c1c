"""Files of a git checkout: whether they have uncommitted changes, and their text at a revision."""

from pathlib import Path, PurePosixPath
from typing import Final, Literal

from circleci_usage.circleci_config.git import checked_revision, git
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert

FileState = Literal["clean", "modified", "untracked", "no repository"]
"""Whether git could bring a file back: only a `clean` one is in a commit as it is."""

_UNTRACKED: Final = (b"??", b"!!")


def file_state(path: Path) -> FileState:
    """Whether a file is as git's last commit has it.

    Raises:
        SettingsError: git is missing.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        return "no repository"
    shows_all = ("--porcelain", "--ignored", "--untracked-files=all")
    status = git(folder, "status", *shows_all, "--", f":(literal){path.name}")
    if status is None:
        return "no repository"
    if status.startswith(_UNTRACKED):
        return "untracked"
    return "modified" if status.strip() else "clean"


def is_revision(folder: Path, name: str) -> bool:
    """Whether a name is one of a commit in the repository of a folder.

    Raises:
        SettingsError: git is missing, or the name could be an option.
    """
    commit = f"{checked_revision(name)}^{{commit}}"
    return git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", commit) is not None


def text_at(folder: Path, revision: str, path: PurePosixPath) -> str:
    """The text of a file at a revision.

    Args:
        folder: in the repository.
        revision: a branch, a tag or a commit.
        path: of the file, from the root of the repository.

    Raises:
        SettingsError: there is no such revision or file, or it is not UTF-8.
    """
    shown = f"{inert(path)} at {inert(revision)}"
    if not is_revision(folder, revision):
        raise SettingsError(
            f"{inert(revision)!r} is not a revision of this repository; fetch it, or give a file"
        )
    found = files_at(folder, revision, [path])
    if path not in found:
        raise SettingsError(f"there is no {shown}; give REVISION:PATH or a file")
    return found[path]


def files_at(folder: Path, revision: str, paths: list[PurePosixPath]) -> dict[PurePosixPath, str]:
    """The texts of those files that there are at a revision, by their paths from the root.

    Raises:
        SettingsError: one is not UTF-8.
    """
    commit = checked_revision(revision)
    found = {}
    for path in paths:
        content = git(folder, "cat-file", "blob", f"{commit}:{path}")
        if content is not None:
            found[path] = _decoded(content, f"{inert(path)} at {inert(revision)}")
    return found


def path_in_repository(path: Path) -> PurePosixPath | None:
    """A file's path from the root of its repository; None outside of one."""
    absolute = path.absolute()
    prefix = (
        git(absolute.parent, "rev-parse", "--show-prefix") if absolute.parent.is_dir() else None
    )
    if prefix is None:
        return None
    folder = prefix.decode("utf-8", "surrogateescape").removesuffix("\n")
    return PurePosixPath(folder, absolute.name)


def _decoded(content: bytes, shown: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{shown} is not UTF-8 text") from None
