"""HTTP exchanges that end in time, whatever the server does.

The timeout of a socket restarts with each byte. So a server that drips its headers, sends
`100 Continue` without end or never completes a TLS handshake can hold a client forever. A deadline
limits the exchange as a whole: when it is over, the connection is shut down.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Condition, Thread
from time import monotonic
from typing import Final, Self, TypeVar

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

_Manager = TypeVar("_Manager", bound=PoolManager)


class Deadline:
    """A time limit for all exchanges in its context.

    Only connections of a `watched` manager that are made in the context are shut down. To the
    caller, it looks as if the server had hung up, at times even as a regular end: check `is_over`.

    Args:
        seconds: the limit, from the beginning of the context.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0
        self._changed = Condition()
        self._sockets: list[socket.socket] = []
        self._done = False
        self.is_over = False
        self.has_connected = False

    def __enter__(self) -> Self:
        self._until = monotonic() + self._seconds
        self._token = _current.set(self)
        Thread(target=self._watch, name="deadline", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
        with self._changed:
            self._done = True
            for each in self._sockets:
                each.close()
            self._sockets.clear()
            self._changed.notify()

    def renew(self) -> None:
        """Restart the clock, because there is progress."""
        with self._changed:
            self._until = monotonic() + self._seconds

    def cut(self) -> None:
        """End now."""
        with self._changed:
            self.is_over = self.is_over or not self._done
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._changed.notify()

    def add(self, connection: socket.socket) -> None:
        """End this connection too when the time is over."""
        with self._changed:
            # TLS takes over the socket itself, and is in its handshake by then.
            self._sockets.append(connection.dup())
        if self.is_over:
            self.cut()

    def _watch(self) -> None:
        with self._changed:
            while not self._done and not self.is_over:
                left = self._until - monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            if self._done or self.is_over:
                return
        self.cut()


_current: Final = ContextVar[Deadline | None]("deadline", default=None)


class _PlainConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _added(super()._new_conn())

    def connect(self) -> None:
        super().connect()
        _connected()


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _added(super()._new_conn())

    def connect(self) -> None:
        super().connect()
        _connected()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def watched(manager: _Manager) -> _Manager:
    """Let the connections of a new manager observe the deadline of their context."""
    if type(manager) in {PoolManager, ProxyManager}:
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
    return manager


class Switch:
    """Ends many exchanges at once, current and future ones."""

    def __init__(self) -> None:
        self._open: set[Deadline] = set()
        self.is_off = False

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[Deadline]:
        """A deadline that is also over when the switch is turned off."""
        with Deadline(seconds) as deadline:
            self._open.add(deadline)
            if self.is_off:
                deadline.cut()
            try:
                yield deadline
            finally:
                self._open.discard(deadline)

    def off(self) -> None:
        """End all exchanges."""
        self.is_off = True
        for deadline in tuple(self._open):
            deadline.cut()


def _added(connection: socket.socket) -> socket.socket:
    deadline = _current.get()
    if deadline:
        deadline.add(connection)
    return connection


def _connected() -> None:
    deadline = _current.get()
    if deadline:
        deadline.has_connected = True
