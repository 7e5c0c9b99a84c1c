"""What was sent, kept in the store: nobody is notified twice of the same thing.

The intent is recorded before a message is sent. A run that is killed in between leaves it behind:
whether the message arrived is not known then, and it is not sent again.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from circleci_usage.core.atomic_files import write_new_text, write_text
from circleci_usage.core.errors import DataError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.paths import exists
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.store_lock import lock_store

LEDGER_NAME: Final = "notifications.json"

_VERSION: Final = 1
_LIMIT: Final = 64 << 20
_SENDING: Final = "sending"
_SENT: Final = "sent"
_UNCLEAR: Final = "unclear"
_STATES: Final = frozenset({_SENDING, _SENT, _UNCLEAR})

States = dict[str, dict[str, str]]
"""Name of a notification → key of a thing → its state."""


class Ledger:
    """What each notification was sent for.

    Args:
        path: the file; made when something is sent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._states = _read(path)

    def has(self, notification: str, key: str) -> bool:
        """Whether a notification was sent for this thing, as far as anybody knows."""
        return key in self._states.get(notification, {})

    def begin(self, notification: str, keys: Collection[str]) -> None:
        """A message about these things is sent next; some of them may have been told before."""
        new = [key for key in keys if not self.has(notification, key)]
        self._set(notification, dict.fromkeys(new, _SENDING))

    def finish(self, notification: str, keys: Collection[str]) -> None:
        """The message has arrived."""
        self._set(notification, dict.fromkeys(keys, _SENT))

    def leave_unclear(self, notification: str, keys: Collection[str]) -> None:
        """The message may have arrived."""
        self._set(notification, dict.fromkeys(keys, _UNCLEAR))

    def forget(self, notification: str, keys: Collection[str]) -> None:
        """The message has not arrived: it is due again."""
        states = self._states[notification]
        for key in keys:
            if states.get(key) == _SENDING:
                del states[key]
        self._write()

    def settle_interrupted(self) -> tuple[str, ...]:
        """Give up what a killed run was sending; the names of those notifications."""
        names = [name for name, states in self._states.items() if _SENDING in states.values()]
        for name in names:
            keys = [key for key, state in self._states[name].items() if state == _SENDING]
            self.leave_unclear(name, keys)
        return tuple(names)

    def _set(self, notification: str, states: Mapping[str, str]) -> None:
        self._states.setdefault(notification, {}).update(states)
        self._write()

    def _write(self) -> None:
        content = {"version": _VERSION, "sent": self._states}
        write_text(self._path, json.dumps(content, indent=2, sort_keys=True) + "\n")

    @classmethod
    @contextmanager
    def opened(cls, store: Path) -> Iterator[Self]:
        """The ledger of a store, which no other run uses meanwhile.

        Raises:
            UnfinishedError: another run uses the store.
            SettingsError: the store cannot be written to.
            DataError: the ledger is damaged.
        """
        if not exists(store):
            # As a store begins: what is in it should not be committed by accident.
            write_new_text(store / ".gitignore", "*\n")
        with lock_store(store):
            yield cls(store / LEDGER_NAME)


def key_of(*parts: object) -> str:
    """The key of a thing: no two things have the same one, whatever their names contain.

    >>> key_of("threshold", "payments", "2026-03-01", 80)
    '["threshold", "payments", "2026-03-01", "80"]'
    """
    return json.dumps([None if part is None else str(part) for part in parts])


def _read(path: Path) -> States:
    try:
        content = read_own(path, _LIMIT)
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = error.strerror or error
        raise DataError(
            f"{inert(path)} cannot be read: {reason}; without it, it is not known what was sent."
        ) from None
    try:
        return _checked(json.loads(content.decode()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DataError(
            f"{inert(path)} is damaged, so it is not known what was sent; remove it to start over:"
            " everything that is due now is then sent once more."
        ) from None


def _checked(content: Any) -> States:  # noqa: ANN401 - it is JSON
    states: States = {}
    for name, of_one in content["sent"].items():
        states[name] = {key: str(state) for key, state in of_one.items()}
    found = {state for of_one in states.values() for state in of_one.values()}
    if content["version"] != _VERSION or not found <= _STATES:
        raise ValueError("not a ledger of this version")
    return states
