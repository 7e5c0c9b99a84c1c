"""CircleCI's list price, for the pricing and for `--help`: quick to import."""

from decimal import Decimal
from typing import Final

LIST_PRICE: Final = Decimal("0.0006")
"""The list price of a credit: 15 dollars for 25,000 credits."""

LIST_CURRENCY: Final = "USD"
