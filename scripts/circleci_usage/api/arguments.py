"""What calls of the Python API are given, or an error that says what to pass instead."""

from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path

from circleci_usage.config.settings_file import SettingsFile, load_settings_file
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.paths import is_file
from circleci_usage.core.periods import PERIOD_NAMES
from circleci_usage.core.untrusted_text import inert

Settings = SettingsFile | str | PathLike[str]
"""Prices, teams and budgets: a settings file, loaded or as its path."""


def path_of(value: object, name: str, advice: str) -> Path:
    """A path that is given.

    Args:
        value: what is given.
        name: of the function or argument.
        advice: what to pass instead of something else.

    Raises:
        SettingsError: it is no path, or empty.
    """
    path = fspath(value) if isinstance(value, (str, PathLike)) else value
    if not isinstance(path, str):
        raise SettingsError(f"{name}: {_shown(value)} is not a path; {advice}.")
    if not path:
        raise SettingsError(f"{name}: the path is empty; {advice}.")
    if "\0" in path:
        raise SettingsError(f"{name}: {inert(path)} is not a path; {advice}.")
    return Path(path)


def usage_paths(values: Iterable[object]) -> list[Path]:
    """The paths that `read_files` is given.

    Raises:
        SettingsError: one is no path, or there is none.
    """
    given = [*values]
    if not given or any(isinstance(value, str) and not value for value in given):
        raise SettingsError("Name the files or folders of an export; . is the working folder.")
    return [path_of(value, "read_files", _instead_of(value)) for value in given]


def _instead_of(value: object) -> str:
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return "pass the paths one by one: read_files(*paths)"
    return "pass the files or folders of an export, as in read_files('exports/')"


def loaded_settings(settings: object) -> SettingsFile:
    """The settings that a report is made with; without any, there are no prices or teams.

    Raises:
        SettingsError: they are neither settings nor a path, or something in the file is wrong.
    """
    if settings is None:
        return SettingsFile()
    if isinstance(settings, SettingsFile):
        return settings
    advice = "pass the path of a settings file, or what load_settings returns"
    return load_settings_file(path_of(settings, "settings", advice))


def report_folder(value: object) -> Path:
    """The folder that a report is written to.

    Raises:
        SettingsError: it is no path, or that of a file.
    """
    advice = "pass the folder to write the report to, as in write('usage-report')"
    folder = path_of(value, "write", advice)
    if is_file(folder):
        raise SettingsError(f"write: {inert(folder)} is a file; {advice}.")
    return folder


def days_of(period: object) -> tuple[str | None, str | None]:
    """The first and the last day of a period, as text; one of them may be open.

    Raises:
        SettingsError: it is no pair, or has no day at all.
    """
    days = [*period] if isinstance(period, (tuple, list)) else []
    if len(days) != len(("first", "last")) or not any(_text(day) for day in days):
        raise SettingsError(
            "The period needs a first and a last day, as in ('2026-10-01', '2026-10-31'), or a"
            f" name: {', '.join(PERIOD_NAMES)}."
        )
    return _text(days[0]), _text(days[1])


def names_of(by: object) -> list[str]:
    """Several names, or the only one, as a list.

    Raises:
        SettingsError: it is neither.
    """
    if isinstance(by, str):
        return [by]
    if not isinstance(by, Iterable):
        raise SettingsError(
            f"by: {_shown(by)} is not a list of dimensions; pass names, as in by=['date', 'team']."
        )
    return [*by]


def _text(day: object) -> str | None:
    return None if day is None else str(day).strip() or None


def _shown(value: object) -> str:
    """A value that is not what was expected, as a person calls it: `3`, or `a dict`."""
    if value is None or isinstance(value, (bool, int, float, bytes)):
        return inert(repr(value))
    return f"a {inert(type(value).__name__)}"
