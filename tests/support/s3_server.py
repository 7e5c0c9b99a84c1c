"""moto's S3 server, as a process on loopback."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from select import select
from typing import Final

import pytest

from paths import ROOT

_SERVER: Final = ROOT / ".venv" / "s3" / "bin" / "moto_server"
_STARTS_WITHIN: Final = 60
SECRET: Final = "wJalrXUtnFEMI/K7MDENG"
"""The secret key that requests are signed with."""


class S3Server:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def variables(self) -> dict[str, str]:
        """What a user would set to reach it."""
        return {
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
        }

    def create_bucket(self, name: str) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("PUT", f"/{name}")
        assert connection.getresponse().status == 200
        connection.close()


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Start it; skips where it is not installed. Its log is in the folder."""
    if not _SERVER.is_file():
        pytest.skip("moto's S3 server is not installed; run `make .venv/.s3`")
    port = _free_port()
    log = folder / "moto.log"
    with log.open("wb") as output:
        command = [str(_SERVER), "-H", "127.0.0.1", "-p", str(port)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        _wait_for(port, process, log)
        yield S3Server(port)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(_STARTS_WITHIN * 10):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        assert process.poll() is None, log.read_text()
        select([], [], [], 0.1)
    raise AssertionError(log.read_text())
