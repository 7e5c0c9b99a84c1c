"""Writes configuration files byte for byte: line ends and a byte order mark stay as they are."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from circleci_usage.circleci_config.config_files import read_text
from circleci_usage.circleci_config.git_files import file_state
from circleci_usage.core.atomic_files import atomic_write
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.os_errors import reading
from circleci_usage.core.paths import kind_of
from circleci_usage.core.untrusted_text import inert

_PERMISSIONS: Final = 0o7777

_UNSAFE: Final = {
    "modified": "has changes that are not committed",
    "untracked": "is not in git yet",
    "no repository": "is in no git repository",
}
"""States of a file that git could not bring back, and how a message says so."""


def refuse_uncommitted(files: Mapping[Path, str]) -> None:
    """Refuse to change files that git could not bring back.

    Raises:
        SettingsError: one of them is not as it was committed, or git is missing.
    """
    for file in files:
        state = file_state(file)
        if state in _UNSAFE:
            raise SettingsError(
                f"{inert(file)} {_UNSAFE[state]}, so git could not bring it back; commit it first,"
                " or add --force."
            )


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
    if read_text(path) != text:
        raise SettingsError(
            f"{inert(path)} has changed since it was read and is left alone; rerun the command."
        )
