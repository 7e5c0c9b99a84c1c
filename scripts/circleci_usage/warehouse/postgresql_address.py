"""The URL of a PostgreSQL server, as libpq reads it; what it holds is never shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.suggestions import did_you_mean
from circleci_usage.core.untrusted_text import inert

SCHEMA_PARAMETER: Final = "options=-csearch_path%3DNAME"
"""The parameter of a URL that says in which schema tables are."""

_INVALID: Final = (
    "The URL of the PostgreSQL server is not valid; write it as"
    " postgresql://USER:PASSWORD@HOST:5432/DATABASE, with special characters of the password"
    " percent-encoded (%40 for @, %2F for /), or without the password, which then is in PGPASSWORD"
    " or a password file."
)
_LIKE_SCHEMA: Final = frozenset({"schema", "search_path", "currentSchema"})
"""What other libraries call the parameter."""

_DEFAULTS: Final = {
    "connect_timeout": "15",
    # A server that is gone is noticed after a minute, not after hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
    "fallback_application_name": "circleci-usage",
}


@dataclass(frozen=True)
class ServerAddress:
    """Where a server is and how to log in.

    Attributes:
        parameters: of the connection, for libpq. It adds what PGHOST, PGSERVICE, PGPASSFILE and
            its other variables say.
    """

    parameters: Mapping[str, str] = field(repr=False)

    def conninfo(self) -> str:
        """All of it, with the password."""
        return make_conninfo("", **self.parameters)

    def shown(self, text: object) -> str:
        """A text of libpq or of the server as part of a line, without the secrets of the URL."""
        line = " ".join(str(text).split())
        for option in pq.Conninfo.get_defaults():
            secret = self.parameters.get(option.keyword.decode()) if option.dispchar else None
            line = line.replace(secret, "***") if secret else line
        return inert(line).rstrip(".")


def server_address(url: str) -> ServerAddress:
    """The server of a `postgresql://` URL; parameters without a value have our defaults.

    Raises:
        SettingsError: the URL is not valid. The message does not quote it.
    """
    try:
        written = conninfo_to_dict(url)
    except (psycopg.Error, UnicodeError):
        # Its text quotes the URL, in which an unencoded password can be at any place.
        raise SettingsError(_hint(url) or _INVALID) from None
    parameters = {name: str(value) for name, value in written.items()}
    if _is_misread(parameters):
        raise SettingsError(_INVALID)
    return ServerAddress({**_unset_defaults(), **parameters})


def _is_misread(parameters: Mapping[str, str]) -> bool:
    """Whether an unencoded password was taken for a host, a port or a database."""
    places = (parameters.get(name, "") for name in ("host", "hostaddr", "dbname"))
    ports = parameters.get("port", "").split(",")
    return any("@" in place for place in places) or any(
        port and not (port.isascii() and port.isdigit()) for port in ports
    )


def _unset_defaults() -> dict[str, str]:
    """Our defaults, unless a variable or a service says otherwise."""
    options = {option.keyword.decode(): option.val for option in pq.Conninfo.get_defaults()}
    return {name: value for name, value in _DEFAULTS.items() if options.get(name) is None}


def _hint(url: str) -> str | None:
    """What is wrong with the name of a parameter; only names that are known are quoted."""
    known = [option.keyword.decode() for option in pq.Conninfo.get_defaults()]
    pairs = url.rpartition("?")[2].split("&") if "?" in url else []
    for name in (pair.partition("=")[0] for pair in pairs):
        if name in _LIKE_SCHEMA:
            return (
                f"The URL of the PostgreSQL server: {name} is not a parameter of PostgreSQL; to"
                f" load into a schema, write {SCHEMA_PARAMETER}."
            )
        question = "" if name in known else did_you_mean(name, known)
        if question:
            return f"The URL of the PostgreSQL server has an unknown parameter{question}"
    return None
