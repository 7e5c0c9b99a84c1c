"""Sums of what comes bit by bit: the memory does not grow with what comes, but with the sum."""

from collections.abc import Callable, Sequence

import polars as pl

Add = Callable[[Sequence[pl.DataFrame]], pl.DataFrame]
"""Sums → their sum."""


class RunningSum:
    """A sum of frames.

    Args:
        add: what adds some of them.
    """

    def __init__(self, add: Add) -> None:
        self._add = add
        self._some: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Add a frame. Those that came last wait until they have more rows than the sum."""
        self._some.append(frame)
        first, *others = map(len, self._some)
        if sum(others) > first:
            self._some = [self.total()]

    def total(self) -> pl.DataFrame:
        """The sum of all frames, of which there must be one."""
        return self._some[0] if len(self._some) == 1 else self._add(self._some)
