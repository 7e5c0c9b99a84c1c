"""The files of a warehouse in a local folder. A lock file keeps a second load out."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from circleci_usage.core.atomic_files import atomic_write
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.file_locks import lock
from circleci_usage.core.guarded_open import open_own, read_own
from circleci_usage.core.os_errors import reading, translate_os_errors
from circleci_usage.core.paths import is_file, is_text
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.core.untrusted_text import inert
from circleci_usage.warehouse.warehouse_files import LOADS, another_load, no_warehouse

LARGEST_LOADS: Final = 64 << 20
"""Bytes that `loads.json` may have."""

_LOCK: Final = "loads.lock"
_TEMPORARY: Final = ".circleci-usage-load-"
"""How the folder for temporary files begins. It is in the warehouse, so that a file can be renamed
from there into its place."""


class LocalFolder:
    """A folder of this machine; see `WarehouseFiles`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.shown = inert(folder)
        if not is_text(folder):
            raise SettingsError(f"{self.shown} is not UTF-8 text; choose another folder.")

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """Hold the lock."""
        with translate_os_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._check_ours()
        with self._locked(), working_folder(self._folder, _TEMPORARY) as temporary:
            yield temporary

    def read_loads(self) -> bytes | None:
        """What was written last."""
        file = self._folder / LOADS
        with reading(file):
            try:
                return read_own(file, LARGEST_LOADS)
            except FileNotFoundError:
                return None

    def write_loads(self, content: bytes) -> None:
        """Nobody else can have written it: we hold the lock."""
        with atomic_write(self._folder / LOADS) as stream:
            stream.write(content)

    def local_copy(self, name: str, copy: Path) -> Path | None:
        """The file itself."""
        del copy
        file = self._folder / name
        return file if is_file(file) else None

    def put(self, name: str, file: Path) -> None:
        """Sync it to the disk and rename it."""
        target = self._folder / name
        with translate_os_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            _sync(file)
            file.replace(target)
            _sync(target.parent)

    def _check_ours(self) -> None:
        """Hidden files, such as a file manager makes, may be anywhere."""
        names = {entry.name for entry in os.scandir(self._folder)}
        others = {name for name in names - {_LOCK} if not name.startswith(".")}
        if others and LOADS not in names:
            raise no_warehouse(self.shown)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self._folder / _LOCK
        with ExitStack() as held:
            with translate_os_errors(path):
                stream = held.enter_context(open_own(path, os.O_RDWR | os.O_CREAT))
            if not lock(stream.fileno(), path):
                raise another_load(self.shown)
            yield


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
