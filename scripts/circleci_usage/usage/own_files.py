"""Files that this program keeps beside parts: trusted only with the checksum that is known."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from circleci_usage.core.guarded_open import read_own

_LIMIT: Final = 2 << 30


def digest(file: Path) -> str:
    """The SHA-256 of a file that was written just now."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def are_undamaged(files: Sequence[Path], digests: Sequence[str]) -> bool:
    """Whether files are regular ones with these checksums."""
    try:
        contents = [read_own(file, _LIMIT) for file in files]
    except OSError:
        return False
    return [hashlib.sha256(content).hexdigest() for content in contents] == [*digests]
