"""Rows with equal names as groups, by whole numbers: what pandas' groupby finds, much sooner.

Each name of a row is a number already, or becomes one; the numbers of a row become one, which is
found in a table, or by hashing where the table would be much longer than the rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.scaled_integers import Counts

_PER_ROW: Final = 4
"""Entries of a table that are made for a row at most."""

_LEAST: Final = 1024
"""Entries of a table that cost nothing."""

_LARGEST: Final = 2**62
"""The numbers of combinations stay below, so that int64 holds them."""


@dataclass(frozen=True, eq=False)
class Codes:
    """A number for each row, in the order of what the numbers stand for.

    Attributes:
        of_rows: from 0 on; -1 for a row without a name.
        size: the numbers are below.
    """

    of_rows: Counts
    size: int

    @property
    def with_nameless(self) -> "Codes":
        """The same, with rows without a name, which have -1, as a name of their own."""
        return Codes(self.of_rows.astype("int64") + 1, self.size + 1)


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows with equal names.

    Attributes:
        of_rows: the number of each row's group, from 0 on.
        firsts: the first row of each group.
    """

    of_rows: Counts
    firsts: Counts

    def sums(self, amounts: Counts) -> Counts:
        """The sum of each group; the amounts are int64, and so are all of their sums."""
        found = np.zeros(len(self.firsts), dtype="int64")
        np.add.at(found, self.of_rows, amounts)
        return found


def codes_of(column: pd.Series, *, sort: bool = True) -> tuple[Codes, pd.Index]:
    """The rows of a column as numbers, and the names that they stand for.

    A row without a name has -1. A categorical has its codes.

    Args:
        column: names or days.
        sort: whether names that are no categorical are numbered in their order.
    """
    names = column.array
    if isinstance(names, pd.Categorical):
        every = np.arange(len(names.categories))
        level = pd.Categorical.from_codes(every, dtype=names.dtype, validate=False)
        return Codes(names.codes, len(every)), pd.CategoricalIndex(level)
    numbers, uniques = pd.factorize(column, sort=sort)
    # A new array, so that pandas finds out by itself which kind of texts they are.
    return Codes(numbers, len(uniques)), pd.Index(uniques.to_numpy())


def shared_codes(columns: Sequence[pd.Series]) -> tuple[list[Counts], pd.Index]:
    """The rows of several columns of names as numbers of the same names, in the order of these.

        >>> codes, names = shared_codes([pd.Series(["web", "api"]), pd.Series(["docs"])])
        >>> [each.tolist() for each in codes], [*names]
        ([[2, 0], [1]], ['api', 'docs', 'web'])

    Returns:
        The numbers of each column, -1 for a row without a name, and the names.
    """
    found = [codes_of(column, sort=False) for column in columns]
    names = pd.Index(sorted({*chain.from_iterable(known for _, known in found)}), dtype="object")
    shared = []
    for codes, known in found:
        numbers = names.get_indexer(pd.Index([*known], dtype="object"))
        shared.append(np.append(numbers, -1).astype("int32")[codes.of_rows])
    return shared, names


def groups_of(columns: Iterable[Codes], *, sort: bool) -> Groups:
    """The rows that have the same number in each column.

    Args:
        columns: at least one, of as many rows; none without a name.
        sort: whether the groups are in the order of the numbers, by the first column first;
            otherwise in the order of the rows.
    """
    return _grouped(_combined(columns), sort=sort)


def order_of(columns: Iterable[Codes]) -> Counts:
    """The rows in the order of their numbers, by the first column first."""
    order: Counts = np.argsort(_combined(columns).of_rows, kind="stable")
    return order


def _combined(columns: Iterable[Codes]) -> Codes:
    """One number for those of all columns, in their order."""
    # One column at a time: an iterator may make them of millions of rows.
    others = iter(columns)
    first = next(others)
    numbers, size = first.of_rows.astype("int64"), first.size
    for each in others:
        if each.size == 1:
            continue
        if size * each.size >= _LARGEST:
            dense = _grouped(Codes(numbers, size), sort=True)
            numbers, size = dense.of_rows, len(dense.firsts)
        numbers *= each.size
        numbers += each.of_rows
        size *= each.size
    return Codes(numbers, size)


def _grouped(codes: Codes, *, sort: bool) -> Groups:
    if codes.size <= max(_LEAST, _PER_ROW * len(codes.of_rows)):
        return _by_table(codes, sort=sort)
    numbers, found = pd.factorize(codes.of_rows)
    firsts = _first_rows(numbers, len(found))
    if not sort:
        return Groups(numbers, firsts)
    order = np.argsort(found)
    return Groups(_places(order, len(found))[numbers], firsts[order])


def _by_table(codes: Codes, *, sort: bool) -> Groups:
    firsts = _first_rows(codes.of_rows, codes.size)
    found = np.flatnonzero(firsts >= 0)
    if not sort:
        found = found[np.argsort(firsts[found])]
    return Groups(_places(found, codes.size)[codes.of_rows], firsts[found])


def _first_rows(numbers: Counts, size: int) -> Counts:
    """The first row of each number; -1 where no row has it."""
    firsts = np.full(size, -1, dtype="int64")
    firsts[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    return firsts


def _places(order: Counts, size: int) -> Counts:
    """Where each number is in an order of some of them."""
    places = np.empty(size, dtype="int64")
    places[order] = np.arange(len(order))
    return places
