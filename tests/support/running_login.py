"""A process of `circleci-usage login`, which a test talks to while it waits."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from commandline import Finished, environment
from login_machine import START

CLI = Path(sys.executable).with_name("circleci-usage")
"""The installed command, which imports nothing from the working folder."""

PATIENCE = 60
"""Seconds after which a login is killed."""


@dataclass
class RunningLogin:
    """A login that runs.

    Attributes:
        process: the command.
        said: what it has written to standard error so far.
    """

    process: subprocess.Popen[bytes]
    said: str = ""

    def wait_for(self, pattern: re.Pattern[str] = START) -> str:
        """What standard error says next that matches a pattern; the address to open by default."""
        assert self.process.stderr
        while not (found := pattern.search(self.said)):
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line.decode()
        return found[0]

    def end(self, pasted: bytes | None = None) -> Finished:
        """Wait for the end, with something on standard input; all that it has written."""
        out, err = self.process.communicate(pasted, timeout=PATIENCE)
        self.said += err.decode()
        return Finished(self.process.returncode, out.decode(), self.said)


@contextmanager
def running_login(
    *flags: str, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[RunningLogin]:
    """A login, which does not outlive the test."""
    with subprocess.Popen(
        [CLI, "login", *flags],
        cwd=cwd,
        env=environment(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # No buffer of ours, from which `communicate` would not read.
        bufsize=0,
    ) as process:
        deadline = Timer(PATIENCE, process.kill)
        deadline.start()
        try:
            yield RunningLogin(process)
        finally:
            deadline.cancel()
            process.kill()
