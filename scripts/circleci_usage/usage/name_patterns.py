"""Patterns of names that daily usage tells apart by groups, because the names are too many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class NamePatterns:
    """Patterns of branches and users: a name belongs to all patterns that it matches.

    Attributes:
        branches: those of `branch_group`.
        users: those of `user_group`.
    """

    branches: Sequence[str] = ()
    users: Sequence[str] = ()

    @property
    def in_order(self) -> "NamePatterns":
        """The same patterns, each once, in the order of their characters."""
        return NamePatterns(tuple(sorted(set(self.branches))), tuple(sorted(set(self.users))))


NO_PATTERNS: Final = NamePatterns()
