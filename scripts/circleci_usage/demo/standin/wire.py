"""The stand-in's sockets: reads requests, applies faults, sends responses.

Nothing here is about CircleCI.
"""

import socket
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final, Self

from circleci_usage.core.progress import Clock
from circleci_usage.demo.standin.faults import (
    Corrupt,
    Fault,
    FaultHook,
    HangUp,
    Instead,
    Reset,
    Retouch,
    Stall,
    Trickle,
    Truncate,
)
from circleci_usage.demo.standin.messages import Call, Host, Request, Response

_AT_ONCE: Final = struct.pack("ii", 1, 0)
_POLL_SECONDS: Final = 0.01


class Listener(ThreadingHTTPServer):
    """One HTTP server on a free port of the loopback interface, with a thread per connection.

    `respond` makes the real responses, `fault` may change them, `record` receives every request.
    """

    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self,
        host: Host,
        clock: Clock,
        respond: Callable[[Request], Response],
        fault: FaultHook,
        record: Callable[[Call], None],
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.host: Final = host
        self.clock: Final = clock
        self.respond: Final = respond
        self.fault: Final = fault
        self.record: Final = record
        self.defects: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._thread = Thread(
            target=self.serve_forever, args=(_POLL_SECONDS,), name=f"stand-in {host}"
        )

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening, close all connections and wait for their threads."""
        self.shutdown()
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def close_request(self, request: Any) -> None:  # noqa: ANN401 - as socketserver declares it
        """Close a connection."""
        self._open.discard(request)
        super().close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002
        """Keep the errors of threads, except those of clients that disconnected."""
        error = sys.exception()
        if error and not isinstance(error, ConnectionError):
            self.defects.append(error)


class _Connection(BaseHTTPRequestHandler):
    """One connection: one request after the other, until either side closes it."""

    server: Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        request = Request(
            self.server.host,
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        fault = self.server.fault(request)
        response = self._response(request, fault)
        self._record(request, response)
        if response is None:
            self._break_off(fault)
        else:
            self._send(response, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - as http.server calls them

    def _response(self, request: Request, fault: Fault | None) -> Response | None:
        """What to send; None for nothing at all."""
        match fault:
            case Instead(response):
                return response
            case Reset(done) | HangUp(done) | Stall(done):
                if done:
                    self.server.respond(request)
                return None
            case Retouch(headers, status):
                response = self.server.respond(request)
                return Response(
                    status or response.status, {**response.headers, **headers}, response.body
                )
            case _:
                return self.server.respond(request)

    def _record(self, request: Request, response: Response | None) -> None:
        status = int(response.status) if response else 0
        self.server.record(
            Call(request.host, request.method, request.path, status, request.headers, request.body)
        )

    def _send(self, response: Response, fault: Fault | None) -> None:
        body = response.body
        headers = {
            "Date": format_datetime(self.server.clock.now(), usegmt=True),
            **response.headers,
        }
        if isinstance(body, bytes):
            headers.setdefault("Content-Length", str(len(body)))
        lines = [f"{self.protocol_version} {response.status} {_phrase(response.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if self.command != "HEAD":
            for piece in _pieces(body, fault):
                self.wfile.write(piece)
        if isinstance(fault, Truncate):
            self.close_connection = True

    def _break_off(self, fault: Fault | None) -> None:
        self.close_connection = True
        if isinstance(fault, Stall):
            with suppress(ConnectionError):
                self.connection.recv(1)
        elif isinstance(fault, Reset):
            # With a linger of zero seconds, closing sends RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            socket.close(self.connection.detach())


def _pieces(body: bytes | Iterable[bytes], fault: Fault | None) -> Iterable[bytes]:
    if not isinstance(body, bytes):
        return body
    match fault:
        case Truncate(after):
            return (body[:after],)
        case Corrupt(at) if body:
            changed = bytearray(body)
            changed[at % len(body)] ^= 0xFF
            return (bytes(changed),)
        case Trickle(piece):
            return (body[first : first + piece] for first in range(0, len(body), piece))
        case _:
            return (body,)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
