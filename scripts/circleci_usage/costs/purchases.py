"""What a contract says beyond its prices: prepaid credits, and commitments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period

Measure = Literal["credits", "cost"]
"""What a commitment is for."""


@dataclass(frozen=True)
class Purchase:
    """Prepaid credits, which usage draws from its day on.

    Attributes:
        day: of the purchase.
        credits: how many.
        price: what all of them cost together.
        plan: the plan whose usage draws them.
    """

    day: date
    credits: Decimal
    price: Decimal
    plan: str


@dataclass(frozen=True)
class Commitment:
    """Credits to use, or money to spend, at least in a period.

    Attributes:
        period: its days.
        measure: what it is for.
        amount: how many credits, or how much money.
        plan: the plan whose usage counts.
        overage_price: of a credit beyond the commitment; None for the price of the plan.
    """

    period: Period
    measure: Measure
    amount: Decimal
    plan: str
    overage_price: Decimal | None = None


def drawn_by_day(
    purchases: Sequence[Purchase], used: Mapping[date, Decimal]
) -> Mapping[date, Decimal]:
    """How many purchased credits were drawn on each day that used credits.

    1,000 purchased on March 2, 600 used on each of March 1, 2 and 3: 0, 600 and 400 are drawn. What
    is used beyond is charged; a later purchase does not pay for it.

    Args:
        purchases: of one plan, in the order of their days.
        used: day → charged credits of the plan.
    """
    coming = [*purchases]
    left = ZERO
    drawn: dict[date, Decimal] = {}
    for day, credits in sorted(used.items()):
        while coming and coming[0].day <= day:
            left += coming.pop(0).credits
        drawn[day] = max(ZERO, min(left, credits))
        left -= drawn[day]
    return drawn
