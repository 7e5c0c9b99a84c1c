"""The Custom Costs files sent so far: kept in the store, so that later files replace them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

from circleci_usage.core.atomic_files import write_text
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.periods import Period

_VERSION: Final = 1
_LIMIT: Final = 16 << 20

_UNREADABLE: Final = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True)
class SentFile:
    """One file that was sent.

    Attributes:
        site: where to.
        first: the first day of its costs, `2026-03-01`.
        last: the last day, included.
        checksum: of its lines.
    """

    site: str
    first: str
    last: str
    checksum: str

    @property
    def period(self) -> Period:
        """The days of its costs."""
        return Period.of_days(date.fromisoformat(self.first), date.fromisoformat(self.last))


class SentCosts:
    """Datadog's id of a file → what was sent. Without a path, nothing is kept.

    A missing or damaged file counts as empty: Datadog's own list of files has the same information,
    only slower.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def files(self) -> Mapping[str, SentFile]:
        """All files on record."""
        if self._path is None:
            return {}
        try:
            content = json.loads(read_own(self._path, _LIMIT).decode())
            files = {str(id_): SentFile(**sent) for id_, sent in content["files"].items()}
            sound = content["version"] == _VERSION and all(sent.period for sent in files.values())
        except _UNREADABLE:
            return {}
        return files if sound else {}

    def change(
        self, *, forget: Iterable[str] = (), add: Mapping[str, SentFile] | None = None
    ) -> None:
        """Remove some files and add others.

        Raises:
            SettingsError: the store is not writable.
            UnfinishedError: the disk is full.
        """
        if self._path is None:
            return
        files = {**self.files()}
        for id_ in forget:
            files.pop(id_, None)
        files |= add or {}
        content = {
            "version": _VERSION,
            "files": {id_: asdict(sent) for id_, sent in files.items()},
        }
        write_text(self._path, json.dumps(content, indent=2) + "\n")
