"""A hostile server: each connection gets the bytes that a script says, at its pace.

A script is a tuple of steps, carried out in their order; then the connection is closed:

    (READ, b"HTTP/1.1 200 OK\r\n", Drip(b"X"))
"""

import socket
import ssl
import struct
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Self

_RESET = struct.pack("ii", 1, 0)


class Step(Enum):
    """What takes no bytes to say."""

    READ = "read the head of a request"
    HANG = "say nothing until the other side goes"
    RESET = "end the connection with RST"
    TLS = "shake hands as a TLS server, and continue encrypted"


READ, HANG, RESET, TLS = Step.READ, Step.HANG, Step.RESET, Step.TLS


@dataclass(frozen=True)
class Drip:
    """The same piece again and again, endlessly; without a pause it is a flood."""

    piece: bytes = b"x"
    pause: float = 0.02


@dataclass(frozen=True)
class Pause:
    """Nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class PassOn:
    """From here on a proxy: bytes go to and fro between the client and a port of this machine."""

    port: int


Script = tuple[bytes | Step | Drip | Pause | PassOn, ...]


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for localhost, and its key."""

    path: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key)
        return context


def self_made(folder: Path) -> Certificate:
    """Made by openssl, for an hour or so."""
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += [
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ]
    subprocess.run(
        [*command, "-keyout", made.key, "-out", made.path], check=True, capture_output=True
    )
    return made


class HostileServer:
    """Listens on loopback while its context lasts; the last script is for all further connections.

    Attributes:
        heads: what was read of each request, in the order of the connections.
        met: how many connections there were.
        begun: set with the first of them.
    """

    def __init__(self, *scripts: Script, certificate: Certificate | None = None) -> None:
        self._scripts = scripts
        self._certificate = certificate
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._lock = Lock()
        self._closing = False
        self.heads: list[bytes] = []
        self.met = 0
        self.begun = Event()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connection in self._open:
            connection.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._closing:
                connection, _ = self._listener.accept()
                with self._lock:
                    self._open.append(connection)
                    script = self._scripts[min(self.met, len(self._scripts) - 1)]
                    self.met += 1
                self.begun.set()
                self._start(self._serve, connection, script)

    def _serve(self, connection: socket.socket, script: Script) -> None:
        with suppress(OSError):
            for step in script:
                connection = self._take(connection, step)
            connection.close()

    def _take(
        self, connection: socket.socket, step: bytes | Step | Drip | Pause | PassOn
    ) -> socket.socket:
        match step:
            case bytes():
                connection.sendall(step)
            case Drip():
                _drip(connection, step)
            case Pause(seconds):
                Event().wait(seconds)
            case PassOn(port):
                self._pass_on(connection, port)
            case Step.READ:
                self._keep_head(connection)
            case Step.HANG:
                while connection.recv(1 << 16):
                    """Whatever they say."""
            case Step.RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                socket.close(connection.detach())
            case Step.TLS:
                assert self._certificate
                connection = self._certificate.context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
        return connection

    def _keep_head(self, connection: socket.socket) -> None:
        # The client of another test may still look for a server that had this port.
        if head := _head(connection):
            self.heads.append(head)

    def _pass_on(self, client: socket.socket, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as server:
            self._open.append(server)
            self._start(_copy, server, client)
            _copy(client, server)


def _drip(connection: socket.socket, step: Drip) -> None:
    while not Event().wait(step.pause):
        connection.sendall(step.piece)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(1 << 16):
            target.sendall(some)
        target.shutdown(socket.SHUT_WR)


def _head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (some := connection.recv(1 << 16)):
        head += some
    return head


def answer(status: int | str = 200, body: bytes = b"", **headers: str) -> bytes:
    """A whole answer, its headers as they are written: `answer(302, Location="/")`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("Content-Length", str(len(body)))
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
