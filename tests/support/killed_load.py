"""Loads the store into a warehouse, and kills itself with SIGKILL in the n-th month.

Usage: killed_load.py MOMENT ADDRESS. Even moments: the month's job runs are replaced, its costs are
not yet, nothing is committed. Odd moments: right after the month is committed.
"""

import os
import signal
import sys
from typing import Any

from circleci_usage.cli.app import main
from circleci_usage.warehouse import addresses
from circleci_usage.warehouse.destination import Change


def kill_at(moment: int) -> None:
    """Let every destination count the months down to the kill."""
    find = addresses.destination_at
    left = [moment // 2]

    def destination_at(address: str) -> Any:
        found: Any = find(address)
        apply = found.apply

        def killing(change: Change) -> None:
            left[0] -= 1
            if left[0] == -1 and moment % 2 == 0:
                apply(_ends_in_the_middle(change))
            apply(change)
            if left[0] == -1:
                _die()

        found.apply = killing
        return found

    addresses.destination_at = destination_at


def _ends_in_the_middle(change: Change) -> Change:
    """The change, whose last rows are never read to their end."""

    class Rows(tuple[Any, ...]):
        __slots__ = ()

        def __iter__(self) -> Any:
            yield from list(super().__iter__())[:-1]
            _die()

    return Change(
        change.month, change.cleared, Rows(change.added), change.recorded, change.forgotten
    )


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    kill_at(int(sys.argv[1]))
    flags = ["--config", "settings.yml", "--store", "store", "--allow-unpriced"]
    sys.argv = ["circleci-usage", "load", *flags, sys.argv[2]]
    main()
