"""Checksums of files, kept until a file changes: half a gigabyte is not read again for nothing.

As with the files of a git working tree, a file counts as unchanged while its device, number, size
and times are the same; of these, nobody can set the time of the last status change back.
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

CACHE_FOLDER: Final = ".daily-usage"
"""The folder beside parts with what is known about them."""

MEMORY_NAME: Final = "checksums.json"

_CHUNK: Final = 4 << 20
_AT_A_TIME: Final = 64
"""Files per task: passing a single one to a thread takes longer than a small checksum."""
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_SETTLED: Final = 2 * 10**9
"""Nanoseconds. File systems keep time in steps of up to two seconds; changes within are unseen."""
_REMEMBERED: Final = 10_000
_MEMORY_LIMIT: Final = 4 << 20
"""Bytes of the memory; `_REMEMBERED` checksums take half of it."""


class FileState(NamedTuple):
    """What the file system says of a file: equal states mean equal bytes."""

    device: int
    number: int
    size: int
    modified: int
    changed: int


def state_of(file: Path) -> FileState:
    """The file as it is now.

    Raises:
        SettingsError: there is none, or it cannot be read.
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
    """As `checksum`, of a file in this state; it is read once per process."""
    # A small buffer for a small file: allocating four megabytes costs more than its checksum.
    chunk = min(_CHUNK, state.size + 1)
    with reading(file), file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256", _bufsize=chunk).hexdigest()


def checksums(files: Sequence[Path], folder: Path | None = None) -> list[str]:
    """As `checksum`, of each file; they are kept in the folder, if one is given and writable.

    Raises:
        SettingsError: a file cannot be read.
    """
    if folder and folder.is_symlink():
        # Through a link, some other place would be written to.
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
    """Save the newest of what is known; where nothing can be written, nothing is saved."""
    with suppress(UsageExporterError, OSError):
        write_text(memory, json.dumps(dict([*known.items()][-_REMEMBERED:]), indent=1))
