"""Errors of DuckDB as errors that tell a user what to do."""

from pathlib import Path
from typing import Final

from circleci_usage.core.errors import SettingsError, UnfinishedError, UsageExporterError
from circleci_usage.core.os_errors import NO_SPACE
from circleci_usage.core.untrusted_text import inert

_LOCKED: Final = ("Could not set lock on file", "Conflicting lock", "being used by another process")
_NO_DATABASE: Final = ("not a valid DuckDB database file", "newer DuckDB version", "version number")


def explained(error: Exception, path: Path) -> UsageExporterError:
    """The error to show for one of DuckDB while it had a file open."""
    text, where = str(error), inert(path)
    if any(sign in text for sign in _LOCKED):
        return UnfinishedError(
            f"{where} is open in another program, such as another load; rerun the same command when"
            " that has ended."
        )
    if any(sign in text for sign in _NO_DATABASE):
        return SettingsError(
            f"{where} is not a DuckDB file that this version of DuckDB can read; name another file."
        )
    if "No space left" in text or any(f"errno {code}" in text for code in NO_SPACE):
        return UnfinishedError(
            f"{where} cannot be written: the disk is full. Free some space and rerun the same"
            " command; what was loaded before is kept."
        )
    reason = inert(text.partition("\n")[0])
    return SettingsError(f"{where} cannot be written by DuckDB: {reason}. Name another file.")


def newer(path: Path, found: int, known: int) -> SettingsError:
    """The error for tables of a version to come."""
    return SettingsError(
        f"{inert(path)} has version {found} of the tables, and this circleci-usage knows {known};"
        " upgrade circleci-usage, or load into another file."
    )
