"""Whether a service can be connected to at all, known within seconds.

A name server that does not answer holds up a program for as long as the system likes, and nothing
can interrupt it. So it is asked in a thread that nobody waits for in the end.
"""

import socket
from threading import Thread
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from circleci_usage.network.faults import connection_fault
from circleci_usage.network.proxies import proxy_for

WITHIN: Final = 3.0
"""Seconds until a connection counts as impossible."""

_PORTS: Final = {"http": 80, "https": 443}


class ConnectionAttempt:
    """An attempt to connect to the host of a URL, or to the proxy on the way, begun at once.

    Args:
        url: a valid http or https URL.
        within: seconds that it may take.

    Raises:
        SettingsError: the environment names a proxy whose address is not valid.
    """

    def __init__(self, url: str, within: float = WITHIN) -> None:
        proxy = proxy_for(url)
        address = urlsplit(proxy or url)
        self._through = " through the proxy" if proxy else ""
        self._place = (address.hostname or "", address.port or _PORTS[address.scheme])
        self._until = monotonic() + within
        self._outcome: str | None = "no connection before the timeout"
        self._thread = Thread(target=self._connect, args=[within], daemon=True)
        self._thread.start()

    def fault(self) -> str | None:
        """Why there is no connection; None when there is one. Waits for it, if need be."""
        self._thread.join(max(self._until - monotonic(), 0))
        return self._outcome and self._outcome.replace("connection", f"connection{self._through}")

    def _connect(self, within: float) -> None:
        try:
            socket.create_connection(self._place, within).close()
        except (OSError, UnicodeError) as error:
            self._outcome = connection_fault(error) or "no connection"
        else:
            self._outcome = None
