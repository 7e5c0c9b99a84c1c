"""Amounts as whole numbers of their smallest decimal place: exact as decimals, fast as integers.

Frames hold credits and money this way: 12.5 credits are 125 with one place. A report holds
decimals.
"""

from decimal import Context, Decimal, Inexact
from functools import lru_cache
from typing import Any, Final

import numpy as np

Counts = np.ndarray[tuple[int], np.dtype[Any]]
"""Whole numbers: int64 where all sums of them fit, else Python's own integers."""

# The context of the decimal module would round at 28 digits.
_WIDE: Final = Context(prec=200, traps=[Inexact])

RATIO_PLACES: Final = 6
"""Of `ratios`, as of `core.decimals.ratio`."""

INT64: Final = 2**63
"""The first magnitude that int64 does not hold."""


def places_of(value: Decimal) -> int:
    """How many decimal places the number needs.

    >>> places_of(Decimal(12)), places_of(Decimal("12.50"))
    (0, 1)
    """
    exponent = value.normalize(_WIDE).as_tuple().exponent if value else 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def to_count(value: Decimal, places: int) -> int:
    """The number in units of 10^-places.

        >>> to_count(Decimal("12.5"), 2)
        1250

    Raises:
        decimal.Inexact: it has more places.
    """
    return int(value.scaleb(places, _WIDE).quantize(Decimal(1), context=_WIDE))


# Cached, because the same few counts recur: zero, equal list and contracted costs.
@lru_cache(maxsize=1 << 17)
def to_decimal(count: int, places: int) -> Decimal:
    """The number that a count stands for.

    >>> to_decimal(1250, 2)
    Decimal('12.50')
    """
    return Decimal(int(count)).scaleb(-places, _WIDE)


def fitting(counts: Counts, largest_sum: int) -> Counts:
    """The counts in a type in which their sum, at most `largest_sum`, does not overflow."""
    return counts.astype("int64" if largest_sum < INT64 else "object")


def scaled(counts: Counts, places: int) -> Counts:
    """The counts in units that are so many decimal places finer."""
    factor = 10**places
    finer: Counts = fitting(counts, int(np.abs(counts).sum()) * factor) * factor
    return finer


def ratios(parts: Counts, wholes: Counts) -> Counts:
    """`core.decimals.ratio` of numbers that are not below 0, in units of 10^-RATIO_PLACES.

    >>> ratios(np.array([2, 1, 0]), np.array([3, 1, 0])).tolist()
    [666667, 1000000, 0]
    """
    quotients, rests = np.divmod(parts * 10**RATIO_PLACES, np.maximum(wholes, 1))
    doubled = 2 * rests
    is_more = (doubled > wholes) | ((doubled == wholes) & (quotients % 2 == 1))
    found: Counts = np.where(wholes > 0, quotients + is_more, 0)
    return found
