"""Two configurations to compare: files, or what git has at a revision."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from circleci_usage.circleci_config.config_files import (
    USUAL,
    ReadFile,
    read_checkout,
    with_continuations,
)
from circleci_usage.circleci_config.git import checked_revision, git
from circleci_usage.circleci_config.git_files import files_at, is_revision
from circleci_usage.circleci_config.jobs import CircleConfig
from circleci_usage.circleci_config.reader import read_config
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.paths import is_file
from circleci_usage.core.untrusted_text import inert

_IN_USE: Final = "HEAD"


def compared_configs(folder: Path, base: str, head: str) -> tuple[CircleConfig, CircleConfig]:
    """The configuration before and after a change.

    Each is a file, `REVISION` or `REVISION:PATH`; a file wins. A base without a path is read where
    the two histories part, as a pull request is compared: what others changed since does not count.

    Args:
        folder: in the checkout; paths of files begin here.
        base: before the change.
        head: after it.

    Raises:
        SettingsError: there is no such file or revision, or it is not YAML.
    """
    before = _config(folder, base, _merge_base(folder, base, head))
    return before, _config(folder, head, head)


def _config(folder: Path, name: str, revision: str) -> CircleConfig:
    file = folder / name
    if is_file(file):
        return _of_files(*_checkout(file))
    revision, colon, path = revision.partition(":")
    if not is_revision(folder, revision):
        raise SettingsError(
            f"{inert(name)} is neither a file nor a revision of this folder's git repository; name"
            f" a file such as {USUAL}, a branch, a tag or a commit. Is the branch fetched?"
        )
    return _of_files(PurePosixPath(path if colon else USUAL), _at(folder, revision))


def _of_files(main: PurePosixPath, read: ReadFile) -> CircleConfig:
    files = with_continuations(main, read)
    return read_config(_by_path(files))


def _by_path(files: Mapping[PurePosixPath, str]) -> dict[Path, str]:
    return {Path(name): text for name, text in files.items()}


def _checkout(file: Path) -> tuple[PurePosixPath, ReadFile]:
    """The file's path from the root of its checkout, which is above .circleci, and its reader."""
    in_usual_folder = file.absolute().parent.name == USUAL.parent.name
    root = file.parent.parent if in_usual_folder else file.parent
    return PurePosixPath(file.relative_to(root)), read_checkout(root)


def _at(folder: Path, revision: str) -> ReadFile:
    """Reads files of a revision."""

    def read(path: PurePosixPath) -> str | None:
        return files_at(folder, revision, [path]).get(path)

    return read


def _merge_base(folder: Path, base: str, head: str) -> str:
    """The last commit that a base and a head have in common; the base itself without any."""
    if is_file(folder / base) or ":" in base:
        return base
    is_in_use = is_file(folder / head)
    other = _IN_USE if is_in_use else head.partition(":")[0]
    found = git(folder, "merge-base", checked_revision(base), checked_revision(other))
    return found.decode().strip() if found else base
