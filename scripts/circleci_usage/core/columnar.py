"""Sequences of records stored as columns.

A million jobs take a tenth of the memory of as many objects. A record is created when it is
accessed, and not kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar, overload

import numpy as np
import pandas as pd

_Record = TypeVar("_Record")

Values = np.ndarray[tuple[int], np.dtype[Any]]

Cells = tuple[Any, ...]
"""A value of each column."""

_AT_A_TIME: Final = 4096


class Records(Sequence[_Record], Generic[_Record]):
    """Records, each made from a value of every column.

    Args:
        make: creates a record from the values of a row, in the order of the columns.
        columns: the columns' names and values, all of one length.
        rows: the indexes of the rows, in their order; None for all.
    """

    def __init__(
        self,
        make: Callable[[Cells], _Record],
        columns: Mapping[str, Values],
        rows: Values | None = None,
    ) -> None:
        self._make = make
        self._columns = columns
        length = len(next(iter(columns.values())))
        self._rows: Values = np.arange(length) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> _Record: ...

    @overload
    def __getitem__(self, place: slice) -> "Records[_Record]": ...

    def __getitem__(self, place: int | slice) -> "_Record | Records[_Record]":
        if isinstance(place, slice):
            return Records(self._make, self._columns, self._rows[place])
        row = self._rows[place]
        (record,) = self._made(np.array([row]))
        return record

    def __iter__(self) -> Iterator[_Record]:
        for first in range(0, len(self._rows), _AT_A_TIME):
            yield from self._made(self._rows[first : first + _AT_A_TIME])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == its for mine, its in zip(self, other, strict=True)
        )

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def where(self, wanted: Callable[..., Any], *names: str) -> "Records[_Record]":
        """The records for which `wanted`, given the named columns, is true row by row."""
        flags = np.asarray(wanted(*map(self.column, names)), dtype=bool)
        return Records(self._make, self._columns, self._rows[flags])

    def column(self, name: str) -> Values:
        """The values of a column, in the order of the records."""
        return self._columns[name][self._rows]

    def grouped(self, names: Sequence[str]) -> "dict[tuple[str, ...], Records[_Record]]":
        """The records by their values in some columns; groups and records keep their order."""
        keys = pd.DataFrame({name: self.column(name) for name in names})
        groups = keys.groupby([*names], sort=False).indices
        found: dict[tuple[str, ...], Records[_Record]] = {}
        for key, places in groups.items():
            texts = map(str, key) if isinstance(key, tuple) else (str(key),)
            found[*texts,] = Records(self._make, self._columns, self._rows[places])
        return found

    def _made(self, rows: Values) -> Iterator[_Record]:
        return map(
            self._make,
            zip(*(column[rows].tolist() for column in self._columns.values()), strict=True),
        )


def order(frame: pd.DataFrame, descending: Sequence[str], ascending: Sequence[str]) -> Values:
    """The indexes of the rows by some columns, highest first, then by others, lowest first.

    The frame itself is not sorted, so that `Records` can share its columns.
    """
    rows: Values = (
        frame[[*descending, *ascending]]
        .reset_index(drop=True)
        .sort_values(
            [*descending, *ascending],
            ascending=[False] * len(descending) + [True] * len(ascending),
            kind="stable",
        )
        .index.to_numpy()
    )
    return rows


def columns_of(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, Values]:
    """Columns of a frame for `Records`, which share their texts with the frame."""
    return {name: frame[name].to_numpy() for name in dict.fromkeys(names)}


def sum_frames(frames: Sequence[pd.DataFrame], keys: Sequence[str]) -> pd.DataFrame:
    """The rows of several frames, summed by their keys; a measure that a frame lacks counts as 0.

    Sums are exact: integers stay integers.

        >>> jobs = pd.DataFrame({"job": ["a", "b"], "runs": [1, 2]})
        >>> seats = pd.DataFrame({"job": ["b"], "seats": [5]})
        >>> sum_frames([jobs, seats], ["job"]).to_dict("records")
        [{'job': 'a', 'runs': 1, 'seats': 0}, {'job': 'b', 'runs': 2, 'seats': 5}]
    """
    measures = [
        *dict.fromkeys(name for frame in frames for name in frame.columns if name not in keys)
    ]
    filled = [
        frame.astype(dict.fromkeys(keys, "object")).reindex(
            columns=[*keys, *measures], fill_value=0
        )
        for frame in frames
        if len(frame)
    ]
    if not filled:
        return pd.DataFrame(columns=[*keys, *measures], dtype="object")
    return (
        pd.concat(filled, ignore_index=True)
        .groupby([*keys], sort=False)[measures]
        .sum()
        .reset_index()
    )


def found_in(sums: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """The sums of each row of names, 0 where there are none.

    Args:
        sums: with the columns of `names` as its index.
        names: the rows to look up.
    """
    keys = [*names.columns]
    texts = sums.reset_index()[keys].astype("object")
    known = sums.set_axis(pd.MultiIndex.from_frame(texts))
    return known.reindex(pd.MultiIndex.from_frame(names.astype("object")), fill_value=0)
