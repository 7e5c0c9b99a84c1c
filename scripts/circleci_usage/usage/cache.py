"""Sums kept on disk, so that a new price or team needs no second reading of the parts.

A file is found by the checksums of the parts' bytes and whatever else its sums depend on, including
the code that makes them; if any of it differs, so does the file's name. Its content is trusted only
with a matching checksum and the shape that sums have now.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.core.atomic_files import atomic_write, sweep_files
from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.periods import END_OF_TIME, Period
from circleci_usage.usage.aggregates import (
    BRANCH_DIMENSIONS,
    DAILY_DIMENSIONS,
    NUMBER,
    RUN_MEASURES,
    USER_DIMENSIONS,
    Sums,
    has_columns,
    used_types,
)
from circleci_usage.usage.code_version import code_version
from circleci_usage.usage.file_hashes import CACHE_FOLDER, FileState, state_of
from circleci_usage.usage.input_files import Part, Recorded
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.polars.aggregate import sum_parts
from circleci_usage.usage.recorded import checksums_of
from circleci_usage.usage.run_statistics import RunStatisticsFrames
from circleci_usage.usage.statistics_shapes import SHAPES

_SUFFIX: Final = ".sums"
_KEPT: Final = 2
_DIGEST_LENGTH: Final = hashlib.sha256().digest_size
_MAY_BE_UNKNOWN: Final = "pipeline_number"
_LENGTH_BYTES: Final = 8
_LIMIT: Final = 2 << 30


def read_sums(
    parts: Sequence[Part],
    patterns: NamePatterns,
    period: Period | None,
    cache: Path | None,
    job_groups: JobGroups = NO_GROUPS,
) -> Sums:
    """As `polars.aggregate.sum_parts`, unless `cache`, a folder, has the sums already."""
    patterns = patterns.in_order
    # Through a link, sums would be written, and old ones removed, somewhere else.
    if cache is None or cache.is_symlink():
        return sum_parts(parts, patterns, period, job_groups)
    there = [part for part in parts if not part.is_gone]
    states = [state_of(part.path) for part in there]
    # The first group that matches a job wins, so that their order counts.
    groups = [[name, [*globs_of_jobs]] for name, globs_of_jobs in job_groups.globs.items()]
    key = _key(
        [
            code_version(),
            _shape(),
            [patterns.branches, patterns.users],
            groups,
            str(period),
            _content(there, states, checksums_of(there, cache)),
            sorted(part.path.name + str(_facts(part.recorded)) for part in parts if part.is_gone),
        ]
    )
    sums = load_sums(cache, key)
    if sums is None:
        sums = sum_parts(parts, patterns, period, job_groups, cache)
        # Parts that changed while they were read have sums that belong to no key.
        if [state_of(part.path) for part in there] == states:
            save_sums(sums, cache, key)
    return sums


def cache_beside(parts: Sequence[Part]) -> Path:
    """The folder for the sums of these parts: hidden, beside the first of them."""
    return parts[0].path.parent / CACHE_FOLDER


def _content(parts: Sequence[Part], states: Sequence[FileState], found: Sequence[str]) -> list[str]:
    """The checksums and names of the parts; the rows of a later one count before others."""
    in_order = sorted(
        zip(states, parts, found, strict=True),
        key=lambda each: (each[0].modified, str(each[1].path)),
    )
    return [
        f"{checksum} {part.path.name} {_facts(part.recorded)}" for _, part, checksum in in_order
    ]


def _facts(recorded: Recorded | None) -> list[str]:
    """The ledger entry of a part, the same in every process: the order of a set differs."""
    if recorded is None:
        return []
    named = {field.name: getattr(recorded, field.name) for field in fields(recorded)}
    return [
        str(each) for each in (named | {"organizations": sorted(recorded.organizations)}).values()
    ]


def _shape() -> list[object]:
    """What the saved frames are made of."""
    return [
        DAILY_DIMENSIONS,
        BRANCH_DIMENSIONS,
        USER_DIMENSIONS,
        RUN_MEASURES,
        [field.name for field in fields(RunStatisticsFrames)],
    ]


def _key(depends_on: Sequence[object]) -> str:
    """What sums are found by: another byte in a part, glob or period gives another key."""
    return hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()


def load_sums(folder: Path, key: str) -> Sums | None:
    """The sums saved under a key, if they are there, undamaged, and in the current shape."""
    try:
        content = read_own(folder / f"{key}{_SUFFIX}", _LIMIT)
    except OSError:
        return None
    body = content[_DIGEST_LENGTH:]
    if hashlib.sha256(body).digest() != content[:_DIGEST_LENGTH]:
        return None
    try:
        days, branches, users, notes, *statistics = _frames(body)
        sums = Sums(
            days,
            branches,
            users,
            RunStatisticsFrames(*statistics),
            tuple(notes["warnings"][0]),
            bool(notes["has_repeats"][0]),
        )
    except (
        ValueError,
        TypeError,
        LookupError,
        OverflowError,
        MemoryError,
        pl.exceptions.PolarsError,
    ):
        return None
    except pl.exceptions.PanicException:
        # A bug of Polars, which a crafted file may trigger: treat the file as damaged.
        return None
    return sums if _has_shape(sums) else None


def _has_shape(sums: Sums) -> bool:
    """Whether the frames look like those of an engine; others may be able to write the cache."""
    frames = {
        DAILY_DIMENSIONS: sums.days,
        BRANCH_DIMENSIONS: sums.branches,
        USER_DIMENSIONS: sums.users,
    }
    return (
        all(_are_sums(frame, dimensions) for dimensions, frame in frames.items())
        and all(isinstance(warning, str) for warning in sums.warnings)
        and all(
            _is_like(getattr(sums.run_statistics, each.name), SHAPES[each.name])
            for each in fields(RunStatisticsFrames)
        )
    )


def _are_sums(frame: pl.DataFrame, dimensions: Sequence[str]) -> bool:
    if not (used_types(frame) and has_columns(frame, dimensions)):
        return False
    measures = [name for name in frame.columns if name not in dimensions]
    types = {name: pl.Categorical for name in dimensions if name != "date"}
    whole = all(frame[name].dtype.is_integer() or frame[name].dtype == NUMBER for name in measures)
    texts = all(frame[name].dtype == dtype for name, dtype in types.items())
    if not (whole and texts and frame["date"].dtype == pl.Date):
        return False
    days = frame["date"].drop_nulls()
    in_reach = days.is_empty() or bool(days.is_between(date(2000, 1, 1), END_OF_TIME).all())
    return in_reach and not any(frame[name].null_count() for name in (*types, *measures))


def _is_like(frame: pl.DataFrame, known: pl.Schema) -> bool:
    """Whether a frame has these columns and types; amounts may be integers or decimals."""
    if {*frame.columns} != {*known.names()}:
        return False
    pairs = [(series, known[series.name]) for series in frame]
    alike = all(
        one.dtype == dtype or {one.dtype, dtype} == {pl.Int64(), NUMBER} for one, dtype in pairs
    )
    return alike and not any(
        series.null_count()
        for series in frame
        if (series.dtype.is_integer() or series.dtype == NUMBER) and series.name != _MAY_BE_UNKNOWN
    )


def save_sums(sums: Sums, folder: Path, key: str) -> None:
    """Save the sums and remove the oldest; where nothing can be written, nothing is saved."""
    notes = pl.DataFrame(
        [([*sums.warnings], sums.has_repeats)],
        {"warnings": pl.List(pl.String), "has_repeats": pl.Boolean},
        orient="row",
    )
    statistics = [getattr(sums.run_statistics, field.name) for field in fields(RunStatisticsFrames)]
    frames = (sums.days, sums.branches, sums.users, notes, *statistics)
    body = b"".join(map(_bytes, frames))
    with suppress(UsageExporterError, OSError):
        with atomic_write(folder / f"{key}{_SUFFIX}") as stream:
            stream.write(hashlib.sha256(body).digest() + body)
        sweep_files(folder, f"[0-9a-f]{{64}}{re.escape(_SUFFIX)}")
        saved = sorted(
            folder.glob(f"*{_SUFFIX}"), key=lambda file: file.stat().st_mtime_ns, reverse=True
        )
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
