"""Checksums of files, remembered while nothing touches them: half a gigabyte is not read again to see it is the same.

As git does with the files of a working tree, a file is taken for the same while the file system says so of its device,
number, size and times; of these, nobody can set the time of the last change back.
"""

import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from circleci_usage.core.atomic_files import write_text
from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.machine import cores
from circleci_usage.core.os_errors import reading

MEMORY_NAME: Final = "checksums.json"

_CHUNK: Final = 4 << 20
_AT_A_TIME: Final = 64
"""Files that a thread is given: handing over each by itself takes longer than a small one's checksum."""
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_SETTLED: Final = 2 * 10**9
"""Nanoseconds. File systems keep time in steps of up to two seconds, within which a file may change unseen."""
_REMEMBERED: Final = 10_000
_MEMORY_LIMIT: Final = 4 << 20
"""Bytes of what is remembered; so many checksums have half of it."""


class FileState(NamedTuple):
    """What the file system says of a file: equal states, same bytes."""

    device: int
    number: int
    size: int
    modified: int
    changed: int


def state_of(file: Path) -> FileState:
    """The file as it is now.

    Raises:
        SettingsError: there is none, or nobody may look.
    """
    with reading(file):
        status = file.stat()
    return FileState(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    )


def checksum(file: Path) -> str:
    """The SHA-256 of a file's bytes, hexadecimal.

    Raises:
        SettingsError: it cannot be read.
    """
    return _checksum(file, state_of(file))


@lru_cache(_REMEMBERED)
def _checksum(file: Path, state: FileState) -> str:
    """As `checksum`, of a file in this state: nobody reads it twice in a process."""
    # As much memory as a small file needs: four megabytes for each cost more than its checksum.
    chunk = min(_CHUNK, state.size + 1)
    with reading(file), file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256", _bufsize=chunk).hexdigest()


def checksums(files: Sequence[Path], folder: Path | None = None) -> list[str]:
    """As `checksum`, of each file. What is known is remembered in the folder; where that cannot be, it is computed.

    Raises:
        SettingsError: a file cannot be read.
    """
    if folder and folder.is_symlink():
        # It would be written to in some other place.
        folder = None
    settled = time.time_ns() - _SETTLED
    states = [state_of(file) for file in files]
    known = _remembered(folder / MEMORY_NAME) if folder else {}
    missing = [place for place, state in enumerate(states) if _key(state) not in known]
    with ThreadPoolExecutor(cores()) as pool:
        some = [missing[first : first + _AT_A_TIME] for first in range(0, len(missing), _AT_A_TIME)]
        computed = pool.map(
            lambda places: [_checksum(files[place], states[place]) for place in places], some
        )
        new = dict(zip(missing, chain.from_iterable(computed), strict=True))
    found = [new.get(place) or known[_key(state)] for place, state in enumerate(states)]
    learned = {
        _key(state): each
        for state, each in zip(states, found, strict=True)
        if state.changed < settled
    }
    if folder and not learned.items() <= known.items():
        _remember({**known, **learned}, folder / MEMORY_NAME)
    return found


def _key(state: FileState) -> str:
    return ":".join(map(str, state))


def _remembered(memory: Path) -> dict[str, str]:
    try:
        known = json.loads(read_own(memory, _MEMORY_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {
        key: each
        for key, each in known.items()
        if isinstance(each, str) and _DIGEST.fullmatch(each)
    }


def _remember(known: Mapping[str, str], memory: Path) -> None:
    """Save what is known, the newest of it; where nothing can be written, nothing is saved."""
    with suppress(UsageExporterError, OSError):
        write_text(memory, json.dumps(dict([*known.items()][-_REMEMBERED:]), indent=1))
