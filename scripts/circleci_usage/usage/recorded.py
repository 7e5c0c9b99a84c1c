"""The parts of a store: only those that are what its ledger says."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import DataError
from circleci_usage.core.paths import kind_of
from circleci_usage.usage.cache import CACHE_FOLDER
from circleci_usage.usage.file_hashes import checksums, state_of
from circleci_usage.usage.input_files import FoundParts, Part, Recorded, open_part, parts_of

_FETCH_AGAIN: Final = "delete it and run the same export again, which downloads it afresh."
_CHUNK: Final = 1 << 16


def find_recorded(recorded: Mapping[Path, Recorded]) -> FoundParts:
    """Parts of a store → as `find_parts`, with what the ledger says of each. Those without rows are left out.

    Raises:
        DataError: a part is missing, or is not the one that was downloaded.
    """
    said = {
        Path(os.path.realpath(path.parent), path.name): of_part
        for path, of_part in recorded.items()
    }
    _refuse_others(said)
    with_rows = [path for path, of_part in said.items() if of_part.rows]
    found = parts_of(with_rows, {path: said[path].sha256 for path in with_rows})
    parts = tuple(Part(part.path, part.columns, said[part.path]) for part in found.parts)
    return FoundParts(parts, found.warnings)


def _refuse_others(recorded: Mapping[Path, Recorded]) -> None:
    for path, said in recorded.items():
        kind = kind_of(path)
        if kind:
            raise DataError(f"{path} is {kind}, not a file; {_FETCH_AGAIN}")
        if not path.is_file():
            raise DataError(
                f"{path} is missing; run the same export again, which downloads it afresh."
            )
        if state_of(path).size != said.bytes:
            raise DataError(
                f"{path} is not as long as the ledger of the store says; {_FETCH_AGAIN}"
            )
    files = [*recorded]
    found = checksums(files, files[0].parent / CACHE_FOLDER) if files else []
    for path, checksum in zip(files, found, strict=True):
        if checksum != recorded[path].sha256:
            raise DataError(
                f"{path} has another checksum than the ledger of the store says; {_FETCH_AGAIN}"
            )
        if not recorded[path].rows and _has_rows(path):
            raise DataError(
                f"{path} has rows, but the ledger of the store says that it has none; {_FETCH_AGAIN}"
            )


def _has_rows(path: Path) -> bool:
    with open_part(path) as stream:
        stream.readline()
        return any(chunk.strip() for chunk in iter(lambda: stream.read(_CHUNK), b""))
