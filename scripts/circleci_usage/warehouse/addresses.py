"""The text that names a warehouse → the destination, without ever showing a secret in it."""
# ruff: noqa: PLC0415 - each destination needs a library that may be missing

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.paths import is_file
from circleci_usage.core.untrusted_text import inert
from circleci_usage.warehouse.destination import Destination

DATABASE_SUFFIX: Final = ".duckdb"
"""How the name of a DuckDB file ends."""

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_CONNECTION_SETTINGS: Final = re.compile(r"\b(host|dbname|user|password|service)\s*=")
_OTHER_FILES: Final = frozenset(
    {".csv", ".db", ".ddb", ".gz", ".json", ".parquet", ".sqlite", ".sqlite3"}
)
_KNOWN: Final = (
    f"a DuckDB file (usage{DATABASE_SUFFIX}), a PostgreSQL URL (postgresql://HOST/DATABASE), or a"
    " folder or URL for Parquet files (s3://BUCKET/FOLDER, gs://BUCKET/FOLDER)"
)


def destination_at(address: str) -> Destination:
    """The warehouse at an address, not connected yet.

    Args:
        address: of a user; may hold secrets, which no message shows.

    Raises:
        SettingsError: it names no kind of warehouse that there is.
    """
    if not address.strip():
        raise SettingsError(f"DESTINATION is empty; name {_KNOWN}.")
    scheme = _scheme_of(address)
    if scheme:
        return _by_scheme(scheme)(f"{scheme}{address.strip()[len(scheme) :]}")
    if _CONNECTION_SETTINGS.search(address):
        raise SettingsError(
            "DESTINATION is a list of connection settings; write it as a URL:"
            " postgresql://USER@HOST/DATABASE."
        )
    return _at_path(Path(address))


def shown_address(address: str) -> str:
    """An address without user, password and query, for messages.

    >>> shown_address("postgresql://me:secret@db.example.com:5432/usage?sslkey=x")
    'postgresql://db.example.com:5432/usage'
    """
    scheme = _scheme_of(address)
    if not scheme:
        return inert(address)
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return f"{scheme}://…"
    # A password that is not escaped may have a slash, which moves its end into the path.
    return f"{scheme}://…" if "@" in parts.path else inert(f"{scheme}://{host}{parts.path}")


def secrets_in(address: str) -> tuple[str, ...]:
    """The parts of an address that no output may show: the password and values of its query."""
    if not _scheme_of(address):
        return ()
    before_host = address.partition("://")[2].rpartition("@")[0]
    password = before_host.partition(":")[2]
    query = address.partition("?")[2].partition("#")[0]
    values = [pair.partition("=")[2] for pair in query.split("&")]
    found = [each for each in (password, *values) if each]
    return tuple(dict.fromkeys([*found, *map(unquote, found)]))


def _scheme_of(address: str) -> str | None:
    found = _SCHEME.match(address.strip())
    return found[1].lower() if found else None


def _by_scheme(scheme: str) -> Callable[[str], Destination]:
    if scheme in {"postgresql", "postgres"}:
        from circleci_usage.warehouse.postgresql import PostgreSQL

        return PostgreSQL
    if scheme in {"s3", "gs"}:
        from circleci_usage.warehouse.parquet import ParquetFolder

        return ParquetFolder
    raise SettingsError(
        f"DESTINATION begins with {inert(scheme, 40)}:, which is not supported; name {_KNOWN}."
    )


def _at_path(path: Path) -> Destination:
    suffix = path.suffix.lower()
    if suffix == DATABASE_SUFFIX:
        from circleci_usage.warehouse.duckdb import DuckDB

        return DuckDB(path)
    if suffix in _OTHER_FILES or is_file(path):
        raise SettingsError(f"DESTINATION {inert(path)} is no warehouse; name {_KNOWN}.")
    from circleci_usage.warehouse.parquet import ParquetFolder

    return ParquetFolder(str(path))
