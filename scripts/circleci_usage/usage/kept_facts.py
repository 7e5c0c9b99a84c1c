"""Facts kept on disk, per unit of parts: what a window says is read once.

Below `.daily-usage/facts`, a folder per unit has its job runs (`polars.compact_runs`), its daily
sums, and a manifest with the checksums of these files. Its name is made from the checksums of the
parts' bytes and whatever else decides what they say. Other code may say something else, so the
facts of another version are replaced, unless their parts are gone: then they are all there is.

Facts are trusted only with matching checksums and the shape that they have now. They are put in
place as a whole folder; where nothing can be written, nothing is kept.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import DataError, UsageExporterError
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.export_columns import new_credit_columns
from circleci_usage.usage.facts_manifest import (
    load_facts,
    manifests_in,
    read_manifest,
    write_manifest,
)
from circleci_usage.usage.file_hashes import CACHE_FOLDER, state_of
from circleci_usage.usage.input_files import Part, Recorded
from circleci_usage.usage.kept_sums import (
    load_sums,
    remove_older_sums,
    sums_name,
    write_sums,
)
from circleci_usage.usage.name_patterns import NO_PATTERNS, NamePatterns
from circleci_usage.usage.polars.facts import AT_ONCE, Facts, Turn, read_facts
from circleci_usage.usage.polars.sums import BareSums
from circleci_usage.usage.recorded import checksums_of, places_of
from circleci_usage.usage.repeats import are_apart, origins_of
from circleci_usage.usage.units import Unit, units_of

FACTS_FOLDER: Final = "facts"

_UNFINISHED: Final = ".unfinished-"
_PIN: Final = "kept-without-parts"
"""A file in the folder of facts that stay when their parts are gone."""


class KeptFacts:
    """The facts of units, beside their parts."""

    def __init__(self, home: Path | None, working: Path) -> None:
        """Facts are kept in `home`; only in `working`, for this run, where that is impossible."""
        # Through a link, facts would be written, and old ones removed, somewhere else.
        self._folder = home / FACTS_FOLDER if home and _is_ours(home) else None
        self._home = home
        self._working = working
        self._used: dict[str, Unit] = {}

    def of(
        self, unit: Unit, patterns: NamePatterns, turn: Turn = AT_ONCE
    ) -> tuple[Facts, BareSums]:
        """What a unit says, read only if that is not known.

        Args:
            unit: the unit.
            patterns: what branches and users are grouped by in the sums.
            turn: see `read_facts`.

        Raises:
            DataError: a part is damaged.
            UnfinishedError: the disk is full.
        """
        key = key_of(unit, self._home)
        self._used[key] = unit
        known = self._known(key, unit)
        if known is None:
            return self._read(unit, key, patterns, turn)
        return known, self._sums(known, key, patterns)

    def has(self, unit: Unit) -> bool:
        """Whether the facts of a unit are known."""
        return self._known(key_of(unit, self._home), unit) is not None

    def sweep(self) -> None:
        """Remove facts that those used here replace, and facts whose parts are gone.

        Once for all units, as every manifest is read. Facts that are to stay without parts stay.
        """
        if self._folder:
            with suppress(OSError):
                _sweep(self._folder, self._used)

    def pin(self, unit: Unit) -> None:
        """Keep the facts of a unit also when its parts are gone, if they could be kept at all."""
        if self._folder:
            with suppress(OSError):
                (self._folder / key_of(unit, self._home) / _PIN).touch()

    def _known(self, key: str, unit: Unit) -> Facts | None:
        return load_facts(self._folder / key, unit) if self._folder else None

    def _sums(self, facts: Facts, key: str, patterns: NamePatterns) -> BareSums:
        if self._folder is None:
            return facts.sums(patterns)
        folder, name = self._folder / key, sums_name(patterns)
        known = load_sums(folder / name)
        if known is None:
            known = facts.sums(patterns)
            with suppress(OSError):
                write_sums(known, folder / name)
                remove_older_sums(folder)
        return known

    def _read(
        self, unit: Unit, key: str, patterns: NamePatterns, turn: Turn
    ) -> tuple[Facts, BareSums]:
        for part in unit.parts:
            if part.is_gone:
                raise DataError(f"{inert(part.path)} is gone, and what it said is not kept.")
        folder = self._working / key
        folder.mkdir()
        states = [state_of(part.path) for part in unit.parts]
        facts, sums = read_facts(unit, patterns, folder, turn)
        # Parts that changed while they were read have facts that belong to no key.
        if self._folder and [state_of(part.path) for part in unit.parts] == states:
            with suppress(UsageExporterError, OSError):
                write_sums(sums, folder / sums_name(patterns))
                write_manifest(folder, unit, facts, self._folder)
                _put(folder, self._folder, key)
        return facts, sums


def key_of(unit: Unit, home: Path | None) -> str:
    """The name of the folder with the facts of a unit."""
    columns = [name for part in unit.parts for name in part.columns]
    # Other files can have columns whose types would have the same names.
    renamed = {} if new_credit_columns(columns) == unit.new else unit.new
    depends_on = [unit.identified, sorted(renamed.items()), checksums_of(unit.parts, home)]
    return hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()


def _put(made: Path, home: Path, key: str) -> None:
    """Copy a folder to its place: whole, or not at all."""
    home.mkdir(parents=True, exist_ok=True)
    with working_folder(home, _UNFINISHED) as unfinished:
        copied = unfinished / key
        shutil.copytree(made, copied, ignore=_others, copy_function=_linked_or_copied)
        # What is there is damaged, or of another version.
        shutil.rmtree(home / key, ignore_errors=True)
        copied.rename(home / key)


def _linked_or_copied(made: str, place: str) -> None:
    """Nothing is written twice where both are on one file system; neither is changed later."""
    try:
        os.link(made, place)
    except OSError:
        shutil.copyfile(made, place)


def _others(_: str, names: list[str]) -> list[str]:
    """The files that are not facts: a failed attempt may have left more."""
    return [name for name in names if not name.endswith((".parquet", ".json"))]


def _sweep(home: Path, used: Mapping[str, Unit]) -> None:
    """Remove facts whose parts were replaced or removed, unless they are kept for that case."""
    beside = home.parent.parent
    in_use = {
        (os.path.relpath(part.original, beside), unit.identified)
        for unit in used.values()
        for part in unit.parts
    }
    for folder, manifest in manifests_in(home):
        is_replaced = folder.name not in used and any(
            (name, manifest.identified) in in_use for name in manifest.parts
        )
        is_gone = not all(map(_is_there, (beside / name for name in manifest.parts)))
        if is_replaced or (is_gone and not (folder / _PIN).exists()):
            shutil.rmtree(folder, ignore_errors=True)


def _is_there(part: Path) -> bool:
    """Whether a part exists; what it says may be read before its window is complete."""
    return any(place.exists() for place in places_of(part))


def keep_facts(parts: Sequence[Part]) -> None:
    """Make sure that the facts of the parts of a store are kept, for when their files are gone.

    The ids of job runs are among them: files that come later may repeat some of the runs.

    Raises:
        DataError: a part is damaged.
        UnfinishedError: the disk is full.
    """
    if not parts:
        return
    with working_folder() as working:
        kept = KeptFacts(_home_of(parts[0].path), working)
        for unit in units_of(parts, identified=True):
            if not kept.has(unit):
                kept.of(unit, NO_PATTERNS)
            kept.pin(unit)
        kept.sweep()


def are_kept(parts: Sequence[Part]) -> bool:
    """Whether all that the parts say is known, so that none has to be read."""
    units = units_of(parts, identified=not are_apart(origins_of(parts)))
    return bool(parts) and all(kept_facts_of(units))


def kept_facts_of(units: Sequence[Unit]) -> tuple[Facts | None, ...]:
    """What is kept of each unit beside the parts of the first one; None where nothing is."""
    home = _home_of(units[0].parts[0].path) if units else None
    if home is None or not _is_ours(home):
        return (None,) * len(units)
    return tuple(load_facts(home / FACTS_FOLDER / key_of(unit, home), unit) for unit in units)


def without_files(recorded: Mapping[Path, Recorded]) -> tuple[Part, ...]:
    """Parts whose files are gone but whose facts are kept; those without facts are left out."""
    return tuple(part for export in _exports_gone(recorded) for part in _kept_of(export))


def _exports_gone(recorded: Mapping[Path, Recorded]) -> tuple[Unit, ...]:
    """Parts whose files are gone, those of an export as one, as earlier versions kept them."""
    parts = [
        Part(path, (), of_part, is_gone=True, is_kept_with_others=True)
        for path, of_part in recorded.items()
    ]
    return units_of(parts, identified=True)


def _apart(export: Unit) -> tuple[Unit, ...]:
    """The units that the parts of an export are today."""
    parts = [replace(part, is_kept_with_others=False) for part in export.parts]
    return units_of(parts, identified=True)


def _kept_of(export: Unit) -> tuple[Part, ...]:
    parts = tuple(part for unit in _apart(export) for part in _with_columns(unit))
    return parts if len(parts) == len(export.parts) else _with_columns(export) or parts


def _with_columns(unit: Unit) -> tuple[Part, ...]:
    home = _home_of(unit.parts[0].path)
    folder = home / FACTS_FOLDER / key_of(unit, home)
    if not _is_ours(home) or load_facts(folder, unit) is None:
        return ()
    manifest = read_manifest(folder)
    pairs = zip(unit.parts, manifest.columns if manifest else (), strict=True)
    return tuple(replace(part, columns=names) for part, names in pairs)


def forget_facts(recorded: Mapping[Path, Recorded]) -> None:
    """Remove the facts of parts whose files are gone."""
    for export in _exports_gone(recorded):
        home = _home_of(export.parts[0].path)
        units = (*_apart(export), export) if _is_ours(home) else ()
        for unit in units:
            shutil.rmtree(home / FACTS_FOLDER / key_of(unit, home), ignore_errors=True)


def _is_ours(home: Path) -> bool:
    return not (home.is_symlink() or (home / FACTS_FOLDER).is_symlink())


def _home_of(part: Path) -> Path:
    return part.parent / CACHE_FOLDER
