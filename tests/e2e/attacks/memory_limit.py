"""Runs a command with limited memory, in a control group.

Version 1 of control groups has a folder for memory, version 2 one for everything. If this machine
allows neither, the test is skipped.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

_GROUPS = Path("/sys/fs/cgroup")
_PLACES = ((_GROUPS / "memory", "memory.limit_in_bytes"), (_GROUPS, "memory.max"))
_JOIN = 'echo $$ > "$0/cgroup.procs" && exec "$@"'


@contextmanager
def limited(megabytes: int) -> Iterator[list[str]]:
    """The prefix of a command that the system kills when it takes more memory.

    Cached files count as well, but the system drops them when it needs the memory.
    """
    group = _made(megabytes << 20)
    if group is None:
        pytest.skip("no control group for memory can be created here")
    try:
        yield ["sh", "-c", _JOIN, str(group)]
    finally:
        _removed(group)


def _made(most: int) -> Path | None:
    for parent, limit in _PLACES:
        group = parent / f"circleci-usage-tests-{os.getpid()}"
        try:
            group.mkdir()
            # Without this file it is an ordinary folder.
            with (group / limit).open("r+", encoding="ascii") as stream:
                stream.write(str(most))
        except OSError:
            with suppress(OSError):
                group.rmdir()
            continue
        with suppress(OSError):
            (group / "memory.swap.max").write_text("0", encoding="ascii")
        return group
    return None


def _removed(group: Path) -> None:
    """A group stays busy for a moment after its last process."""
    until = monotonic() + 10
    while monotonic() < until:
        try:
            group.rmdir()
        except OSError:
            sleep(0.05)
        else:
            return
