"""Starts `circleci-usage` in processes that are forked from this one, which has all it imports.

Half a second of most commands is importing. `warm_process` has the other end of the socket whose
number is the argument: each message has arguments, variables and a folder, with the descriptors of
standard output, standard error and a socket for the answer, which is the process's number, and its
exit code at its end.
"""

import atexit
import gc
import json
import os
import pkgutil
import runpy
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import circleci_usage
from circleci_usage.cli.isolation import ignore_library_settings
from circleci_usage.cli.process_tuning import tune_process

OF_THEIR_OWN: Final = ("__main__", "api", "demo", "usage.spark", "warehouse")
"""Modules that are not imported: few commands need them, and some need libraries of theirs."""

SLEEPING: Final = {"polars-ooc-clea"}
"""Threads that a fork can do without: Polars' own waits for files of more than fits into memory."""


def import_everything() -> None:
    """Import what commands import, in an environment as they make it."""
    ignore_library_settings(os.environ)
    os.environ["_RJEM_MALLOC_CONF"] = "background_thread:false"
    tune_process()
    name = circleci_usage.__name__
    others = tuple(f"{name}.{other}" for other in OF_THEIR_OWN)
    for module in pkgutil.walk_packages(circleci_usage.__path__, f"{name}."):
        if not module.name.startswith(others):
            import_module(module.name)
    threads = {file.read_text().strip() for file in Path("/proc/self/task").glob("*/comm")}
    assert threads - SLEEPING <= {Path(sys.executable).name}, f"{threads}: a fork has only one"
    gc.freeze()


def next_command(control: socket.socket) -> dict[str, Any] | None:
    """Wait for commands and fork; in the process of a command, return it. None: there are no more.

    Each has a second process, which waits for it and tells how it ended.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, *_ = socket.recv_fds(control, 1 << 20, 3)
        if not message:
            return None
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            out, err, answer = descriptors
            command = os.fork()
            if not command:
                os.dup2(out, 1)
                os.dup2(err, 2)
                _close(descriptors)
                return dict(json.loads(message))
            _tell_end(socket.socket(fileno=answer), command)
        _close(descriptors)


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _tell_end(answer: socket.socket, command: int) -> None:
    answer.sendall(f"{command}\n".encode())
    _, status = os.waitpid(command, 0)
    with suppress(BrokenPipeError):  # after a time limit, nobody wants to know
        answer.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def run_command(command: dict[str, Any]) -> None:
    """Be `python -m circleci_usage`."""
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    tempfile.tempdir = None  # TMPDIR may be another one
    atexit.unregister(shutil.rmtree)  # of Matplotlib's temporary folder, which all share
    sys.path[0] = command["cwd"]
    sys.argv = ["circleci_usage", *command["arguments"]]
    runpy.run_module(circleci_usage.__name__, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    import_everything()
    given = next_command(socket.socket(fileno=int(sys.argv[1])))
    if given:
        run_command(given)
