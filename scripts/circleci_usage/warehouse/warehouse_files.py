"""What a place has to do to keep the files of a warehouse: a local folder or object storage."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

from circleci_usage.core.errors import SettingsError, UnfinishedError

LOADS: Final = "loads.json"
"""The file that makes a folder a warehouse."""


class WarehouseFiles(Protocol):
    """Files by their names below a folder, such as `prices/data.parquet`.

    All methods raise:
        SettingsError: the place is not there, or is not a warehouse.
        AccessError: the credentials are not accepted.
        UnfinishedError: another load is writing, or the disk is full.
        ServiceError: it cannot be reached.
    """

    @property
    def shown(self) -> str:
        """Its name in messages, without secrets."""

    def opened(self) -> AbstractContextManager[Path]:
        """While it is open, no other load writes. Gives an empty folder for temporary files."""

    def read_loads(self) -> bytes | None:
        """The content of `loads.json`; None when there is none yet."""

    def write_loads(self, content: bytes) -> None:
        """Replace `loads.json`, unless another load has replaced it since."""

    def local_copy(self, name: str, copy: Path) -> Path | None:
        """A local file with the content of a file.

        Args:
            name: of the file.
            copy: where to put the content, if it is not on this machine.

        Returns:
            Where it is; None when there is no such file.
        """

    def put(self, name: str, file: Path) -> None:
        """Replace a file by a temporary one, whole or not at all."""


def another_load(shown: str) -> UnfinishedError:
    """That another load is writing to the same place."""
    return UnfinishedError(
        f"Another load is writing to {shown}; rerun the same command when it has finished."
    )


def no_warehouse(shown: str) -> SettingsError:
    """That a place has files, but no `loads.json`."""
    return SettingsError(
        f"{shown} has other files and no {LOADS}, so it is not a warehouse of circleci-usage;"
        " choose a new or an empty folder."
    )
