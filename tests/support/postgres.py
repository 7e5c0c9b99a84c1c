"""PostgreSQL servers in folders of their own: on a socket, or on loopback with passwords."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlencode

import pytest

from certificates import Authority

_USER = "postgres"

PASSWORD = "pa@ss/w?rd#%1"
"""Of every role: each of its special characters ends a part of a URL that lacks an encoding."""

ENCODED_PASSWORD = "pa%40ss%2Fw%3Frd%23%251"


@dataclass(frozen=True)
class PostgresServer:
    """A server on loopback that asks for passwords; its certificate is for `localhost` only.

    Attributes:
        programs: its folder of programs.
        folder: its own folder.
        port: where it listens.
        authority: who signed its certificate.
        fsync: `on` if it survives a failure of the power, which takes longer.
    """

    programs: Path
    folder: Path
    port: int
    authority: Authority
    fsync: str = "off"

    def url(
        self,
        database: str = _USER,
        *,
        user: str = _USER,
        password: str = ENCODED_PASSWORD,
        host: str = "127.0.0.1",
        **parameters: str,
    ) -> str:
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        return f"postgresql://{user}:{password}@{host}:{self.port}/{database}{query}"

    def start(self) -> None:
        options = " ".join(
            f"-c {name}={value}"
            for name, value in {
                "listen_addresses": "127.0.0.1",
                "port": self.port,
                "unix_socket_directories": self.folder,
                "fsync": self.fsync,
                "ssl": "on",
                "ssl_cert_file": self.authority.certificate,
                "ssl_key_file": self.authority.key,
            }.items()
        )
        _start(self.programs, self.folder, options)

    def stop(self) -> None:
        """As a crash does: without a word to its clients."""
        _run(self.programs / "pg_ctl", "stop", "-D", f"{self.folder}/data", "-m", "immediate")


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """The variables with which `psql` finds the server; skips where none is installed."""
    with _initialized("--auth=trust") as (programs, folder):
        _start(programs, folder, f"-c listen_addresses='' -c unix_socket_directories={folder}")
        try:
            yield {"PGHOST": str(folder), "PGUSER": _USER, "PGDATABASE": _USER}
        finally:
            _run(programs / "pg_ctl", "stop", "-D", f"{folder}/data", "-m", "immediate")


@contextmanager
def postgres_on_loopback(fsync: str = "off") -> Iterator[PostgresServer]:
    """A running server; skips where none is installed."""
    with TemporaryDirectory(prefix="pg", dir="/tmp") as secret:
        file = Path(secret) / "password"
        file.write_text(PASSWORD, encoding="utf-8")
        for path in (Path(secret), file):
            _give_to_server(path)
        with _initialized("--auth=scram-sha-256", f"--pwfile={file}") as (programs, folder):
            authority = Authority.made(folder, "localhost")
            _give_to_server(authority.key)
            server = PostgresServer(programs, folder, _free_port(), authority, fsync)
            server.start()
            try:
                yield server
            finally:
                server.stop()


@contextmanager
def _initialized(*options: str) -> Iterator[tuple[Path, Path]]:
    """The folders of the programs and of a server that is not started yet."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not installed or not shutil.which("psql"):
        pytest.skip("PostgreSQL is not installed")
    # The path of a socket must be short.
    with TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        _give_to_server(Path(folder))
        encoding = ("--encoding=UTF8", "--locale=C.UTF-8")
        data = f"{folder}/data"
        _run(installed[-1] / "initdb", *options, *encoding, f"--username={_USER}", "-N", data)
        yield installed[-1], Path(folder)


def _start(programs: Path, folder: Path, options: str) -> None:
    log = f"{folder}/log"
    _run(programs / "pg_ctl", "start", "--wait", "-D", f"{folder}/data", "-l", log, "-o", options)


def _give_to_server(path: Path) -> None:
    """The server refuses to run as root."""
    if os.getuid() == 0:
        shutil.chown(path, _USER)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _run(program: Path, *arguments: str) -> None:
    as_user = ["runuser", "-u", _USER, "--"] if getpass.getuser() == "root" else []
    command = [*as_user, str(program), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
