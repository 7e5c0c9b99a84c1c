"""The path of the settings file, seen from the working folder."""

from pathlib import Path

from circleci_usage.config.settings_location import find_settings_file, new_settings_file


def settings_path(config: Path | None) -> Path | None:
    """The settings file that applies: as given, else as found; None without any.

    Raises:
        SettingsError: it cannot be told which one applies.
    """
    if config is not None:
        return config
    found = find_settings_file(_working_folder(), _home())
    return _shortened(found) if found else None


def new_settings_path() -> Path:
    """Where a new settings file belongs: at the repository's root, else in the working folder."""
    return _shortened(new_settings_file(_working_folder(), _home()))


def _shortened(path: Path) -> Path:
    """The path as a person in the working folder writes it; above that folder it is absolute."""
    folder = _working_folder()
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:
        # It was removed.
        return Path()


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except (RuntimeError, OSError):
        return None
