"""Facts kept on disk, per unit of parts: what a window says is read once.

Below `.daily-usage/facts`, a folder per unit has its job runs (`polars.compact_runs`), its daily
sums, and a manifest with the checksums of these files. Its name is made from the checksums of the
parts' bytes and whatever else decides what they say. Other code may say something else, so the
facts of another version are made anew, unless their parts are gone: then they are all there is.

Facts are trusted only with matching checksums and the shape that they have now. They are put in
place as a whole folder; where nothing can be written, nothing is kept.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from circleci_usage.core.errors import DataError, UsageExporterError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.export_columns import new_credit_columns
from circleci_usage.usage.code_version import code_version
from circleci_usage.usage.file_hashes import CACHE_FOLDER, state_of
from circleci_usage.usage.input_files import Part, Recorded, checksums_of
from circleci_usage.usage.polars.compact_runs import RunsFile, file_names, has_shape
from circleci_usage.usage.polars.facts import Facts, read_facts
from circleci_usage.usage.polars.sums import BareSums, are_bare_sums
from circleci_usage.usage.repeats import Content, are_apart, origins_of
from circleci_usage.usage.units import Unit, units_of

FACTS_VERSION: Final = 1
"""Raised when facts of an earlier version can no longer be understood."""

FACTS_FOLDER: Final = "facts"

_MANIFEST: Final = "facts.json"
_SUMS_KEPT: Final = 2
_LIMIT: Final = 2 << 30
_MANIFEST_LIMIT: Final = 4 << 20
_UNFINISHED: Final = ".unfinished-"

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _FileEntry(BaseModel):
    """A `RunsFile`: the checksums of its two files, and what else is known of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: _Digest
    places: _Digest
    rows: NonNegativeInt
    is_whole: bool
    first: str | None
    last: str | None


class _Manifest(BaseModel):
    """What `facts.json` says.

    Attributes:
        version: `FACTS_VERSION`.
        code: the code that made the facts.
        identified: see `Unit`.
        parts: the names of the parts, relative to the folder that has them.
        columns: those of each part.
        contents: number of a part → what is in it.
        files: of each `RunsFile`, the checksums of both files and what else is known of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    code: str
    identified: bool
    parts: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    contents: dict[int, Content]
    files: tuple[_FileEntry, ...]


class KeptFacts:
    """The facts of units, beside their parts."""

    def __init__(self, home: Path | None, working: Path) -> None:
        """Facts are kept in `home`; only in `working`, for this run, where that is impossible."""
        # Through a link, facts would be written, and old ones removed, somewhere else.
        self._folder = home / FACTS_FOLDER if home and _is_ours(home) else None
        self._home = home
        self._working = working

    def of(self, unit: Unit, branch_globs: Sequence[str]) -> tuple[Facts, BareSums]:
        """What a unit says, read only if that is not known.

        Raises:
            DataError: a part is damaged.
            UnfinishedError: the disk is full.
        """
        key = key_of(unit, self._home)
        known = self._known(key, unit)
        if known is None:
            return self._read(unit, key, branch_globs)
        return known, self._sums(known, key, branch_globs)

    def has(self, unit: Unit) -> bool:
        """Whether the facts of a unit are known."""
        return self._known(key_of(unit, self._home), unit) is not None

    def _known(self, key: str, unit: Unit) -> Facts | None:
        return load_facts(self._folder / key, unit) if self._folder else None

    def _sums(self, facts: Facts, key: str, branch_globs: Sequence[str]) -> BareSums:
        if self._folder is None:
            return facts.sums(branch_globs)
        folder, name = self._folder / key, _sums_name(branch_globs)
        known = _load_sums(folder / name)
        if known is None:
            known = facts.sums(branch_globs)
            with suppress(OSError):
                _write_sums(known, folder / name)
                _remove_older_sums(folder)
        return known

    def _read(self, unit: Unit, key: str, branch_globs: Sequence[str]) -> tuple[Facts, BareSums]:
        for part in unit.parts:
            if part.is_gone:
                raise DataError(f"{inert(part.path)} is gone, and what it said is not kept.")
        folder = self._working / key
        folder.mkdir()
        states = [state_of(part.path) for part in unit.parts]
        facts, sums = read_facts(unit, branch_globs, folder)
        # Parts that changed while they were read have facts that belong to no key.
        if self._folder and [state_of(part.path) for part in unit.parts] == states:
            with suppress(UsageExporterError, OSError):
                _write_sums(sums, folder / _sums_name(branch_globs))
                _write_manifest(folder, unit, facts, self._folder)
                _put(folder, self._folder, key)
                _sweep(self._folder, key, unit)
        return facts, sums


def key_of(unit: Unit, home: Path | None) -> str:
    """The name of the folder with the facts of a unit."""
    columns = [name for part in unit.parts for name in part.columns]
    # Other files can have columns whose types would have the same names.
    renamed = {} if new_credit_columns(columns) == unit.new else unit.new
    depends_on = [unit.identified, sorted(renamed.items()), checksums_of(unit.parts, home)]
    return hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()


def load_facts(folder: Path, unit: Unit) -> Facts | None:
    """The facts in a folder, if they are those of the unit, undamaged, and in the current shape."""
    try:
        manifest = _Manifest.model_validate_json(read_own(folder / _MANIFEST, _MANIFEST_LIMIT))
    except (OSError, ValidationError):
        return None
    is_current = manifest.code == code_version() or all(part.is_gone for part in unit.parts)
    if not is_current or any(not 0 <= number < len(unit.parts) for number in manifest.contents):
        return None
    if not len(manifest.columns) == len(manifest.parts) == len(unit.parts):
        return None
    files = [_file_of(folder, number, entry) for number, entry in enumerate(manifest.files)]
    are_sound = all(
        _are_undamaged((file.runs, file.places), (entry.runs, entry.places))
        and has_shape(file, identified=unit.identified)
        for file, entry in zip(files, manifest.files, strict=True)
    )
    if not are_sound:
        return None
    return Facts(tuple(files), manifest.contents)


def _file_of(folder: Path, number: int, entry: _FileEntry) -> RunsFile:
    names = file_names(folder, number)
    return RunsFile(*names, entry.rows, entry.is_whole, entry.first, entry.last)


def _are_undamaged(files: Sequence[Path], digests: Sequence[str]) -> bool:
    try:
        contents = [read_own(file, _LIMIT) for file in files]
    except OSError:
        return False
    return [hashlib.sha256(content).hexdigest() for content in contents] == [*digests]


def _write_manifest(folder: Path, unit: Unit, facts: Facts, home: Path) -> None:
    beside = home.parent.parent
    manifest = _Manifest(
        version=FACTS_VERSION,
        code=code_version(),
        identified=unit.identified,
        parts=tuple(os.path.relpath(part.path, beside) for part in unit.parts),
        columns=tuple(part.columns for part in unit.parts),
        contents=dict(facts.contents),
        files=tuple(map(_entry, facts.files)),
    )
    (folder / _MANIFEST).write_text(manifest.model_dump_json(), encoding="utf-8")


def _entry(file: RunsFile) -> _FileEntry:
    return _FileEntry(
        runs=_digest(file.runs),
        places=_digest(file.places),
        rows=file.rows,
        is_whole=file.is_whole,
        first=file.first,
        last=file.last,
    )


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _put(made: Path, home: Path, key: str) -> None:
    """Copy a folder to its place: whole, or not at all."""
    home.mkdir(parents=True, exist_ok=True)
    with working_folder(home, _UNFINISHED) as unfinished:
        copied = unfinished / key
        shutil.copytree(made, copied, ignore=_others)
        # What is there is damaged, or of another version.
        shutil.rmtree(home / key, ignore_errors=True)
        copied.rename(home / key)


def _others(_: str, names: list[str]) -> list[str]:
    """The files that are not facts: a failed attempt may have left more."""
    return [name for name in names if not name.endswith((".parquet", ".json"))]


def _sums_name(branch_globs: Sequence[str]) -> str:
    globs = json.dumps(sorted(set(branch_globs)))
    return f"sums-{hashlib.sha256(globs.encode()).hexdigest()[:16]}"


def _write_sums(sums: BareSums, name: Path) -> None:
    frames = {"days": sums.days, "branches": sums.branches}
    digests = {}
    for of_what, frame in frames.items():
        file = name.with_name(f"{name.name}-{of_what}.parquet")
        frame.write_parquet(file, compression="zstd", statistics=False)
        digests[of_what] = _digest(file)
    name.with_name(f"{name.name}.json").write_text(json.dumps(digests), encoding="ascii")


def _load_sums(name: Path) -> BareSums | None:
    try:
        digests = json.loads(read_own(name.with_name(f"{name.name}.json"), _MANIFEST_LIMIT))
        files = [name.with_name(f"{name.name}-{of_what}.parquet") for of_what in digests]
        if [*digests] != ["days", "branches"] or not _are_undamaged(files, [*digests.values()]):
            return None
        sums = BareSums(*(pl.read_parquet(file, glob=False) for file in files))
    except (OSError, ValueError, TypeError, RecursionError, pl.exceptions.PolarsError):
        return None
    except pl.exceptions.PanicException:
        # A bug of Polars, which a crafted file may trigger: treat the file as damaged.
        return None
    return sums if are_bare_sums(sums) else None


def _remove_older_sums(folder: Path) -> None:
    found = sorted(folder.glob("sums-*.json"), key=lambda file: file.stat().st_mtime_ns)
    for file in found[:-_SUMS_KEPT]:
        for each in folder.glob(f"{file.stem}*"):
            each.unlink(missing_ok=True)


def _sweep(home: Path, key: str, unit: Unit) -> None:
    """Remove facts that parts have no more: those of other bytes under the name of these parts."""
    beside = home.parent.parent
    names = {os.path.relpath(part.path, beside) for part in unit.parts}
    for folder, manifest in _manifests(home):
        is_alike = manifest.identified == unit.identified
        if folder.name != key and is_alike and names & {*manifest.parts}:
            shutil.rmtree(folder, ignore_errors=True)


def _manifests(home: Path) -> Iterator[tuple[Path, _Manifest]]:
    for folder in [*home.iterdir()]:
        with suppress(OSError, ValidationError):
            text = read_own(folder / _MANIFEST, _MANIFEST_LIMIT)
            yield folder, _Manifest.model_validate_json(text)


def keep_facts(parts: Sequence[Part]) -> None:
    """Make sure that the facts of the parts of a store are kept.

    Raises:
        DataError: a part is damaged.
        UnfinishedError: the disk is full.
    """
    with working_folder() as working:
        for unit in units_of(parts, identified=False):
            kept = KeptFacts(_home_of(unit.parts[0].path), working)
            if not kept.has(unit):
                kept.of(unit, ())


def are_kept(parts: Sequence[Part]) -> bool:
    """Whether all that the parts say is known, so that none has to be read."""
    if not parts:
        return False
    home = _home_of(parts[0].path)
    units = units_of(parts, identified=not are_apart(origins_of(parts)))
    return _is_ours(home) and all(
        load_facts(home / FACTS_FOLDER / key_of(unit, home), unit) for unit in units
    )


def without_files(recorded: Mapping[Path, Recorded]) -> tuple[Part, ...]:
    """Parts whose files are gone but whose facts are kept; those without facts are left out."""
    return tuple(part for unit in _gone(recorded) for part in _with_columns(unit))


def _gone(recorded: Mapping[Path, Recorded]) -> tuple[Unit, ...]:
    parts = [Part(path, (), facts, is_gone=True) for path, facts in recorded.items()]
    return units_of(parts, identified=False)


def _with_columns(unit: Unit) -> tuple[Part, ...]:
    home = _home_of(unit.parts[0].path)
    folder = home / FACTS_FOLDER / key_of(unit, home)
    if not _is_ours(home) or load_facts(folder, unit) is None:
        return ()
    columns = _Manifest.model_validate_json(read_own(folder / _MANIFEST, _MANIFEST_LIMIT)).columns
    pairs = zip(unit.parts, columns, strict=True)
    return tuple(replace(part, columns=names) for part, names in pairs)


def forget_facts(recorded: Mapping[Path, Recorded]) -> None:
    """Remove the facts of parts whose files are gone."""
    for unit in _gone(recorded):
        home = _home_of(unit.parts[0].path)
        if _is_ours(home):
            shutil.rmtree(home / FACTS_FOLDER / key_of(unit, home), ignore_errors=True)


def _is_ours(home: Path) -> bool:
    return not (home.is_symlink() or (home / FACTS_FOLDER).is_symlink())


def _home_of(part: Path) -> Path:
    return part.parent / CACHE_FOLDER
