"""What to do when the library of a destination is not installed."""

from circleci_usage.core.errors import SettingsError


def missing_library(what: str, library: str) -> SettingsError:
    """The error for a library that is not installed.

    >>> print(missing_library("DuckDB", "duckdb"))
    Loading into DuckDB needs duckdb; install it: pip install 'circleci-usage[warehouse]'.
    """
    return SettingsError(
        f"Loading into {what} needs {library}; install it: pip install 'circleci-usage[warehouse]'."
    )
