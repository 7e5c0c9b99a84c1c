"""The errors that a person can cause or meet, named by what they can do about it.

Each carries the exit code of the command line. The message says what is wrong and what to do; it never holds a secret.
"""

from typing import ClassVar


class UsageExporterError(Exception):
    """Any of the errors below. Anything else that escapes is a defect of ours (exit code 1)."""

    exit_code: ClassVar[int] = 1


class SettingsError(UsageExporterError):
    """Change a flag, a variable, the settings file or a path."""

    exit_code = 2


class AccessError(UsageExporterError):
    """Get a token that may do this, or name another organisation (HTTP 401, 403, 404)."""

    exit_code = 3


class ServiceError(UsageExporterError):
    """CircleCI or Datadog could not do it (a failed export job, 5xx after all retries): try later, or ask them."""

    exit_code = 4


class UnfinishedError(UsageExporterError):
    """Out of time, quota or disk; what was fetched is kept: run the same command again to go on."""

    exit_code = 5


class DataError(UsageExporterError):
    """A file is damaged or is not a usage export: fetch it again."""

    exit_code = 6


class PartlySentError(UsageExporterError):
    """Some of the metrics arrived and some did not: send again, nothing doubles."""

    exit_code = 7
