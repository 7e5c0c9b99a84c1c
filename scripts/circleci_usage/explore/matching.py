"""Filters → the lines that they leave, and what they say of the lines' credit types."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.globs import escaped_matcher, unescaped
from circleci_usage.core.grouping import Flags
from circleci_usage.core.suggestions import closest
from circleci_usage.explore.amounts import EACH_RUN_ONCE, OF_ONE_TYPE, UNKNOWN, Counting
from circleci_usage.explore.question import Filter
from circleci_usage.schema.dimensions import CREDIT_TYPE
from circleci_usage.schema.export_columns import NO_NAME

_ANY: Final = Filter("", ("*",))


@dataclass(frozen=True)
class Unmatched:
    """A pattern that no line matches, whatever its day.

    Attributes:
        dimension: its dimension.
        pattern: as it was written.
        meant: the value that it is most like, if there is one.
    """

    dimension: str
    pattern: str
    meant: str | None


def matching(lines: pd.DataFrame, filters: Sequence[Filter]) -> pd.DataFrame:
    """The lines for which all filters hold.

    Of the filters of a dimension, one that includes must match, if there are any, and none that
    excludes.
    """
    flags: Flags = np.ones(len(lines), dtype=bool)
    for dimension, its_filters in _by_dimension(filters).items():
        column = lines[dimension].cat
        kept = _kept(column.categories, its_filters)
        flags &= column.categories.isin(kept)[column.codes]
    return lines[flags]


def counting_of(lines: pd.DataFrame, filters: Sequence[Filter]) -> Counting:
    """How sums over the lines that filters leave tell job runs.

    Args:
        lines: all of them, whose credit types are those that there are.
        filters: as in `matching`.
    """
    every = lines[CREDIT_TYPE].unique()
    kept = _kept(every, _by_dimension(filters).get(CREDIT_TYPE, ()))
    if len(kept) == len(every):
        return EACH_RUN_ONCE
    # Runs that used no credits may stand on lines with a type, too: nothing tells how many.
    return OF_ONE_TYPE if len(kept) == 1 and kept != [NO_NAME] else UNKNOWN


def unmatched(lines: pd.DataFrame, filters: Sequence[Filter]) -> Iterator[Unmatched]:
    """The patterns that match no line."""
    for each in filters:
        names = [*lines[each.dimension].unique()]
        for pattern in each.patterns:
            if not any(map(escaped_matcher([pattern]), names)):
                text = unescaped(pattern)
                meant = closest(text, names) if text else None
                yield Unmatched(each.dimension, pattern, meant)


def _kept(names: Iterable[str], filters: Sequence[Filter]) -> list[str]:
    included = [each for each in filters if not each.excludes]
    is_included = escaped_matcher(_patterns(included or [_ANY]))
    is_excluded = escaped_matcher(_patterns(each for each in filters if each.excludes))
    return [name for name in names if is_included(name) and not is_excluded(name)]


def _patterns(filters: Iterable[Filter]) -> Iterator[str]:
    return chain.from_iterable(each.patterns for each in filters)


def _by_dimension(filters: Sequence[Filter]) -> Mapping[str, Sequence[Filter]]:
    found: dict[str, list[Filter]] = {}
    for each in filters:
        found.setdefault(each.dimension, []).append(each)
    return found
