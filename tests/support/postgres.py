"""A PostgreSQL server for one test, on a socket in a folder of its own."""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_USER = "postgres"


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """The variables with which `psql` finds the server; skips where none is installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not installed or not shutil.which("psql"):
        pytest.skip("PostgreSQL is not installed")
    # The path of a socket must be short.
    with TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        data = f"{folder}/data"
        if os.getuid() == 0:
            shutil.chown(folder, _USER)
        _run(installed[-1] / "initdb", "--auth=trust", f"--username={_USER}", "-N", data)
        control = installed[-1] / "pg_ctl"
        options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
        _run(control, "start", "--wait", "-D", data, "-l", f"{folder}/log", "-o", options)
        try:
            yield {"PGHOST": folder, "PGUSER": _USER, "PGDATABASE": _USER}
        finally:
            _run(control, "stop", "-D", data, "-m", "immediate")


def _run(program: Path, *arguments: str) -> None:
    """Run a program of the server, which refuses to run as root."""
    as_user = ["runuser", "-u", _USER, "--"] if getpass.getuser() == "root" else []
    command = [*as_user, str(program), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
