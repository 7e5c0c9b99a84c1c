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
        values: those of the first group, of the second one, …
        counts: how many each group has.
    """

    values: Values
    counts: npt.NDArray[np.int64]

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
        found[has_some] = self.values[(firsts + places)[has_some]]
        return pl.Series(found, nan_to_null=True)


def ranked(values: Values, groups: Numbers, count: int) -> RankedValues:
    """Values, those of each group in their order.

    Args:
        values: a value per row.
        groups: the group of each row.
        count: how many groups there are.
    """
    is_known = ~np.isnan(values)
    groups = groups[is_known]
    packed = groups.astype(np.uint64) << _GROUP
    packed |= _in_order(values[is_known])
    packed.sort()
    return RankedValues(_values(packed.astype(np.uint32)), np.bincount(groups, minlength=count))


def _in_order(values: Values) -> npt.NDArray[np.uint32]:
    """Numbers in the same order as values."""
    bits = values.view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _values(numbers: npt.NDArray[np.uint32]) -> Values:
    """The values again."""
    return np.where(numbers & _SIGN, numbers ^ _SIGN, ~numbers).view(np.float32)
