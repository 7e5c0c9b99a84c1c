"""CircleCI's configuration that a command is about, and the project that it is of."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from circleci_usage.cli.project_choice import ProjectName, checked_out_project, named_project
from circleci_usage.core.errors import SettingsError

if TYPE_CHECKING:
    from circleci_usage.circleci_config.jobs import CircleConfig

_FOLDER: Final = ".circleci"


def config_of(paths: Sequence[str] | None) -> "CircleConfig":
    """The configuration in files; one file with what it continues with.

    Args:
        paths: the files; by default `.circleci/config.yml`.

    Raises:
        SettingsError: a file cannot be read, or is not a configuration.
    """
    from circleci_usage.circleci_config.config_files import USUAL, read_text
    from circleci_usage.circleci_config.reader import read_config

    if paths and "" in paths:
        raise SettingsError("The path of a configuration is empty; is a variable in it unset?")
    named = [Path(path) for path in paths or ()] or [USUAL]
    if len(named) > 1:
        return read_config({path: read_text(path) for path in named})
    return read_config(_with_continuations(named[0]))


def _with_continuations(main: Path) -> dict[Path, str]:
    """A configuration and what it continues with, by their paths from the current folder."""
    from circleci_usage.circleci_config.config_files import read_checkout, with_continuations

    folder = main.parent
    root = folder.parent if folder.name == _FOLDER else folder
    name = PurePosixPath(main.relative_to(root).as_posix())
    files = with_continuations(name, read_checkout(root))
    return {root / path: text for path, text in files.items()}


def project_among(
    known: Iterable[ProjectName], name: str | None, config: "CircleConfig"
) -> ProjectName:
    """The project of the usage that a configuration is of.

    Args:
        known: all projects with usage.
        name: of the project, if one is named.
        config: whose files are in a checkout of the project otherwise.

    Raises:
        SettingsError: there is no such project, or no checkout.
    """
    if name is not None:
        return named_project(known, name)
    return checked_out_project(known, [*_checkouts(config)])


def _checkouts(config: "CircleConfig") -> Iterator[ProjectName]:
    from circleci_usage.circleci_config.this_project import this_project

    folders = dict.fromkeys(file.parent for file in config.texts)
    for folder in folders:
        found = this_project(folder)
        if found:
            yield ProjectName(found.organization, found.project)
