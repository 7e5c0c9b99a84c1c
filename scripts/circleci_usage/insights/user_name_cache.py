"""The names of users that CircleCI was asked for, kept in the store for a month.

A user that CircleCI does not know is kept too, so that nobody is asked for twice.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from circleci_usage.core.atomic_files import atomic_write
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.organization_names import is_id
from circleci_usage.insights.responses import LONGEST_TEXT

CACHE_NAME: Final = ".user-names.json"

KEPT: Final = timedelta(days=30)
"""How long a name is not asked for again."""

_VERSION: Final = 1
_LIMIT: Final = 8 << 20
_MOST_USERS: Final = 10_000
_LONGEST: Final = 12 * LONGEST_TEXT
"""Of a name as it is kept: a character that is invisible takes up to ten."""
_PRIVATE: Final = 0o600
"""Names of people are for the user alone, whatever the umask."""

_UNREADABLE: Final = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(frozen=True)
class KeptName:
    """The name of a user, None when CircleCI does not know the user, and when it was asked."""

    name: str | None
    asked: date


class UserNameCache:
    """User id → name. Without a path, nothing is kept.

    A missing or damaged file counts as empty: CircleCI is asked again.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def names(self, today: date) -> dict[str, KeptName]:
        """The users that need not be asked for today."""
        if self._path is None:
            return {}
        try:
            content = json.loads(read_own(self._path, _LIMIT))
            if content["version"] != _VERSION:
                return {}
            kept = {id_: _kept(entry) for id_, entry in content["users"].items() if is_id(id_)}
        except _UNREADABLE:
            return {}
        return {id_: each for id_, each in kept.items() if today - KEPT < each.asked <= today}

    def keep(self, names: Mapping[str, KeptName]) -> None:
        """Replace what is kept.

        Raises:
            SettingsError: the store is not writable.
            UnfinishedError: the disk is full.
        """
        if self._path is None:
            return
        latest = sorted(names.items(), key=lambda pair: pair[1].asked, reverse=True)
        users = {id_: _entry(each) for id_, each in latest[:_MOST_USERS]}
        text = json.dumps({"version": _VERSION, "users": users}, indent=1)
        with atomic_write(self._path) as stream:
            os.fchmod(stream.fileno(), _PRIVATE)
            stream.write(f"{text}\n".encode())


def _kept(entry: Mapping[str, object]) -> KeptName:
    name, asked = entry["name"], entry["asked"]
    if not (name is None or (isinstance(name, str) and name)) or not isinstance(asked, str):
        raise ValueError("it is not as it was written")
    shown = inert(name, _LONGEST) if name else None
    return KeptName(shown, date.fromisoformat(asked))


def _entry(kept: KeptName) -> dict[str, str | None]:
    return {"name": kept.name, "asked": str(kept.asked)}
