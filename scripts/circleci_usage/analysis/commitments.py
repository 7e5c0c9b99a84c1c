"""Commitments: whether a minimum commitment will be reached, and what comes beyond it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from circleci_usage.analysis.contract_usage import ContractUsage
from circleci_usage.analysis.forecast import Forecast, forecast_month
from circleci_usage.core.decimals import ZERO, total
from circleci_usage.core.periods import Period
from circleci_usage.costs.pricing import PriceList
from circleci_usage.costs.purchases import Commitment, Measure

State = Literal["met", "on track", "shortfall expected", "shortfall", "unknown"]

_PLACES: Final[dict[Measure, int]] = {"credits": 0, "cost": 2}


@dataclass(frozen=True)
class CommitmentState:
    """A commitment and how much of it is used.

    Attributes:
        commitment: credits to use, or money to spend.
        through: the last day that counts; None before its first complete day.
        forecast: what counts so far, as far as it is known, and at its end; in credits or money.
        missing: the days up to `through` whose usage is not known; nothing is forecast then.
        credit_price: of a committed credit; None for one in money, and where it is not known.
        overage_price: of a credit beyond it; None likewise.
    """

    commitment: Commitment
    through: date | None
    forecast: Forecast
    missing: tuple[Period, ...] = ()
    credit_price: Decimal | None = None
    overage_price: Decimal | None = None

    @property
    def shortfall(self) -> Decimal | None:
        """How much of it will not be used; None where too little is known."""
        expected = self.forecast.expected
        return None if expected is None else max(ZERO, self.commitment.amount - expected)

    @property
    def overage(self) -> Decimal | None:
        """How much more will be used; None where too little is known."""
        expected = self.forecast.expected
        return None if expected is None else max(ZERO, expected - self.commitment.amount)

    @property
    def shortfall_cost(self) -> Decimal | None:
        """What is paid for the shortfall; None where too little is known."""
        return self._cost(self.shortfall, self.credit_price)

    @property
    def overage_cost(self) -> Decimal | None:
        """What the overage costs; None where too little is known."""
        return self._cost(self.overage, self.overage_price)

    @property
    def state(self) -> State:
        """`met` as soon as enough was used, whatever else is not known."""
        if self.forecast.spent >= self.commitment.amount:
            return "met"
        if self.forecast.expected is None:
            return "unknown"
        if not self.shortfall:
            return "on track"
        return "shortfall" if self.through == self.commitment.period.last else "shortfall expected"

    def _cost(self, amount: Decimal | None, price: Decimal | None) -> Decimal | None:
        if self.commitment.measure == "cost" or amount is None:
            return amount
        return None if price is None else amount * price


def commitment_state(
    commitment: Commitment, usage: ContractUsage | None, prices: PriceList
) -> CommitmentState:
    """How much of a commitment is used, and what is expected at its end.

    Args:
        commitment: credits to use, or money to spend.
        usage: of its plan, in its measure; None when no day is complete.
        prices: what credits cost.
    """
    period = commitment.period
    if usage is None or usage.through < period.first:
        return CommitmentState(commitment, None, Forecast(ZERO))
    through = min(usage.through, period.last)
    so_far = Period.of_days(period.first, through)
    missing = tuple(gap for gap in usage.missing(period.first) if gap.overlaps(so_far))
    price = _price(commitment, prices)
    overage = price if commitment.overage_price is None else commitment.overage_price
    forecast = Forecast(usage.charged_in(so_far))
    if not missing:
        forecast = _forecast(commitment, usage, so_far)
    return CommitmentState(commitment, through, forecast, missing, price, overage)


def _forecast(commitment: Commitment, usage: ContractUsage, so_far: Period) -> Forecast:
    spent = usage.charged_in(so_far)
    if so_far == commitment.period:
        return Forecast(spent, spent, spent, spent)
    by_day = total(amount for day, amount in usage.daily.items() if day in so_far)
    # Seats, and the days of the commitment that lie before the history.
    others = spent - by_day
    coming = usage.coming_once(commitment.period.last)
    places = _PLACES[commitment.measure]
    return forecast_month(commitment.period, so_far.last, usage.daily, others, coming, places)


def _price(commitment: Commitment, prices: PriceList) -> Decimal | None:
    """The price of a credit of the plan on the last day of a commitment in credits."""
    if commitment.measure == "cost":
        return None
    part = dict(zip(prices.plan_names, prices.parts, strict=True))[commitment.plan]
    found = (period.price for period in part.periods if commitment.period.last in period.days)
    return next(found, None)
