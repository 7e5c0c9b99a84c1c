"""The clients that this machine has registered with CircleCI, kept in a small file.

A client has no secret. The file is only a convenience: when it is lost, damaged or out of date,
the next login registers another client.
"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from circleci_usage.core.atomic_files import write_text
from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.guarded_open import read_own

FILE_NAME: Final = "oauth-clients.json"

_LARGEST: Final = 1 << 20
_MOST: Final = 100


class Registration(BaseModel):
    """A client that CircleCI knows.

    Attributes:
        app_url: where it is registered.
        name: what CircleCI shows of it.
        client_id: its id.
        port: of its redirect address.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    app_url: str
    name: str
    client_id: Annotated[str, Field(pattern=r"^[!-~]{1,512}$")]
    port: Annotated[int, Field(ge=1025, le=65535, strict=True)]


class _Kept(BaseModel):
    clients: tuple[Registration, ...]


class Registrations:
    """The registered clients, one per address and name.

    Args:
        folder: where the file is; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def find(self, app_url: str, name: str) -> Registration | None:
        """The client of a name, if there is one."""
        known = (each for each in self._read() if (each.app_url, each.name) == (app_url, name))
        return next(known, None)

    def keep(self, made: Registration) -> bool:
        """Put a client in the place of an earlier one; whether the file could be written."""
        place = (made.app_url, made.name)
        others = [each for each in self._read() if (each.app_url, each.name) != place]
        kept = _Kept(clients=(made, *others[: _MOST - 1]))
        with suppress(UsageExporterError, OSError):
            write_text(self.path, kept.model_dump_json(indent=2) + "\n")
            return True
        return False

    def _read(self) -> tuple[Registration, ...]:
        with suppress(OSError, ValidationError):
            return _Kept.model_validate_json(read_own(self.path, _LARGEST)).clients
        return ()
