"""Rows with equal names, summed or numbered; frames of names, stacked."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from circleci_usage.core.groups import Codes, Groups, codes_of, groups_of
from circleci_usage.core.scaled_integers import Counts

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
"""Whether something holds, row by row."""


def sum_by(
    frame: pd.DataFrame, keys: Sequence[str], measures: Sequence[str], *, sort: bool = True
) -> pd.DataFrame:
    """The sums of some measures for each combination of names that there is.

    Amounts are whole numbers or decimals, so the sums are exact.

        >>> usage = pd.DataFrame({"team": ["web", "api", "web"], "credits": [1, 2, 4]})
        >>> sum_by(usage, ["team"], ["credits"])["credits"].to_dict()
        {'api': 2, 'web': 5}

    Args:
        frame: names and measures.
        keys: the columns that name a group; at least one.
        measures: the columns to sum.
        sort: whether the groups are sorted by their names; otherwise they are in the order of the
            rows.

    Returns:
        The measures; the names are the index.
    """
    found = [codes_of(frame[name], sort=sort) for name in keys]
    columns = [codes for codes, _ in found]
    are_named = np.logical_and.reduce([codes.of_rows >= 0 for codes in columns])
    if not are_named.any() or any(frame[name].dtype != "int64" for name in measures):
        return frame.groupby([*keys], observed=True, sort=sort)[[*measures]].sum()
    if not are_named.all():
        return sum_by(frame[are_named], keys, measures, sort=sort)
    groups = groups_of(columns, sort=sort)
    sums = {name: groups.sums(frame[name].to_numpy()) for name in measures}
    return pd.DataFrame(sums, index=_index(keys, found, groups.firsts))


def _index(keys: Sequence[str], found: Sequence[tuple[Codes, pd.Index]], rows: Counts) -> pd.Index:
    """The names of some rows, as pandas' groupby has them."""
    levels, codes = [names for _, names in found], [each.of_rows[rows] for each, _ in found]
    if len(keys) == 1:
        return levels[0].take(codes[0]).rename(keys[0])
    make: Any = pd.MultiIndex
    index: pd.Index = make(levels, codes, names=[*keys], verify_integrity=False)
    return index


def where(names: pd.Series, wanted: Callable[[str], bool]) -> Flags:
    """Which rows of a categorical have a wanted name; each name is checked once.

    >>> where(pd.Series(["web", "api", "web"], dtype="category"), "web".__eq__).tolist()
    [True, False, True]
    """
    flags = np.array([bool(wanted(name)) for name in names.cat.categories], dtype=bool)
    # An empty frame may have no names at all.
    return flags[names.cat.codes.to_numpy()] if len(flags) else np.zeros(len(names), dtype=bool)


def group_numbers(frame: pd.DataFrame, keys: Sequence[str]) -> Counts:
    """A number for each row, from 0 on, the same for rows with the same names.

        >>> usage = pd.DataFrame({"team": ["web", "api", "web"], "day": [1, 1, 1]})
        >>> group_numbers(usage, ["team", "day"]).tolist()
        [0, 1, 0]

    It takes less memory than sums of the same groups.
    """
    return grouped(frame, keys).of_rows


def grouped(frame: pd.DataFrame, keys: Sequence[str]) -> Groups:
    """The rows of a frame that have the same names, in the order of the rows."""
    columns = (codes_of(frame[name], sort=False)[0] for name in keys)
    return groups_of((codes.with_nameless for codes in columns), sort=False)


def stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames one below the other, with the columns of the first; their names stay categoricals.

    Args:
        parts: at least one; their categoricals may have different names.
    """
    first = parts[0]
    texts = first.columns[[isinstance(each, pd.CategoricalDtype) for each in first.dtypes]]
    known = {}
    for name in texts:
        known[name] = _names_of(part[name] for part in parts)
    return pd.concat([part[first.columns].astype(known) for part in parts], ignore_index=True)


def _names_of(columns: Iterable[pd.Series]) -> pd.CategoricalDtype:
    """The type of categoricals that has the names of all columns."""
    every = dict.fromkeys(chain.from_iterable(column.cat.categories for column in columns))
    return pd.CategoricalDtype(pd.Index([*every], dtype="object"))
