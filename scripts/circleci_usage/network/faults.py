"""Why a connection failed, in words that tell what to do.

The texts of libraries are not shown: they may hold a URL with a signature, or a proxy's password.
"""

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

_UNREACHABLE: Final = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)
_UNRESOLVED: Final = "no connection: the host name cannot be resolved (DNS)"
_NOT_TRUSTED: Final = (
    "the TLS connection is not trusted (if a proxy inspects it, set REQUESTS_CA_BUNDLE to a PEM"
    " file with the proxy's certificate)"
)
_Kinds = tuple[type[BaseException], ...]

# The first match counts.
_REASONS: Final[tuple[tuple[_Kinds, str], ...]] = (
    ((ssl.SSLCertVerificationError,), _NOT_TRUSTED),
    ((ssl.SSLError, SSLError), "there is no TLS connection (the server or a proxy broke it off)"),
    ((ReadTimeoutError,), "no response over the connection before the timeout"),
    ((NameResolutionError, socket.gaierror), _UNRESOLVED),
    ((ConnectionRefusedError,), "no connection: it was refused"),
    ((ConnectTimeoutError, TimeoutError), "no connection before the timeout"),
)
_OF_FILES: Final = frozenset({"X509", "PEM"})
"""The parts of OpenSSL that read certificates from a file."""
_STATUS: Final = re.compile(r"Tunnel connection failed: ([1-5]\d\d)\b")
_DEEPEST: Final = 20


def connection_fault(error: BaseException) -> str | None:
    """Why there is no connection, or no trusted one; None if the error is of another kind.

    >>> connection_fault(ConnectionRefusedError())
    'no connection: it was refused'
    """
    chain = [*_causes(error)]
    reason = _reason(chain)
    if not any(isinstance(cause, ProxyError) for cause in chain):
        return reason
    statuses = (_STATUS.search(str(cause)) for cause in chain)
    status = next((found[1] for found in statuses if found), None)
    why = f" (it returned HTTP {status})" if status else f" ({reason})" if reason else ""
    return f"no connection through the proxy{why}"


def _reason(chain: list[BaseException]) -> str | None:
    if any(isinstance(cause, ssl.SSLError) and cause.library in _OF_FILES for cause in chain):
        return "no TLS connection: the file in REQUESTS_CA_BUNDLE is not in PEM format"
    for kinds, reason in _REASONS:
        if any(isinstance(cause, kinds) for cause in chain):
            return reason
    numbers = {cause.errno for cause in chain if isinstance(cause, OSError)}
    return None if _UNREACHABLE.isdisjoint(numbers) else "no connection: the network is unreachable"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those inside of it, as requests and urllib3 wrap them."""
    waiting = [error]
    for _ in range(_DEEPEST):
        if not waiting:
            return
        cause = waiting.pop()
        yield cause
        inside = (
            *cause.args,
            cause.__cause__,
            getattr(cause, "reason", None),
            getattr(cause, "original_error", None),
        )
        waiting.extend(each for each in inside if isinstance(each, BaseException))
