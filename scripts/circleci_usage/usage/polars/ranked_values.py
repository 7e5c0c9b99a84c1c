"""Values of groups in their order, so that percentiles are values at a place.

A group and a value are packed into 64 bits, which NumPy sorts several times as fast as a hash table
collects lists of values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.usage.job_run_rules import HIGH, TYPICAL
from circleci_usage.usage.polars.group_numbers import Numbers

Values = npt.NDArray[np.float32]
"""A value per row; NaN where there is none."""

_SIGN: Final = np.uint32(1 << 31)
_GROUP: Final = np.uint64(32)


@dataclass(frozen=True)
class RankedValues:
    """The values of each group, in their order.

    Attributes:
        numbers: those of the first group, of the second one, … as numbers in the same order.
        counts: how many values each group has.
    """

    numbers: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.int64]

    @property
    def values(self) -> Values:
        """The values, in the order of `numbers`."""
        return _values(self.numbers)

    def percentile(self, share: float) -> pl.Series:
        """The nearest-rank percentile of each group; null where there are no values."""
        return self._at(np.maximum(np.ceil(self.counts * share) - 1, 0).astype(np.int64))

    def highest(self) -> pl.Series:
        """The highest value of each group; null where there are no values."""
        return self._at(self.counts - 1)

    def sums(self, amounts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The sums of whole numbers that stand for the values."""
        ends = np.cumsum(self.counts)
        totals = np.concatenate([[0], np.cumsum(amounts)])
        sums: npt.NDArray[np.int64] = totals.take(ends) - totals.take(ends - self.counts)
        return sums

    def percentiles(self, unit: str) -> Iterator[pl.Series]:
        """The percentiles that are shown, and the number of runs behind them."""
        yield pl.Series(f"runs_with_{unit}", self.counts, pl.UInt32)
        yield self.percentile(TYPICAL).alias(f"p50_{unit}")
        yield self.percentile(HIGH).alias(f"p95_{unit}")

    def _at(self, places: npt.NDArray[np.int64]) -> pl.Series:
        found = np.full(len(self.counts), np.nan)
        has_some = self.counts > 0
        firsts = np.cumsum(self.counts) - self.counts
        found[has_some] = _values(self.numbers[(firsts + places)[has_some]])
        return pl.Series(found, nan_to_null=True)


@dataclass(frozen=True)
class RankableValues:
    """Values that can be ranked by several groups.

    Attributes:
        numbers: the known values as numbers in the same order.
        places: where they are among all values; None if all are known.
    """

    numbers: npt.NDArray[np.uint64]
    places: npt.NDArray[np.int64] | None

    def ranked(self, groups: Numbers, count: int) -> RankedValues:
        """The values of each group in their order.

        Args:
            groups: the group of each value.
            count: how many groups there are.
        """
        if self.places is not None:
            groups = groups.take(self.places)
        packed = groups.astype(np.uint64) << _GROUP
        packed |= self.numbers
        packed.sort()
        return RankedValues(packed.astype(np.uint32), np.bincount(groups, minlength=count))


def rankable(values: Values) -> RankableValues:
    """Values that can be ranked; those that are not known are left out."""
    is_known = ~np.isnan(values)
    places = None if is_known.all() else np.flatnonzero(is_known)
    known = values if places is None else values.take(places)
    return RankableValues(_in_order(known).astype(np.uint64), places)


def _in_order(values: Values) -> npt.NDArray[np.uint32]:
    """Numbers in the same order as values."""
    bits = values.view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _values(numbers: npt.NDArray[np.uint32]) -> Values:
    """The values again."""
    return np.where(numbers & _SIGN, numbers ^ _SIGN, ~numbers).view(np.float32)
