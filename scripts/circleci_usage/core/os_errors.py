"""Errors of the operating system as errors that tell a user what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import SettingsError, UnfinishedError
from circleci_usage.core.untrusted_text import inert

NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers that mean that nothing more can be written."""


@contextmanager
def translate_os_errors(path: Path) -> Iterator[None]:
    """Turn an error of the operating system while writing to `path` into one with advice.

    Raises:
        SettingsError: the path cannot be written to.
        UnfinishedError: the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise _write_error(error, path) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn an error of the operating system while reading from `path` into one with advice.

    Raises:
        SettingsError: the path cannot be read.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(
            f"{inert(path)} cannot be read: {reason}; check the path and its permissions."
        ) from error


def _write_error(error: OSError, path: Path) -> Exception:
    reason = error.strerror or str(error)
    where = inert(path)
    if error.errno in NO_SPACE:
        return UnfinishedError(
            f"{where} cannot be written: {reason}. Free some space and rerun the same command."
        )
    return SettingsError(f"{where} cannot be written: {reason}. Choose a writable folder.")
