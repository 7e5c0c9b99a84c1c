"""summary.json as a contract: its version, and its reading by who takes a report from its folder."""

import json
from pathlib import Path
from typing import Any, Final

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.report_files import SUMMARY_NAME

SCHEMA_VERSION: Final = 2
"""Of summary.json: raised when a key changes its meaning or goes away."""

_LIMIT: Final = 1 << 30
_LARGEST_VERSION: Final = 10**6


def read_summary(folder: Path) -> dict[str, Any]:
    """The summary of a report folder.

    Raises:
        SettingsError: there is no report, or one of another version, whose keys may mean something else.
        DataError: it is damaged.
    """
    path = folder / SUMMARY_NAME
    try:
        summary = json.loads(read_own(path, _LIMIT).decode())
    except (FileNotFoundError, NotADirectoryError):
        raise SettingsError(
            f"{inert(folder)} is no report folder: there is no {SUMMARY_NAME}; make a report first, or name its folder"
            " with --output."
        ) from None
    except OSError as error:
        raise SettingsError(f"{inert(path)} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise damaged_summary(folder, " (it cannot be read as JSON)") from None
    if not isinstance(summary, dict):
        raise damaged_summary(folder)
    version = summary.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        raise SettingsError(
            f"{inert(path)} was made by another version of circleci-usage (schema_version {_shown(version)}, this one"
            f" writes {SCHEMA_VERSION}); make the report again with this version."
        )
    return summary


def damaged_summary(folder: Path, why: str = "") -> DataError:
    """The error of who finds summary.json other than it should be."""
    return DataError(
        f"{inert(folder / SUMMARY_NAME)} is not the summary of a report; make the report again{why}."
    )


def _shown(version: object) -> str:
    return str(version) if type(version) is int and 0 <= version < _LARGEST_VERSION else "unknown"
