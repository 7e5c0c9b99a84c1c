"""Checksums of files, remembered while nothing touches them: half a gigabyte is not read again to see it is the same.

As git does with the files of a working tree, a file is taken for the same while the file system says so of its device,
number, size and times; of these, nobody can set the time of the last change back.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from circleci_usage.errors import UsageExporterError
from circleci_usage.files import write_text
from circleci_usage.machine import cores

MEMORY_NAME: Final = "checksums.json"

_CHUNK: Final = 4 << 20
_SETTLED: Final = 2 * 10**9
"""Nanoseconds. File systems keep time in steps of up to two seconds, within which a file may change unseen."""
_REMEMBERED: Final = 10_000


class FileState(NamedTuple):
    """What the file system says of a file: equal states, same bytes."""

    device: int
    number: int
    size: int
    modified: int
    changed: int


def state_of(file: Path) -> FileState:
    """The file as it is now."""
    status = file.stat()
    return FileState(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def checksum(file: Path) -> str:
    """The SHA-256 of a file's bytes, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256", _bufsize=_CHUNK).hexdigest()


def checksums(files: Sequence[Path], folder: Path) -> list[str]:
    """As `checksum`, of each file. What is known is remembered in the folder; where that cannot be, it is computed."""
    settled = time.time_ns() - _SETTLED
    states = [state_of(file) for file in files]
    known = _remembered(folder / MEMORY_NAME)
    with ThreadPoolExecutor(cores()) as pool:
        found = [*pool.map(lambda file, state: known.get(_key(state)) or checksum(file), files, states)]
    learned = {_key(state): each for state, each in zip(states, found, strict=True) if state.changed < settled}
    if not learned.items() <= known.items():
        _remember({**known, **learned}, folder / MEMORY_NAME)
    return found


def _key(state: FileState) -> str:
    return ":".join(map(str, state))


def _remembered(memory: Path) -> dict[str, str]:
    try:
        known = json.loads(memory.read_bytes())
    except (OSError, ValueError):
        return {}
    return {key: each for key, each in known.items() if isinstance(each, str)} if isinstance(known, dict) else {}


def _remember(known: Mapping[str, str], memory: Path) -> None:
    """Save what is known, the newest of it; where nothing can be written, nothing is saved."""
    with suppress(UsageExporterError, OSError):
        write_text(memory, json.dumps(dict([*known.items()][-_REMEMBERED:]), indent=1))
