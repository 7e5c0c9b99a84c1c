"""Errors of PostgreSQL as errors that tell a user what to do."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import errors as postgres

from circleci_usage.core.errors import (
    AccessError,
    DataError,
    ServiceError,
    SettingsError,
    UnfinishedError,
    UsageExporterError,
)
from circleci_usage.core.untrusted_text import inert
from circleci_usage.warehouse.postgresql_address import ServerAddress

_BAD: Final = "connection is bad: "


@dataclass(frozen=True)
class _Fault:
    """What is wrong, around the reason that PostgreSQL gives, and what to do."""

    kind: type[UsageExporterError]
    message: str

    def because(self, reason: str) -> UsageExporterError:
        return self.kind(self.message.format(reason))


_LOGIN: Final = _Fault(
    AccessError,
    "PostgreSQL does not accept the login: {}. Check the user, the password and the database of the"
    " URL (or PGUSER, PGPASSWORD, PGPASSFILE), and whether the server requires TLS.",
)
_NO_CONNECTION: Final = _Fault(
    ServiceError,
    "There is no connection to PostgreSQL: {}. Check host and port of the URL, and whether the"
    " server is running; then rerun the same command.",
)
_NOT_TRUSTED: Final = _Fault(
    ServiceError,
    "The TLS connection to PostgreSQL is not trusted: {}. Write the server's name as in its"
    " certificate, and the file of its certificate authority as sslrootcert.",
)
_PARAMETERS: Final = _Fault(
    SettingsError, "The URL of the PostgreSQL server has to be changed: {}."
)
_NO_DATABASE: Final = _Fault(
    SettingsError,
    "The database does not exist: {}. Create it, or write another one in the URL.",
)

# The first match counts. Texts of libpq are English; those of a server may be in its language.
_OF_CONNECTIONS: Final[Mapping[str, _Fault]] = {
    "certificate verify failed|does not match host name|self.signed certificate": _NOT_TRUSTED,
    "certificate file|private key|does not support SSL|invalid .* value|bad value": _PARAMETERS,
    'database ".*" does not exist': _NO_DATABASE,
    "too many|connection slots|starting up|shutting down|recovery": _NO_CONNECTION,
    'password|authentication|pg_hba.conf|role "|permission denied': _LOGIN,
}

_FULL: Final = _Fault(
    UnfinishedError,
    "The disk of the PostgreSQL server is full: {}. What was loaded before is kept; free some space"
    " and rerun the same command.",
)
_LOCKED: Final = _Fault(
    UnfinishedError,
    "Another session keeps a table of the warehouse locked: {}. What was loaded before is kept; end"
    " that session or wait, and rerun the same command.",
)
_STOPPED: Final = _Fault(
    UnfinishedError,
    "PostgreSQL stopped the load: {}. What was loaded before is kept; rerun the same command.",
)
_GONE: Final = _Fault(
    ServiceError,
    "The connection to PostgreSQL broke: {}. What was loaded before is kept; rerun the same"
    " command.",
)
_READ_ONLY: Final = _Fault(
    SettingsError,
    "PostgreSQL is read-only here: {}. Write the address of the primary server in the URL, not of a"
    " replica, and a role that may write.",
)
_ENCODING: Final = _Fault(
    SettingsError,
    "The database cannot store all characters: {}. Load into a database with the encoding UTF8.",
)
_CHANGED: Final = _Fault(
    SettingsError,
    "The tables in PostgreSQL are not as load made them: {}. Drop them, together with the table"
    " schema_version, and rerun the same command.",
)
_VALUE: Final = _Fault(DataError, "PostgreSQL does not take a value: {}. Please report it.")

# By the beginning of the SQLSTATE; the first match counts.
_OF_STATEMENTS: Final[Mapping[str, _Fault]] = {
    "53100": _FULL,
    "55P03": _LOCKED,
    "25006": _READ_ONLY,
    "22P05": _ENCODING,
    "22": _VALUE,
    "42": _CHANGED,
    "40": _STOPPED,
    "57014": _STOPPED,
    "53": _GONE,
    "57": _GONE,
    "08": _GONE,
}


@contextmanager
def translate_connection_errors(address: ServerAddress) -> Iterator[None]:
    """Turn an error while connecting into one with advice.

    Raises:
        SettingsError: the URL has to be changed.
        AccessError: the server does not accept the login.
        ServiceError: it cannot be reached, or its certificate is not trusted.
    """
    try:
        yield
    except psycopg.Error as error:
        # Further lines are of further attempts, or advice.
        first = str(error).partition("\n")[0]
        reason = address.shown(first.rpartition(" failed: ")[2].removeprefix(_BAD))
        raise _connection_fault(error).because(reason) from None


def _connection_fault(error: psycopg.Error) -> _Fault:
    for pattern, fault in _OF_CONNECTIONS.items():
        if re.search(pattern, str(error)):
            return fault
    connection = error.pgconn
    asked = connection and (connection.used_password or connection.needs_password)
    return _LOGIN if asked else _NO_CONNECTION


@contextmanager
def translate_statement_errors(address: ServerAddress, grant: Callable[[], str]) -> Iterator[None]:
    """Turn an error of a statement into one with advice.

    Args:
        address: the server.
        grant: says which statement gives the role what it needs.

    Raises:
        SettingsError: the server is read-only, or the tables were changed by others.
        AccessError: the role lacks a privilege.
        ServiceError: the connection broke.
        UnfinishedError: the disk is full, or others keep a table locked.
        DataError: a value does not fit the type of its column.
    """
    try:
        yield
    except postgres.InsufficientPrivilege as error:
        reason = address.shown(error.diag.message_primary)
        raise AccessError(
            f"PostgreSQL does not allow this to the role of the URL: {reason}. Load with the role"
            f" that made the tables, or have its owner run: {inert(grant())}"
        ) from None
    except psycopg.Error as error:
        reason = address.shown(error.diag.message_primary or error)
        raise _statement_fault(error).because(reason) from None


def _statement_fault(error: psycopg.Error) -> _Fault:
    state = error.sqlstate or ""
    found = (fault for start, fault in _OF_STATEMENTS.items() if state.startswith(start))
    return next(found, _GONE if isinstance(error, psycopg.OperationalError) else _STOPPED)
