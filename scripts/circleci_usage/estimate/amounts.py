"""Credits and money of a month."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.rightsizing.monthly_costs import CENTS
from circleci_usage.core.decimals import ZERO, estimating, rounded


@dataclass(frozen=True)
class Amount:
    """What something costs a month.

    Attributes:
        credits: that it uses.
        cost: of these, contracted.
    """

    credits: Decimal = ZERO
    cost: Decimal = ZERO

    def __add__(self, other: "Amount") -> "Amount":
        """Both together."""
        return Amount(self.credits + other.credits, self.cost + other.cost)

    def __sub__(self, other: "Amount") -> "Amount":
        """What it costs more than the other."""
        return Amount(self.credits - other.credits, self.cost - other.cost)

    def times(self, factor: Decimal) -> "Amount":
        """So many of it."""
        with estimating():
            return Amount(self.credits * factor, self.cost * factor)

    @property
    def rounded(self) -> "Amount":
        """Whole credits and cents: an estimate knows no more."""
        return Amount(rounded(self.credits, 0), rounded(self.cost, CENTS))


NOTHING: Final = Amount()
