"""The folders of a store and the files in them. Which of them count is up to the ledger."""

import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.paths import is_file, is_folder, kind_of
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import StoredPart, Window
from circleci_usage.export.ledger_file import damaged
from circleci_usage.usage.file_hashes import CACHE_FOLDER, checksum, checksums
from circleci_usage.usage.recorded import INCOMING

_PARTIAL: Final = ".partial"


class StoreFolder:
    """Where the files of parts are. Methods that write raise SettingsError and UnfinishedError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.incoming = folder / INCOMING
        self.parts = folder / "parts"

    @property
    def is_there(self) -> bool:
        """Whether a run has begun to fill the store; any other folder has no such folders."""
        return is_folder(self.incoming) and is_folder(self.parts)

    def create(self) -> None:
        """Create what is missing."""
        with translate_os_errors(self.path):
            if not self.path.exists():
                self.path.mkdir(parents=True)
                # Export files name people's branches and jobs: nobody should commit them by
                # accident.
                (self.path / ".gitignore").write_text("*\n")
            self.check()
            self.incoming.mkdir(exist_ok=True)
            self.parts.mkdir(exist_ok=True)

    def check(self) -> None:
        """Files that are moved into the two folders, or removed from them, must not be elsewhere.

        Raises:
            SettingsError: the store itself is a file.
            DataError: one of the two folders is a link or a file.
        """
        if is_file(self.path):
            raise SettingsError(
                f"{inert(self.path)} is a file, but a store is a folder; choose another with"
                " --store (STORE_DIR)."
            )
        for folder in (self.incoming, self.parts):
            kind = kind_of(folder) or ("a file" if is_file(folder) else None)
            if kind not in {None, "a folder"}:
                raise damaged(folder, f"it is {kind}, not a folder")

    def verified(self, name: str) -> Path:
        """Where a verified part waits until its window is complete."""
        return self.incoming / name

    def partial(self, name: str) -> Path:
        """Where a part is downloaded to."""
        return self.incoming / f"{name}{_PARTIAL}"

    def published(self, part: StoredPart) -> Path:
        """Where a part of a fetched window is."""
        return self.parts / part.name

    def is_whole(self, window: Window) -> bool:
        """Whether all files of a fetched window are there, in their full size."""
        return all(has_size(self.published(part), part) for part in window.parts)

    def fault_of(self, part: StoredPart) -> str:
        """What is wrong with a part of a fetched window; empty when size and checksum are right."""
        path = self.published(part)
        if not has_size(path, part):
            return f"{path} is missing or truncated."
        try:
            is_intact = checksum(path) == part.sha256
        except SettingsError as error:
            return str(error)
        return "" if is_intact else f"{path} is damaged."

    def damaged(self, parts: Iterable[StoredPart]) -> tuple[Path, ...]:
        """The files of parts of fetched windows that do not have their checksum."""
        expected = {self.published(part): part.sha256 for part in parts}
        found = checksums([*expected], self.parts / CACHE_FOLDER)
        both = zip(expected.items(), found, strict=True)
        return tuple(path for (path, wanted), checksum in both if checksum != wanted)

    def remove(self, files: Iterable[Path]) -> None:
        """Remove files, if they are there."""
        with translate_os_errors(self.path):
            for file in tuple(files):
                file.unlink(missing_ok=True)

    def move(self, source: Path, target: Path) -> None:
        """Move a file, if it is there."""
        with translate_os_errors(target.parent), suppress(FileNotFoundError):
            source.replace(target)


def has_size(path: Path, part: StoredPart) -> bool:
    """Whether a regular file has the size that the ledger recorded."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == part.bytes
