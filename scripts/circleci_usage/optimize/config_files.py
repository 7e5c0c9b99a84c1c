"""Reads and writes configuration files, byte for byte: line ends and a byte order mark stay."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from circleci_usage.core.atomic_files import atomic_write
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.guarded_open import open_input
from circleci_usage.core.os_errors import reading
from circleci_usage.core.paths import kind_of
from circleci_usage.core.untrusted_text import inert

_LARGEST: Final = 4 << 20
"""Bytes of a file, more than CircleCI takes."""

_PERMISSIONS: Final = 0o7777


def read_files(paths: Iterable[Path]) -> dict[Path, str]:
    """The text of files.

    Raises:
        SettingsError: one cannot be read, or is not such text.
    """
    return {path: _text(path) for path in paths}


def write_files(before: Mapping[Path, str], after: Mapping[Path, str]) -> None:
    """Put a new text into files, each as a whole or not at all; their permissions stay.

    Args:
        before: the texts that the files must still have.
        after: the new ones.

    Raises:
        SettingsError: a file has changed since it was read, is a link, or cannot be written.
        UnfinishedError: the disk is full.
    """
    for path in after:
        _refuse_changed(path, before[path])
    for path, text in after.items():
        with reading(path):
            mode = path.stat().st_mode & _PERMISSIONS
        with atomic_write(path) as stream:
            stream.write(text.encode())
            os.fchmod(stream.fileno(), mode)


def _refuse_changed(path: Path, text: str) -> None:
    kind = kind_of(path)
    if kind:
        raise SettingsError(
            f"{inert(path)} is {kind}, which is never replaced; name the file itself."
        )
    if _text(path) != text:
        raise SettingsError(
            f"{inert(path)} has changed since it was read and is left alone; rerun the command."
        )


def _text(path: Path) -> str:
    with reading(path), open_input(path) as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise SettingsError(
            f"{inert(path)} is larger than {_LARGEST >> 20} MiB; is it the right file?"
        )
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise SettingsError(f"{inert(path)} is not UTF-8 text; save it as UTF-8.") from None
