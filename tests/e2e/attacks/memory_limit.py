"""Runs a command with so much memory and no more: in a control group where this machine lets us make one.

Version 1 has a folder for memory alone, version 2 one for everything. Where none can be made, the test is skipped.
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
    """What to put before a command, so that the system ends it when it wants more.

    What it keeps on disk counts as well while it lies in memory, but is given back when something else is wanted.
    """
    group = _made(megabytes << 20)
    if group is None:
        pytest.skip("no control group for memory can be made here")
    try:
        yield ["sh", "-c", _JOIN, str(group)]
    finally:
        _removed(group)


def _made(most: int) -> Path | None:
    for parent, limit in _PLACES:
        group = parent / f"circleci-usage-tests-{os.getpid()}"
        try:
            group.mkdir()
            # Where there is no such file, it is a folder like any other.
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
