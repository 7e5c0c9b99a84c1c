"""Runs `circleci-usage` as a user does: as a process, with only the given settings."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Variables that Python and its libraries need; none of them is a setting of circleci-usage.
_MACHINE = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "MPLCONFIGDIR", "TMPDIR")


# A wide terminal, and not the keyring of whoever runs the tests.
SETTINGS = {"COLUMNS": "200", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}


@dataclass(frozen=True)
class Finished:
    """A run that has ended."""

    code: int
    out: str
    err: str


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a command: the machine's own variables and the given ones."""
    machine = {name: os.environ[name] for name in _MACHINE if name in os.environ}
    return machine | SETTINGS | dict(env or {})


def circleci_usage(
    *arguments: object, cwd: Path, env: Mapping[str, str] | None = None, timeout: int = 120
) -> Finished:
    """Run a command in a folder; a traceback in its output fails the test."""
    done = subprocess.run(
        [sys.executable, "-m", "circleci_usage", *map(str, arguments)],
        cwd=cwd,
        env=environment(env),
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Finished(done.returncode, done.stdout, done.stderr)
