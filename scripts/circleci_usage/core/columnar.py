"""Sequences of records stored as columns.

A million jobs take a tenth of the memory of as many objects. A record is created when it is
accessed, and not kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import nan
from typing import Any, Final, Generic, TypeVar, overload

import numpy as np
import pandas as pd

from circleci_usage.core.grouping import stacked, sum_by
from circleci_usage.core.groups import Codes, codes_of, groups_of, shared_codes

_Record = TypeVar("_Record")

Values = np.ndarray[tuple[int], np.dtype[Any]]

Cells = tuple[Any, ...]
"""A value of each column."""

_AT_A_TIME: Final = 4096


class Texts:
    """A categorical as a column of `Records`: a number per row, which becomes a text when read."""

    def __init__(self, names: pd.Categorical) -> None:
        self._codes = names.codes
        # The last one is that of rows without a name, which have -1.
        self._known = np.array([*names.categories, nan], dtype="object")

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, rows: Values) -> Values:
        texts: Values = self._known[self._codes[rows]]
        return texts


Column = Values | Texts


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
        columns: Mapping[str, Column],
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

    The frame itself is not sorted, so that `Records` can share its columns. A row without a value
    is the last.
    """
    ranks = [_ranks(frame[name], is_descending=True) for name in descending]
    ranks += [_ranks(frame[name], is_descending=False) for name in ascending]
    rows: Values = np.lexsort([*reversed(ranks)])
    return rows


def _ranks(column: pd.Series, *, is_descending: bool) -> Values:
    """Numbers in the order of the values."""
    if column.dtype.kind in "iub":
        numbers = column.to_numpy().astype("int64")
        return -numbers if is_descending else numbers
    codes, names = codes_of(column)
    places = np.arange(codes.size)
    if isinstance(column.dtype, pd.CategoricalDtype):
        places[np.argsort(np.array([*names], dtype="object"), kind="stable")] = places.copy()
    ranks = -places if is_descending else places
    return np.append(ranks, codes.size)[codes.of_rows]


def columns_of(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, Column]:
    """Columns of a frame for `Records`, which share their values with the frame."""
    return {name: _column(frame[name]) for name in dict.fromkeys(names)}


def _column(column: pd.Series) -> Column:
    values = column.array
    return Texts(values) if isinstance(values, pd.Categorical) else column.to_numpy()


def narrowed(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Counts in as few bytes as they need: of millions of rows, most are small.

    Sums and products of them need int64 again.
    """
    counts = {name: frame[name] for name in names if frame[name].dtype != "object"}
    narrow = {name: pd.to_numeric(each, downcast="unsigned") for name, each in counts.items()}
    # A copy, as the columns that stay would keep the wide ones, which are in one block with them.
    return frame.drop(columns=[*narrow]).copy().assign(**narrow)


def sum_frames(frames: Sequence[pd.DataFrame], keys: Sequence[str]) -> pd.DataFrame:
    """The rows of several frames, summed by their keys; a measure that a frame lacks counts as 0.

    Sums are exact: integers stay integers. The keys become categoricals.

        >>> jobs = pd.DataFrame({"job": ["a", "b"], "runs": [1, 2]})
        >>> seats = pd.DataFrame({"job": ["b"], "seats": [5]})
        >>> sum_frames([jobs, seats], ["job"]).to_dict("records")
        [{'job': 'a', 'runs': 1, 'seats': 0}, {'job': 'b', 'runs': 2, 'seats': 5}]
    """
    measures = [
        *dict.fromkeys(name for frame in frames for name in frame.columns if name not in keys)
    ]
    filled = [
        _named(frame, keys).reindex(columns=[*keys, *measures], fill_value=0)
        for frame in frames
        if len(frame)
    ]
    if not filled:
        return pd.DataFrame(columns=[*keys, *measures], dtype="object")
    return sum_by(stacked(filled), keys, measures, sort=False).reset_index()


def _named(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """With categoricals as keys."""
    texts = [name for name in keys if not isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return frame.astype(dict.fromkeys(texts, "category"))


def found_in(sums: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """The sums of each row of names, 0 where there are none.

    Args:
        sums: with the columns of `names` as its index.
        names: the rows to look up.
    """
    known = sums.index.to_frame(index=False)
    shared = [shared_codes([known[name], names[name]])[0] for name in names]
    both = (Codes(np.concatenate(each), max(map(_size, each))) for each in shared)
    numbers = groups_of((codes.with_nameless for codes in both), sort=False).of_rows
    of_known, of_names = numbers[: len(known)], numbers[len(known) :]
    rows = np.full(numbers.max(initial=-1) + 1, len(known))
    rows[of_known] = np.arange(len(known))
    found = {}
    for name in sums:
        found[name] = np.append(sums[name].to_numpy(), 0)[rows[of_names]]
    return pd.DataFrame(found)


def _size(codes: Values) -> int:
    return int(codes.max(initial=-1)) + 1
