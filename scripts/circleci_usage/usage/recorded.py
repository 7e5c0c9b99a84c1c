"""The parts of a store, checked against its ledger."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import DataError
from circleci_usage.core.paths import kind_of
from circleci_usage.usage.file_hashes import CACHE_FOLDER, checksums, state_of
from circleci_usage.usage.input_files import (
    FoundParts,
    Part,
    Recorded,
    export_command,
    open_part,
    parts_of,
)

INCOMING: Final = "incoming"
"""The folder beside that of a store's parts in which they wait until their window is complete."""

_CHUNK: Final = 1 << 16


def find_recorded(recorded: Mapping[Path, Recorded]) -> FoundParts:
    """Parts of a store → as `find_parts`, with their ledger entries; not those without rows.

    Raises:
        DataError: a part is missing, or is not the one that was downloaded.
    """
    facts = {
        Path(os.path.realpath(path.parent), path.name): of_part
        for path, of_part in recorded.items()
    }
    _refuse_others(facts)
    with_rows = [path for path, of_part in facts.items() if of_part.rows]
    found = parts_of(with_rows, {path: facts[path].sha256 for path in with_rows})
    parts = tuple(Part(part.path, part.columns, facts[part.path]) for part in found.parts)
    return FoundParts(parts, found.warnings)


def places_of(path: Path) -> tuple[Path, Path]:
    """Where a part of a store may be: where it waits for others of its window, or in its place.

    In this order, so that a part that is moved meanwhile is found.
    """
    return path.parent.parent / INCOMING / path.name, path


def checksums_of(parts: Sequence[Part], folder: Path | None) -> list[str]:
    """The checksums of the bytes of parts; the ledger has those of parts that are gone or copied.

    Args:
        parts: in any order.
        folder: where checksums are kept.
    """
    recorded = {
        part.path: part.recorded.sha256
        for part in parts
        if part.recorded and (part.is_gone or part.copied_from)
    }
    there = [part.path for part in parts if part.path not in recorded]
    known = dict(zip(there, checksums(there, folder), strict=True)) | recorded
    return [known[part.path] for part in parts]


def _refuse_others(recorded: Mapping[Path, Recorded]) -> None:
    for path, facts in recorded.items():
        kind = kind_of(path)
        if kind:
            raise _damaged(path, facts, f"is {kind}, not a file")
        if not path.is_file():
            raise _damaged(path, facts, "is missing")
        if state_of(path).size != facts.bytes:
            raise _damaged(path, facts, "does not have the size that the store's ledger records")
    files = [*recorded]
    found = checksums(files, files[0].parent / CACHE_FOLDER) if files else []
    for path, checksum in zip(files, found, strict=True):
        facts = recorded[path]
        if checksum != facts.sha256:
            raise _damaged(
                path, facts, "does not have the checksum that the store's ledger records"
            )
        if not facts.rows and _has_rows(path):
            raise DataError(
                f"{path} has rows, but the store's ledger records none; delete it and"
                f" {_export_again(path, facts)}"
            )


def _damaged(path: Path, facts: Recorded, how: str) -> DataError:
    return DataError(f"{path} {how}; {_export_again(path, facts)}")


def _export_again(path: Path, facts: Recorded) -> str:
    command = export_command(path.parent.parent, facts.days)
    return f"rerun {command}, which downloads it again."


def _has_rows(path: Path) -> bool:
    with open_part(path) as stream:
        stream.readline()
        return any(chunk.strip() for chunk in iter(lambda: stream.read(_CHUNK), b""))
