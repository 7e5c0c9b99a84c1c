"""Reads the parts of a store while others still arrive, so that what they say is kept by then.

A part is read as soon as it is verified, mostly before its window is complete. A thread reads one
unit at a time, each from a copy: the part itself is moved to its place meanwhile.

Nothing depends on it. What was not read ahead, or could not be, is read with all the rest, and only
there an error counts.
"""

import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import polars as pl

from circleci_usage.core.errors import UnfinishedError, UsageExporterError
from circleci_usage.core.guarded_open import open_own
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Progress
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.usage.file_hashes import CACHE_FOLDER, checksum
from circleci_usage.usage.input_files import Part, Recorded, read_header
from circleci_usage.usage.kept_facts import KeptFacts
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.recorded import places_of
from circleci_usage.usage.units import Unit, settled_units, units_of

_LEFT_TO_THE_REPORT: Final = (
    UsageExporterError,
    OSError,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)


class ReadingAhead:
    """Reads parts in a thread, inside its context.

    Leaving it waits for the unit that is being read, and leaves the others to the report. After an
    interruption it waits for nothing.
    """

    def __init__(self, parts: Path, patterns: NamePatterns, progress: Progress) -> None:
        """What the parts say is kept in `parts`, their folder in the store."""
        self._home = parts / CACHE_FOLDER
        self._patterns = patterns.in_order
        self._progress = progress
        self._thread = ThreadPoolExecutor(1, "reading")
        self._seen: set[tuple[str, str]] = set()
        self._waiting: dict[str, tuple[Part, ...]] = {}
        self._readings: list[Future[None]] = []
        self._goes_on = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._goes_on = False
        is_interrupted = kind is not None and not issubclass(kind, Exception)
        self._thread.shutdown(wait=not is_interrupted)
        if kind is None:
            for reading in self._readings:
                # What nobody expects must not be lost in a thread.
                reading.result()

    def add(self, recorded: Mapping[Path, Recorded]) -> None:
        """Read what has arrived, as soon as it is known with which parts each is a unit.

        Args:
            recorded: parts by the places where they will be, those of an export in their order.
        """
        for path, of_part in recorded.items():
            key = of_part.export, of_part.sha256
            # A copy has no job runs of its own.
            if of_part.rows and key not in self._seen:
                self._seen.add(key)
                self._take(Part(path, (), of_part), of_part.export)

    def finish(self, export: str) -> None:
        """Read what is left of an export: no other part follows."""
        self._submit(units_of(self._waiting.pop(export, ()), identified=False))

    def _take(self, part: Part, export: str) -> None:
        parts = (*self._waiting.get(export, ()), part)
        settled = settled_units(parts)
        self._waiting[export] = parts[sum(len(unit.parts) for unit in settled) :]
        self._submit(settled)

    def _submit(self, units: Iterable[Unit]) -> None:
        for unit in units:
            self._readings.append(self._thread.submit(self._try_to_read, unit))

    def _try_to_read(self, unit: Unit) -> None:
        try:
            if self._goes_on:
                self._read(unit)
        except UnfinishedError:
            # The disk is full: what is left of it is for the downloads.
            self._goes_on = False
        except _LEFT_TO_THE_REPORT:
            """The report reads the unit again, and says what is wrong."""

    def _read(self, unit: Unit) -> None:
        files = counted(len(unit.parts), "file")
        with self._progress.task(f"Reading {files} that arrived"), working_folder() as folder:
            copies = [_copied(part, folder / f"{at}.gz") for at, part in enumerate(unit.parts)]
            [copied] = units_of(copies, identified=False)
            kept = KeptFacts(self._home, folder)
            if not kept.has(copied):
                kept.of(copied, self._patterns)
                if not kept.has(copied):
                    # Nothing can be kept, so everything would be read twice.
                    self._goes_on = False


def _copied(part: Part, copy: Path) -> Part:
    """A copy of a part that may be moved at any moment.

    Raises:
        OSError: it was replaced, or is not the one that was downloaded.
    """
    for place in places_of(part.path):
        with suppress(FileNotFoundError), open_own(place) as stream, copy.open("wb") as target:
            shutil.copyfileobj(stream, target)
            break
    if part.recorded and checksum(copy) != part.recorded.sha256:
        raise OSError(f"{part.path} is not the file that was verified")
    return replace(part, path=copy, columns=read_header(copy), copied_from=part.path)
