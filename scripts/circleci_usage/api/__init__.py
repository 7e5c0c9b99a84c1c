"""The Python API, for notebooks and scripts: read usage, price it, report on it.

    from circleci_usage.api import read_files

    usage = read_files("exports/")
    usage.daily(by=["date", "project"], exact=False)
    usage.costs("usage.yml", by=["date", "team"])
    usage.report("usage.yml").table("projects")

What is listed here is public and stays: docs/python-api.md describes it. All numbers are those of
`circleci-usage report`, to the last digit. Nothing here prints, reads the environment, searches for
a settings file or uses the network. An error is one of the exceptions below, with a message that
says what is wrong and what to do.
"""

from circleci_usage.api.arguments import Settings
from circleci_usage.api.reading import PeriodChoice, load_settings, read_files, read_store
from circleci_usage.api.usage import Price, Usage
from circleci_usage.api.usage_report import UsageReport
from circleci_usage.config.settings_file import SettingsFile
from circleci_usage.core.errors import (
    DataError,
    SettingsError,
    UnfinishedError,
    UsageExporterError,
)

__all__ = [
    "DataError",
    "PeriodChoice",
    "Price",
    "Settings",
    "SettingsError",
    "SettingsFile",
    "UnfinishedError",
    "Usage",
    "UsageExporterError",
    "UsageReport",
    "load_settings",
    "read_files",
    "read_store",
]
