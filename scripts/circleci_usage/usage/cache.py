"""What the heavy pass gives on disk, so that a new price or team costs no second reading of the parts.

A file is found by the checksums of the parts' bytes and whatever else its sums depend on; if any of it differs, so does
the file's name. What it holds is trusted only while it has its own checksum.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.days import Period
from circleci_usage.errors import UsageExporterError
from circleci_usage.files import replacing
from circleci_usage.usage.answers import Answers
from circleci_usage.usage.checksums import checksums, state_of
from circleci_usage.usage.heavy_pass import sum_parts
from circleci_usage.usage.parts import Part
from circleci_usage.usage.sums import Sums

FORMAT: Final = 5
"""Raised whenever the same parts would give other sums, or sums of another shape."""

CACHE_FOLDER: Final = ".daily-usage"

_SUFFIX: Final = ".sums"
_KEPT: Final = 4
_DIGEST_LENGTH: Final = hashlib.sha256().digest_size
_LENGTH_BYTES: Final = 8


def read_sums(parts: Sequence[Part], branch_globs: Sequence[str], period: Period | None, cache: Path | None) -> Sums:
    """As `heavy_pass.sum_parts`, unless `cache`, a folder, has the sums already."""
    globs = sorted(set(branch_globs))
    if cache is None:
        return sum_parts(parts, globs, period)
    files = [part.path for part in parts]
    states = [*map(state_of, files)]
    key = _key([FORMAT, globs, str(period), sorted(checksums(files, cache))])
    sums = load_sums(cache, key)
    if sums is None:
        sums = sum_parts(parts, globs, period)
        # Parts that changed while they were read have sums that belong to no key.
        if [*map(state_of, files)] == states:
            save_sums(sums, cache, key)
    return sums


def cache_beside(parts: Sequence[Part]) -> Path:
    """The folder for the sums of these parts: hidden, beside the first of them."""
    return parts[0].path.parent / CACHE_FOLDER


def _key(depends_on: Sequence[object]) -> str:
    """What sums are found by: another byte in a part, another glob or period, is another key."""
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
    days, branches, *answers = _frames(body)
    return Sums(days, branches, Answers(*answers))


def save_sums(sums: Sums, folder: Path, key: str) -> None:
    """Save the sums and forget the oldest; where nothing can be written, nothing is saved."""
    answers = sums.answers
    frames = (sums.days, sums.branches, answers.jobs, answers.machines, answers.workflows, answers.reruns)
    body = b"".join(map(_bytes, frames))
    with suppress(UsageExporterError, OSError):
        with replacing(folder / f"{key}{_SUFFIX}") as stream:
            stream.write(hashlib.sha256(body).digest() + body)
        saved = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for file in saved[_KEPT:]:
            file.unlink(missing_ok=True)


def _bytes(frame: pl.DataFrame) -> bytes:
    """The frame, its length before it."""
    stream = io.BytesIO()
    frame.write_ipc(stream, compression="zstd")
    content = stream.getvalue()
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


def _frames(body: bytes) -> Iterator[pl.DataFrame]:
    """What `_bytes` made of several frames, one after the other."""
    while body:
        stop = _LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES], "big")
        yield pl.read_ipc(io.BytesIO(body[_LENGTH_BYTES:stop]))
        body = body[stop:]
