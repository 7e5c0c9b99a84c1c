"""The files that usage is read from: which ones a path means, and their headers.

Export parts (`.csv.gz`), plain `.csv` files, folders of either. Only the first line is read here.
"""

import gzip
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import BinaryIO, Final, cast

from isal import igzip, isal_zlib

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.os_errors import reading
from circleci_usage.core.paths import is_file, is_folder, is_text
from circleci_usage.core.periods import Period
from circleci_usage.core.suggestions import closest
from circleci_usage.core.untrusted_text import inert
from circleci_usage.schema.report_files import MERGED_NAME, SUMMARY_NAME
from circleci_usage.usage.file_hashes import CACHE_FOLDER, checksums, state_of
from circleci_usage.usage.foreign_files import foreign_format
from circleci_usage.usage.headers import HEADER_LIMIT, header_columns

GZIP_MAGIC: Final = b"\x1f\x8b"
LEDGER_NAME: Final = "ledger.json"
_SUFFIXES: Final = (".csv", ".csv.gz")
_PACKED: Final = (
    *(".zip", ".7z", ".rar", ".tar.gz", ".tgz", ".bz2", ".xz", ".zst"),
    *(".xlsx", ".xlsm", ".xls", ".ods", ".parquet"),
)
_NAME_FILES: Final = "name the files of an export, or a folder of them"
_MOST_NAMES: Final = 1_000
"""Names that a mistyped one is compared with."""
_SNIFFED: Final = 20
"""Files that are opened to say what a folder has instead of usage files."""
ROW_LIMIT: Final = 1 << 20
"""Bytes that a row may have: a longer one has an unclosed quote, or the file is not CSV."""
_DAMAGED: Final[tuple[type[Exception], ...]] = (
    gzip.BadGzipFile,
    EOFError,
    cast("type[Exception]", isal_zlib.error),
)


@dataclass(frozen=True)
class Recorded:
    """The entry of a part in the ledger of its store.

    Attributes:
        export: the export that it is a part of.
        days: the window of the export.
        complete_through: the last of these days that was complete at that time.
        asked_at: when the export was requested.
        organizations: whose usage it is.
        rows: how many job runs it has.
        bytes: its size.
        sha256: the checksum of its bytes.
    """

    export: str
    days: Period
    complete_through: date
    asked_at: datetime
    organizations: frozenset[str]
    rows: int
    bytes: int
    sha256: str


def export_command(store: Path, days: Period) -> str:
    """The command that exports days into a store, for a message."""
    folder = inert(quote(str(store)))
    return f"`circleci-usage export --store {folder} --from {days.first} --to {days.last}`"


@dataclass(frozen=True)
class Part:
    """One file of an export, kept as downloaded.

    Attributes:
        path: where it is.
        columns: the names in its header.
        recorded: its entry in a ledger, if it has one.
        copied_from: the original, if this is a temporary copy (see `plain`).
        is_gone: whether only what it says is left (see `kept_facts`); its columns are not known.
        is_kept_with_others: whether that is kept as one for all parts of its export, as earlier
            versions did.
    """

    path: Path
    columns: tuple[str, ...]
    recorded: Recorded | None = None
    copied_from: Path | None = None
    is_gone: bool = False
    is_kept_with_others: bool = False

    @property
    def original(self) -> Path:
        """The file that people know."""
        return self.copied_from or self.path


@dataclass(frozen=True)
class FoundParts:
    """What the paths of a user, or a store, mean.

    Attributes:
        parts: in a stable order; of some only facts may be left (`Part.is_gone`).
        warnings: a line for each file that was left out, and what else a reader should know.
        complete_through: the last UTC day whose data are complete; None when that is not known.
        complete: all days whose data are complete, also those without usage; None when that is not
            known.
    """

    parts: tuple[Part, ...]
    warnings: tuple[str, ...]
    complete_through: date | None = None
    complete: tuple[Period, ...] | None = None

    @property
    def with_files(self) -> tuple[Part, ...]:
        """The parts whose rows are still there."""
        return tuple(part for part in self.parts if not part.is_gone)


def find_parts(paths: Iterable[Path]) -> FoundParts:
    """Files and folders → the parts in them, each file once.

    A store means its parts. Any other folder is searched with all folders in it; report folders,
    and a merged file beside the parts it was made of, have the same rows again and are skipped. A
    report folder that is named itself means its merged rows.

    Raises:
        SettingsError: a path does not exist, or there is no file at all.
        DataError: a file is not a usage export.
    """
    paths = tuple(paths)
    found = (file for path in paths for file in _files_of(path))
    skipped = [file for path in paths for file in _packed_in(path)]
    # Not Path.resolve, which raises an error where links form a circle.
    with reading(Path()):
        files = [Path(file) for file in dict.fromkeys(map(os.path.realpath, found))]
    if not files:
        raise SettingsError(
            f"No usage files (.csv or .csv.gz) in {_listed(paths)}{_instead_in(paths)}."
        )
    usage = parts_of(files, _checksums_if_alike(files))
    unread = (f"{inert(file.name)} was not read: only .csv and .csv.gz are." for file in skipped)
    return replace(usage, warnings=(*usage.warnings, *unread))


def parts_of(files: Sequence[Path], checksums_of: Mapping[Path, str]) -> FoundParts:
    """Files → parts, without copies: job runs of two files with the same bytes would count twice.

    Args:
        files: their absolute paths.
        checksums_of: the checksums of those that may be copies.

    Raises:
        SettingsError: a file cannot be read, or its name is not text.
        DataError: a file is not a usage export.
    """
    odd = next((file for file in files if not is_text(file)), None)
    if odd:
        raise SettingsError(
            f"{inert(odd)}: this path is not UTF-8 text, which no engine can read; rename it."
        )
    originals: dict[str, Path] = {}
    copies = {}
    for file in files:
        original = originals.setdefault(checksums_of.get(file, str(file)), file)
        if original is not file:
            copies[file] = copy_warning(file.name, original.name)
    kept = (file for file in files if file not in copies)
    return FoundParts(tuple(Part(file, read_header(file)) for file in kept), tuple(copies.values()))


def is_store(path: Path) -> bool:
    """Whether a folder is a store, which has a ledger."""
    return is_file(path / LEDGER_NAME)


def has_usage_files(folder: Path) -> bool:
    """Whether there is a file in a folder, at any depth, that is named like an export's."""
    return any(_walk(folder, _SUFFIXES))


def _files_of(path: Path) -> Iterator[Path]:
    mode = _mode_of(path)
    if stat.S_ISREG(mode):
        yield path
    elif not stat.S_ISDIR(mode):
        raise SettingsError(f"{inert(path)} is neither a file nor a folder; {_NAME_FILES}.")
    elif is_store(path):
        yield from _search(path / "parts")
    elif is_file(path / SUMMARY_NAME):
        if not is_file(path / MERGED_NAME):
            raise SettingsError(
                f"{inert(path)} is a report without {MERGED_NAME} (it was made with --no-merged);"
                " name the export's files."
            )
        yield path / MERGED_NAME
    else:
        yield from _search(path)


def _mode_of(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise _missing(path) from None
    except OSError as error:
        raise SettingsError(
            f"{inert(path)} cannot be read: {error.strerror or error}; check the path."
        ) from None


def _missing(path: Path) -> SettingsError:
    shown = inert(path)
    if any(sign in path.name for sign in "*?["):
        return SettingsError(f"No file matches {shown}; check the path, or give the folder itself.")
    try:
        names = [entry.name for entry in islice(path.parent.iterdir(), _MOST_NAMES)]
    except (OSError, ValueError):
        names = []
    alike = closest(path.name, names)
    guess = f" Did you mean {inert(path.parent / alike)}?" if alike else ""
    return SettingsError(f"There is no file or folder {shown}; check the path.{guess}")


def _instead_in(paths: Iterable[Path]) -> str:
    """What there is instead of usage files, and what to do."""
    folders = filter(is_folder, paths)
    found = (files for folder in folders for files in _walk(folder, ("",)))
    others = [file for files in found for file in files if not file.name.startswith(".")]
    for file in others[:_SNIFFED]:
        with suppress(DataError, SettingsError), open_part(file) as stream:
            fault = foreign_format(stream.readline(HEADER_LIMIT))
            if fault:
                return f", only others such as {inert(file.name)}: {fault}"
    if others:
        return f", only others such as {inert(others[0].name)}; {_NAME_FILES}"
    return f"; {_NAME_FILES}"


def _packed_in(path: Path) -> Iterator[Path]:
    """Files of a folder that may have usage, but must be unpacked or exported again first."""
    if is_folder(path) and not is_store(path) and not is_file(path / SUMMARY_NAME):
        for files in _walk(path, _PACKED):
            yield from files


def _search(top: Path) -> Iterator[Path]:
    """The usage files of a folder, then those of the folders in it at any depth, by name."""
    for files in _walk(top, _SUFFIXES):
        parts = [file for file in files if file.name != MERGED_NAME]
        yield from parts or files


def _walk(top: Path, suffixes: tuple[str, ...]) -> Iterator[list[Path]]:
    """The files of a folder whose names end so, then of each folder in it: no reports, no cache."""
    folders = [top]
    while folders:
        folder = folders.pop()
        with reading(folder):
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        # Neither pipes nor devices, which may never end.
        yield [
            Path(entry.path)
            for entry in entries
            if entry.name.endswith(suffixes) and _is_file(entry)
        ]
        inside = [
            entry.path
            for entry in entries
            if entry.name != CACHE_FOLDER and entry.is_dir(follow_symlinks=False)
        ]
        folders += [
            Path(path) for path in reversed(inside) if not is_file(Path(path, SUMMARY_NAME))
        ]


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a file; a broken or circular link is not."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _checksums_if_alike(files: Sequence[Path]) -> dict[Path, str]:
    """The checksums of files of the same size, which may be copies of one another."""
    sizes = {file: state_of(file).size for file in files}
    count = Counter(sizes.values())
    alike = [file for file, size in sizes.items() if count[size] > 1]
    return dict(zip(alike, checksums(alike), strict=True))


def copy_warning(copy: str, original: str) -> str:
    """What a reader should know of a file that was left out."""
    return f"{copy} duplicates {original} and was skipped."


def _listed(paths: tuple[Path, ...]) -> str:
    return ", ".join(map(inert, paths)) or "the given paths"


@contextmanager
def open_part(path: Path) -> Iterator[BinaryIO]:
    """The plain bytes of a part, compressed or not: its content decides, not its name.

    Raises:
        DataError: the compressed data are damaged (also while the caller reads).
        SettingsError: the file cannot be opened.
    """
    try:
        with path.open("rb") as raw:
            compressed = raw.peek(2)[:2] == GZIP_MAGIC
            stream = cast("BinaryIO", igzip.IGzipFile(fileobj=raw)) if compressed else raw
            yield stream
    except _DAMAGED as error:
        raise DataError(
            f"{inert(path)}: the gzip data are damaged ({error}); download the file again."
        ) from error
    except OSError as error:
        raise SettingsError(f"{inert(path)} cannot be read: {error.strerror or error}.") from error


def read_header(path: Path) -> tuple[str, ...]:
    """The column names of an export file, upper case, in the file's order.

    Raises:
        DataError: the file is empty, damaged or lacks columns that every export has.
    """
    with open_part(path) as stream:
        return header_columns(stream.readline(HEADER_LIMIT), str(path))
