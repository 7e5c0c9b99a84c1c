"""Runs `circleci-usage` in a process of its own, but without waiting until it has imported all."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final

from commandline import environment

SERVER: Final = Path(__file__).with_name("warm_server.py")

_READ_AT_START: Final = (
    "COLORTERM",
    "FORCE_COLOR",
    "GITHUB_ACTIONS",
    "LANG",
    "LC_",
    "LD_",
    "MALLOC",
    "MATPLOTLIB",
    "MPL",
    "NO_COLOR",
    "NUMPY",
    "OMP_",
    "OPENBLAS",
    "PANDAS",
    "PATH",
    "POLARS",
    "PY",
    "TERM",
    "TYPER",
    "TZ",
    "_",
)
"""How the names of variables begin that Python and libraries read when they start."""

_MOST: Final = 100_000
"""Bytes of a message: longer ones do not fit into a socket."""

_SENDING: Final = Lock()


def run_process(
    command: Sequence[str | bytes], cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """As `subprocess.run` does, with captured output and nothing to read: warm if it can be."""
    if _can_be_warm(command, env):
        return _run_warm([*map(str, command)], cwd, env, timeout)
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
    )


def _can_be_warm(command: Sequence[str | bytes], env: Mapping[str, str]) -> bool:
    """Whether a command does the same when everything has been imported before."""
    is_plain = [*command[:3]] == [sys.executable, "-m", "circleci_usage"]
    is_usual = _of_start(env) == _of_start(environment())
    texts = [text for text in (*command, *env, *env.values()) if isinstance(text, str)]
    return is_plain and is_usual and len(json.dumps(texts)) < _MOST


def _run_warm(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[bytes]:
    message = {"arguments": command[3:], "cwd": str(cwd), "env": dict(env)}
    near, far = socket.socketpair()
    with near, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with far, _SENDING:
            descriptors = [out.fileno(), err.fileno(), far.fileno()]
            socket.send_fds(_control(), [json.dumps(message).encode()], descriptors)
        near.settimeout(timeout)
        code = _exit_code(near, command, timeout)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), err.read())


def _exit_code(answers: socket.socket, command: Sequence[str], timeout: float) -> int:
    with answers.makefile() as lines:
        process = int(lines.readline())
        try:
            return int(lines.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, timeout) from None


def _of_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_READ_AT_START)}


@cache
def _control() -> socket.socket:
    near, far = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with far:
        server = subprocess.Popen(
            [sys.executable, SERVER, str(far.fileno())],
            env=environment(),
            stdin=subprocess.DEVNULL,
            pass_fds=[far.fileno()],
        )
    atexit.register(_end, near, server)
    return near


def _end(control: socket.socket, server: subprocess.Popen[bytes]) -> None:
    control.close()
    server.wait()
