"""Which files a configuration has: of a dynamic one, also those that it continues with."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from circleci_usage.circleci_config.documents import read_document, scalars, text_of, value_of
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.guarded_open import open_input
from circleci_usage.core.os_errors import reading
from circleci_usage.core.untrusted_text import inert

USUAL: Final = Path(".circleci/config.yml")

ReadFile = Callable[[PurePosixPath], str | None]
"""The text of a file, by its path from the root of the repository; None if there is none."""

_MOST_BYTES: Final = 8_000_000
_MOST_FILES: Final = 50
_USUAL_CONTINUATIONS: Final = ("continue_config.yml", "continue-config.yml")
_NAMES: Final = re.compile(r"[\w@.-]+(?:/[\w@.-]+)*\.ya?ml")
_TRUE: Final = "true"


def with_continuations(main: PurePosixPath, read: ReadFile) -> dict[PurePosixPath, str]:
    """A configuration and, if it has `setup: true`, the files that it names and continues with.

    Args:
        main: its path from the root of the repository.
        read: reads files, of a checkout or of a revision.

    Raises:
        SettingsError: there is no such file, or it is not YAML.
    """
    text = read(main)
    if text is None:
        raise SettingsError(f"there is no {inert(main)}; give the path of the configuration")
    files = {main: text}
    root = read_document(Path(main), text).root
    if text_of(value_of(root, "setup")) != _TRUE:
        return files
    named = [match for each in scalars(root) for match in _NAMES.findall(each.value)]
    for name in dict.fromkeys([*named, *_USUAL_CONTINUATIONS]):
        if len(files) < _MOST_FILES:
            files |= _first_found(_candidates(main, name), read, files)
    return files


def _candidates(main: PurePosixPath, name: str) -> Iterator[PurePosixPath]:
    """Where a file can be that a configuration names: from the root, or beside it."""
    if ".." not in PurePosixPath(name).parts:
        yield from (PurePosixPath(name), main.parent / name)


def _first_found(
    candidates: Iterator[PurePosixPath], read: ReadFile, known: dict[PurePosixPath, str]
) -> dict[PurePosixPath, str]:
    for path in candidates:
        text = None if path in known else read(path)
        if text is not None and _is_config(path, text):
            return {path: text}
    return {}


def _is_config(path: PurePosixPath, text: str) -> bool:
    """Whether a YAML file that is named somewhere has jobs, as a configuration has."""
    try:
        root = read_document(Path(path), text).root
    except SettingsError:
        return False
    return any(value_of(root, key) is not None for key in ("jobs", "workflows"))


def read_checkout(root: Path) -> ReadFile:
    """Reads files of a checkout; not through links that lead out of it.

    Args:
        root: of the checkout.
    """

    def read(path: PurePosixPath) -> str | None:
        file = root / path
        if not file.is_file() or not file.resolve().is_relative_to(root.resolve()):
            return None
        return read_text(file)

    return read


def read_text(file: Path) -> str:
    """The text of a configuration file, with its line ends and byte order mark.

    Raises:
        SettingsError: it cannot be read, is too large, or is not UTF-8.
    """
    with reading(file), open_input(file) as stream:
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise SettingsError(f"{inert(file)} is too large for a configuration")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{inert(file)} is not UTF-8 text") from None
