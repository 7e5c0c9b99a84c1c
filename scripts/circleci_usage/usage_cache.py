"""The sums of the heavy pass on disk, so that a new price or team costs no second reading of the parts.

A file is found by the checksums of the parts' bytes and whatever else its sums depend on; if any of it differs, so does
the file's name. What it holds is trusted only while it has its own checksum.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.errors import UsageExporterError
from circleci_usage.files import replacing
from circleci_usage.parts import Part, checksum

FORMAT: Final = 1
"""Raised whenever the same parts would give other sums, or sums of another shape."""

CACHE_FOLDER: Final = ".daily-usage"

_SUFFIX: Final = ".sums"
_KEPT: Final = 4
_DIGEST_LENGTH: Final = hashlib.sha256().digest_size
_LENGTH_BYTES: Final = 8


@dataclass(frozen=True)
class Sums:
    """What the heavy pass gives: wide frames with the sums per day and dimension, and per day and branch."""

    days: pl.DataFrame
    branches: pl.DataFrame


def cache_beside(parts: Sequence[Part]) -> Path:
    """The folder for the sums of these parts: hidden, beside the first of them."""
    return parts[0].path.parent / CACHE_FOLDER


def sums_key(parts: Sequence[Part], branch_globs: Sequence[str]) -> str:
    """What the sums of these parts are found by: another byte in a part, or another glob, is another key."""
    depends_on = [FORMAT, list(branch_globs), sorted(checksum(part.path) for part in parts)]
    return hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()


def load_sums(folder: Path, key: str) -> Sums | None:
    """What was saved under a key, if it is there and whole."""
    try:
        content = (folder / f"{key}{_SUFFIX}").read_bytes()
    except OSError:
        return None
    body = content[_DIGEST_LENGTH:]
    if hashlib.sha256(body).digest() != content[:_DIGEST_LENGTH]:
        return None
    length = int.from_bytes(body[:_LENGTH_BYTES], "big")
    days, branches = body[_LENGTH_BYTES:][:length], body[_LENGTH_BYTES:][length:]
    return Sums(pl.read_ipc(io.BytesIO(days)), pl.read_ipc(io.BytesIO(branches)))


def save_sums(sums: Sums, folder: Path, key: str) -> None:
    """Save the sums and forget the oldest; where nothing can be written, nothing is saved."""
    days, branches = (_bytes(frame) for frame in (sums.days, sums.branches))
    body = len(days).to_bytes(_LENGTH_BYTES, "big") + days + branches
    with suppress(UsageExporterError, OSError):
        with replacing(folder / f"{key}{_SUFFIX}") as stream:
            stream.write(hashlib.sha256(body).digest() + body)
        saved = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for file in saved[_KEPT:]:
            file.unlink(missing_ok=True)


def _bytes(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_ipc(stream, compression="zstd")
    return stream.getvalue()
