"""What a contract says beyond its prices: prepaid credits, and commitments."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

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
