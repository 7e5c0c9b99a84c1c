"""Checks web addresses before use: well formed, without secrets, not plain HTTP.

In a plain HTTP request, a token, a signature and the rows of an export can be read in transit. So
plain HTTP is allowed to this machine alone (`localhost`, 127.0.0.0/8, ::1), unless a user allows it
on a trusted network.
"""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert

ALLOW: Final = "--allow-insecure (ALLOW_INSECURE=true)"
"""The flag that allows plain HTTP, for messages."""

_LONGEST: Final = 8192
"""Characters: twice those of a signed URL with a session token and a file name."""

_PRINTABLE: Final = re.compile(r"[!-~]+")
"""International host names are written as `xn--…`, other characters with percent signs."""

_LABEL: Final = r"[a-z0-9_][a-z0-9_-]{0,62}"
_HOST: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)
_USER: Final = re.compile(r"[^/?#]*//[^/?#]*@")


def web_address(text: str) -> SplitResult | None:
    """The pieces of an http or https URL with a valid host; None for any other text.

    The result can be requested without further checks: its port is valid, and it has no line end.
    """
    if len(text) > _LONGEST or not _PRINTABLE.fullmatch(text) or "\\" in text:
        return None
    try:
        address = urlsplit(text)
        port = address.port
    except ValueError:
        return None
    sound = address.scheme in {"http", "https"} and _is_host(address.hostname or "") and port != 0
    return address if sound else None


def has_user(text: str) -> bool:
    """Whether a URL, even an invalid one, contains a user name or a password."""
    return bool(_USER.match(text))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, whatever a name server says."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_exposed(address: SplitResult) -> bool:
    """Whether others can read what is sent to the address."""
    return address.scheme == "http" and not is_loopback(address.hostname or "")


def service_address(text: str, *, setting: str, example: str, allow_insecure: bool) -> str:
    """The address of a service, without surrounding blanks and trailing slashes.

    Args:
        text: an http or https URL.
        setting: its name in messages.
        example: a valid one.
        allow_insecure: whether plain HTTP to other machines is allowed.

    Raises:
        SettingsError: it is invalid, has a password or a query, or is plain HTTP. The message
            quotes no secret.
    """
    written = text.strip()
    if has_user(written):
        raise SettingsError(
            f"{setting} contains a user name or a password; write it as {example}, without them."
        )
    address = web_address(written)
    if address is None or address.query or address.fragment:
        raise SettingsError(
            f"{setting} is not a valid URL; write it as {example}, without a user name or a query."
        )
    if is_exposed(address) and not allow_insecure:
        host = inert(address.hostname)
        raise SettingsError(
            f"{setting} is plain HTTP to {host}, where the token can be read in transit; use https,"
            " or allow it"
            f" with {ALLOW} on a trusted network."
        )
    return written.rstrip("/")


def proxy_address(text: str) -> str | None:
    """A proxy's address, as in `http_proxy`, with or without a scheme; None if it is invalid."""
    url = text if "://" in text else f"http://{text}"
    if "@" not in url:
        return url if web_address(url) else None
    # A password may be any percent-encoded text; an ordinary address follows it.
    scheme, _, rest = url.partition("://")
    place = rest.rpartition("@")[2]
    return url if _PRINTABLE.fullmatch(url) and web_address(f"{scheme}://{place}") else None


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return bool(_HOST.fullmatch(host))
    return "%" not in host
