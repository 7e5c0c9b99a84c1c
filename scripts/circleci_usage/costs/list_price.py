"""CircleCI's list prices, for the pricing and for `--help`: quick to import."""

from decimal import Decimal
from typing import Final

LIST_PRICE: Final = Decimal("0.0006")
"""The list price of a credit: 15 dollars for 25,000 credits."""

SEAT_CREDITS: Final = Decimal(25_000)
"""The list price of a user seat, in credits."""

LIST_CURRENCY: Final = "USD"
