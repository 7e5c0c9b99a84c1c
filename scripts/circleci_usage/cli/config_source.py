"""CircleCI's configuration that a command is about."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from circleci_usage.core.errors import SettingsError

if TYPE_CHECKING:
    from circleci_usage.circleci_config.jobs import CircleConfig

_FOLDER: Final = ".circleci"


def config_of(path: str) -> "CircleConfig":
    """A configuration; of a dynamic one, also the files that it names.

    Args:
        path: of the file that CircleCI begins with.

    Raises:
        SettingsError: a file cannot be read, or is not a configuration.
    """
    from circleci_usage.circleci_config.config_files import read_checkout, with_continuations
    from circleci_usage.circleci_config.reader import read_config

    if not path:
        raise SettingsError("The path of the configuration is empty; is a variable in it unset?")
    main = Path(path)
    folder = main.parent
    root = folder.parent if folder.name == _FOLDER else folder
    name = PurePosixPath(main.relative_to(root).as_posix())
    files = with_continuations(name, read_checkout(root))
    return read_config({root / each: text for each, text in files.items()})
