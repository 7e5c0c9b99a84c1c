"""Sequences of records that are kept as columns: a million jobs take a tenth of the memory that as many objects would.

A record is made when somebody looks at it, and is nobody's afterwards.
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
        make: the values of a row, in the order of the columns → the record.
        columns: their names and values, all of one length.
        rows: which rows there are, in their order; None for all.
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
        """Those whose columns of these names are wanted; `wanted` is given them whole and says so row by row."""
        flags = np.asarray(wanted(*map(self.column, names)), dtype=bool)
        return Records(self._make, self._columns, self._rows[flags])

    def column(self, name: str) -> Values:
        """The values of a column, in the order of the records."""
        return self._columns[name][self._rows]

    def grouped(self, names: Sequence[str]) -> "dict[tuple[str, ...], Records[_Record]]":
        """Those that have the same values in some columns, by these; both in the order of the records."""
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
    """The rows by some columns, the highest first, and where these are equal by names.

    The frame itself stays as it is, so that `Records` share its columns.
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
    """Columns of a frame as `Records` take them; the texts in them are shared with it."""
    return {name: frame[name].to_numpy() for name in dict.fromkeys(names)}


def summed(frames: Sequence[pd.DataFrame], keys: Sequence[str]) -> pd.DataFrame:
    """All rows of some frames summed by their names; what a frame does not measure is 0 there.

    Sums are exact: whole numbers stay whole.
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
    """The sums of each row of names, 0 where there are none; the sums' index has the columns of the names."""
    keys = [*names.columns]
    texts = sums.reset_index()[keys].astype("object")
    known = sums.set_axis(pd.MultiIndex.from_frame(texts))
    return known.reindex(pd.MultiIndex.from_frame(names.astype("object")), fill_value=0)
