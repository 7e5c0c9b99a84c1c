"""Exact decimals: arithmetic that never rounds silently, and numbers as text.

Credits and money keep every digit until a person is shown a number; `rounded` is that one place.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from functools import cache
from typing import Final

ZERO: Final = Decimal(0)

MAX_WHOLE_DIGITS: Final = 20
"""Digits before the decimal point that a price or an amount of credits may have."""

MAX_PLACES: Final = 18
"""Decimal places that a price or an amount of credits may have."""

# An amount times a price of that many digits, and a sum over 10^9 rows, fit; what does not is an
# error, not a rounded number. The default context of the decimal module rounds at 28 digits
# silently.
_EXACT: Final = Context(prec=120, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])

_ESTIMATE: Final = Context(prec=34)
_ROUNDING: Final = Context(prec=120)
_RATIO: Final = Context(prec=40)


def exact_arithmetic() -> AbstractContextManager[Context]:
    """Let every decimal operation inside be exact, or raise `decimal.Inexact`."""
    return localcontext(_EXACT)


def estimating() -> AbstractContextManager[Context]:
    """Let decimal operations inside round at 34 digits: only for estimates."""
    return localcontext(_ESTIMATE)


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum; 0 for no values."""
    with localcontext(_EXACT):
        return sum(values, ZERO)


def plain(value: Decimal) -> str:
    """All digits, without an exponent and trailing zeros.

    >>> plain(Decimal("1.1E+3")), plain(Decimal("-12.50"))
    ('1100', '-12.5')
    """
    text = str(value)
    if "E" in text:
        text = f"{value:f}"  # takes twice as long
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def rounded(value: Decimal, places: int) -> Decimal:
    """The number as a person sees it, half to even.

    >>> rounded(Decimal("2.345"), 2)
    Decimal('2.34')
    """
    return value.quantize(_unit(places), rounding=ROUND_HALF_EVEN, context=_ROUNDING)


@cache
def _unit(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """`part / whole` to six places, for shares that are only shown; 0 if `whole` is 0.

    >>> ratio(Decimal(2), Decimal(3)), ratio(Decimal(-1), Decimal("1E+9"))
    (Decimal('0.666667'), Decimal('0.000000'))
    """
    # Of a zero below zero, a person would see the minus.
    return _RATIO.plus(rounded(_RATIO.divide(part, whole), 6)) if whole else ZERO
