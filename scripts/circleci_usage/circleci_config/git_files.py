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


def _decoded(content: bytes, shown: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{shown} is not UTF-8 text") from None
