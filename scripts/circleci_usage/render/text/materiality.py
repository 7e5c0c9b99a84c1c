"""What is large enough for a sentence; tables show everything."""

from decimal import Decimal
from typing import Final

from circleci_usage.analysis.period_comparison import Change

LEAST_AMOUNT: Final = Decimal(1)
"""In the currency of the report."""

LEAST_SHARE: Final = Decimal("0.01")


def worth_saying(amount: Decimal, share: Decimal | None = None) -> bool:
    """Whether an amount is worth a sentence, and so is its share where that is known."""
    return abs(amount) >= LEAST_AMOUNT and (share is None or abs(share) >= LEAST_SHARE)


def is_change(change: Change) -> bool:
    """Whether the cost of the periods differs enough to be worth a sentence."""
    return worth_saying(change.difference, change.relative_change)


def is_change_per_day(change: Change) -> bool:
    """Whether the cost per day does: 31 days instead of 30 are no rise."""
    return worth_saying(
        change.difference_per_day * change.days_after, change.relative_change_per_day
    )
