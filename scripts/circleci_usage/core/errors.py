"""The errors that a user can cause or meet, named by what they can do about it.

Each carries the exit code of the command line. The message says what is wrong and what to do; it
never holds a secret.
"""

from typing import ClassVar


class UsageExporterError(Exception):
    """Any of the errors below. Any other exception is an internal error (exit code 1)."""

    exit_code: ClassVar[int] = 1


class SettingsError(UsageExporterError):
    """Change a flag, a variable, the settings file or a path."""

    exit_code = 2


class AccessError(UsageExporterError):
    """Use a token that is allowed to do this, or another organization (HTTP 401, 403, 404)."""

    exit_code = 3


class ServiceError(UsageExporterError):
    """CircleCI or Datadog failed (a failed export job, 5xx after all retries): try again later."""

    exit_code = 4


class UnfinishedError(UsageExporterError):
    """Out of time, quota or disk; what was downloaded is kept: rerun the same command to resume."""

    exit_code = 5


class DataError(UsageExporterError):
    """A file is damaged or is not a usage export: download it again."""

    exit_code = 6


class PartlySentError(UsageExporterError):
    """Some of the metrics arrived and some did not: send again, it is safe to retry."""

    exit_code = 7
