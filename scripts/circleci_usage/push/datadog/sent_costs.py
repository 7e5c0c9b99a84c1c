"""Which Custom Costs files Datadog was sent: kept in the store, so that their successors can replace them."""

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


@dataclass(frozen=True)
class SentFile:
    """What was sent to a site: the days of its costs, both included, and the checksum of its lines."""

    site: str
    first: str
    last: str
    checksum: str

    @property
    def period(self) -> Period:
        """The days of its costs."""
        return Period.of_days(date.fromisoformat(self.first), date.fromisoformat(self.last))


class SentCosts:
    """Datadog's id of a file → what was sent; without a path, nothing is kept.

    A memory that is lost or damaged is an empty one: Datadog's own list of files tells the same, only slower.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def files(self) -> Mapping[str, SentFile]:
        """All that is remembered."""
        if self._path is None:
            return {}
        try:
            memory = json.loads(read_own(self._path, _LIMIT).decode())
            files = {str(file): SentFile(**sent) for file, sent in memory["files"].items()}
            sound = memory["version"] == _VERSION and all(sent.period for sent in files.values())
        except (
            OSError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            OverflowError,
            RecursionError,
        ):
            return {}
        return files if sound else {}

    def change(
        self, *, forget: Iterable[str] = (), add: Mapping[str, SentFile] | None = None
    ) -> None:
        """Forget some files and add others.

        Raises:
            SettingsError: the store cannot be written to.
            UnfinishedError: the disk is full.
        """
        if self._path is not None:
            kept = {
                file: sent for file, sent in self.files().items() if file not in {*forget}
            } | dict(add or {})
            files = {file: asdict(sent) for file, sent in kept.items()}
            write_text(
                self._path, json.dumps({"version": _VERSION, "files": files}, indent=2) + "\n"
            )
