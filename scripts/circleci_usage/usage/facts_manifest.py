"""What is known of the facts in a folder: whose they are, and the checksums of their files."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from circleci_usage.core.guarded_open import read_own
from circleci_usage.usage.code_version import code_version
from circleci_usage.usage.own_files import are_undamaged, digest
from circleci_usage.usage.polars.compact_runs import RunsFile, file_names, has_shape
from circleci_usage.usage.polars.facts import Facts
from circleci_usage.usage.repeats import Content
from circleci_usage.usage.units import Unit

FACTS_VERSION: Final = 2
"""The first version did not keep users, pipeline numbers and workflow runs."""

_NAME: Final = "facts.json"
_LIMIT: Final = 4 << 20

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _FileEntry(BaseModel):
    """A `RunsFile`: the checksums of its files, and what else is known of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    runs: _Digest
    places: _Digest
    workflows: _Digest | None = None
    rows: NonNegativeInt
    is_whole: bool
    first: str | None
    last: str | None


class Manifest(BaseModel):
    """What `facts.json` says.

    Attributes:
        version: `FACTS_VERSION`.
        code: the code that made the facts.
        identified: see `Unit`.
        parts: the names of the parts, relative to the folder that has them.
        columns: those of each part.
        contents: number of a part → what is in it.
        files: of each `RunsFile`, the checksums of its files and what else is known of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    version: Literal[1, 2]
    code: str
    identified: bool
    parts: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    contents: dict[int, Content]
    files: tuple[_FileEntry, ...]


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in a folder; None when there is none, or it is damaged."""
    with suppress(OSError, ValidationError):
        return Manifest.model_validate_json(read_own(folder / _NAME, _LIMIT))
    return None


def load_facts(folder: Path, unit: Unit) -> Facts | None:
    """The facts in a folder, if they are those of the unit, undamaged, and in the current shape."""
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    is_current = manifest.code == code_version() or all(part.is_gone for part in unit.parts)
    if not is_current or any(not 0 <= number < len(unit.parts) for number in manifest.contents):
        return None
    if not len(manifest.columns) == len(manifest.parts) == len(unit.parts):
        return None
    files = [_file_of(folder, number, entry) for number, entry in enumerate(manifest.files)]
    are_sound = all(
        are_undamaged(*_files_and_digests(file, entry))
        and has_shape(file, identified=unit.identified)
        for file, entry in zip(files, manifest.files, strict=True)
    )
    if not are_sound:
        return None
    return Facts(tuple(files), manifest.contents)


def _file_of(folder: Path, number: int, entry: _FileEntry) -> RunsFile:
    runs, places, workflows = file_names(folder, number)
    kept = workflows if entry.workflows else None
    return RunsFile(runs, places, kept, entry.rows, entry.is_whole, entry.first, entry.last)


def _files_and_digests(file: RunsFile, entry: _FileEntry) -> tuple[list[Path], list[str]]:
    files, digests = [file.runs, file.places], [entry.runs, entry.places]
    if file.workflows and entry.workflows:
        return [*files, file.workflows], [*digests, entry.workflows]
    return files, digests


def write_manifest(folder: Path, unit: Unit, facts: Facts, home: Path) -> None:
    """Write the manifest of facts that are to be put into `home`."""
    beside = home.parent.parent
    manifest = Manifest(
        version=FACTS_VERSION,
        code=code_version(),
        identified=unit.identified,
        parts=tuple(os.path.relpath(part.original, beside) for part in unit.parts),
        columns=tuple(part.columns for part in unit.parts),
        contents=dict(facts.contents),
        files=tuple(map(_entry, facts.files)),
    )
    (folder / _NAME).write_text(manifest.model_dump_json(), encoding="utf-8")


def _entry(file: RunsFile) -> _FileEntry:
    return _FileEntry(
        runs=digest(file.runs),
        places=digest(file.places),
        workflows=digest(file.workflows) if file.workflows else None,
        rows=file.rows,
        is_whole=file.is_whole,
        first=file.first,
        last=file.last,
    )


def manifests_in(home: Path) -> Iterator[tuple[Path, Manifest]]:
    """The folders with facts, and their manifests."""
    for folder in [*home.iterdir()]:
        manifest = read_manifest(folder)
        if manifest:
            yield folder, manifest
