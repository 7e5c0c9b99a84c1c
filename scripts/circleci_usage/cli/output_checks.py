"""Refuses an output that would replace or hide what it is made from, before anything is read."""
# ruff: noqa: PLC0415 - as in app.py

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.paths import exists, is_file, is_folder, is_same
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.report_files import MERGED_NAME, SUMMARY_NAME


def refuse_output_among(paths: Sequence[str] | None, output: Path) -> None:
    """Refuse to merge into one of several files that are named: its rows would be lost.

    An earlier merged file under its usual name is no such file.

    Raises:
        SettingsError: it is one of them.
    """
    named = paths or ()
    is_one = len(named) > 1 and any(is_same(output, Path(path)) for path in named)
    if is_one and output.name not in {MERGED_NAME, MERGED_NAME.removesuffix(".gz")}:
        raise SettingsError(
            f"{inert(output)} is one of the files to merge and would be replaced without its rows;"
            " choose another --output."
        )


def check_report_folder(output: Path, store: Path, paths: Sequence[str] | None = None) -> None:
    """Refuse a folder that no report should be written into, before the work that comes first.

    A report must not go into the store, or into a folder that it is made from: that folder would
    be a report from then on, and files that are added to it would be ignored.

    Args:
        output: the folder.
        store: the folder of the store.
        paths: the files and folders to report on, if not the store.

    Raises:
        SettingsError: it is such a folder, or cannot be written to.
    """
    from circleci_usage.usage.input_files import is_store

    if is_store(output) or is_same(output, store):
        raise SettingsError(
            f"{inert(output)} is the folder of a store; choose another for the report with --output"
            " (OUTPUT_DIR)."
        )
    is_read = is_folder(output) and any(is_same(output, Path(path)) for path in paths or ())
    if is_read and not is_file(output / SUMMARY_NAME):
        raise SettingsError(
            f"{inert(output)} has the files to report on; choose another folder for the report with"
            " --output (OUTPUT_DIR)."
        )
    with translate_os_errors(output):
        _check_writable(output)


def _check_writable(output: Path) -> None:
    nearest = next(place for place in (output, *output.absolute().parents) if exists(place))
    if not is_folder(nearest):
        raise FileExistsError(errno.EEXIST, f"{inert(nearest)} is a file")
    if not os.access(nearest, os.W_OK | os.X_OK):
        is_frozen = os.statvfs(nearest).f_flag & os.ST_RDONLY
        number = errno.EROFS if is_frozen else errno.EACCES
        raise OSError(number, os.strerror(number))
