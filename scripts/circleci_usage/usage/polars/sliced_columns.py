"""Columns of numbers in slices, each of which is small enough to be computed with at once.

Those of many rows are written into temporary files: the memory does not grow with the rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from circleci_usage.core.os_errors import translate_os_errors

_ROWS: Final = 200_000
"""Of a slice, unless some of what must not be parted has more."""

_MOST: Final = 128
"""Slices; with more, reading their pieces from all files would take longer than computing."""

NO_NUMBER: Final = 2**63 - 1
"""Stands in columns of whole numbers for null."""

Columns = Mapping[str, npt.NDArray[Any]]
"""Columns of the same length, by their names."""


def slices_of(rows: int) -> int:
    """How many slices so many rows are put into."""
    return min(max(1, -(-rows // _ROWS)), _MOST)


@dataclass(frozen=True)
class SlicedColumns:
    """Columns whose rows are sorted by slices.

    Attributes:
        columns: in memory, or in a file, one after the other.
        types: of each column, in their order.
        bounds: where each slice begins, and where the last one ends.
    """

    columns: Columns | Path
    types: Mapping[str, np.dtype[Any]]
    bounds: npt.NDArray[np.int64]

    def of_slice(self, number: int) -> Columns:
        """The rows of a slice."""
        first, end = self.bounds[number : number + 2].tolist()
        if not isinstance(self.columns, Path):
            return self.columns
        found, begin = {}, 0
        with self.columns.open("rb") as file:
            for name, dtype in self.types.items():
                file.seek(begin + first * dtype.itemsize)
                found[name] = np.fromfile(file, dtype, end - first)
                begin += int(self.bounds[-1]) * dtype.itemsize
        return found


def in_slices(
    columns: Columns, numbers: npt.NDArray[Any], slices: int, file: Path
) -> SlicedColumns:
    """Put columns into a file, by slices; a single slice stays in memory.

    Args:
        columns: at least one.
        numbers: the slice of each row.
        slices: how many there are.
        file: where to.

    Raises:
        UnfinishedError: the disk is full.
    """
    types = {name: each.dtype for name, each in columns.items()}
    # NumPy sorts numbers of 16 bits in the time that it takes to count them.
    numbers = numbers.astype(np.uint16)
    counts = np.bincount(numbers, minlength=slices)
    bounds = np.concatenate([[0], np.cumsum(counts)])
    if slices == 1:
        return SlicedColumns(columns, types, bounds)
    order = np.argsort(numbers, kind="stable")
    with translate_os_errors(file), file.open("wb") as stream:
        for each in columns.values():
            each.take(order).tofile(stream)
    return SlicedColumns(file, types, bounds)


def filtered(columns: Columns, are_wanted: npt.NDArray[np.bool_]) -> Columns:
    """Some of the rows, in their order."""
    if are_wanted.all():
        return columns
    places = np.flatnonzero(are_wanted)
    return {name: each.take(places) for name, each in columns.items()}


def joined(several: Sequence[Columns]) -> Columns:
    """The rows of several, of which there must be one."""

    def of(name: str) -> npt.NDArray[Any]:
        return np.concatenate([each[name] for each in several])

    return {name: of(name) for name in several[0]}
