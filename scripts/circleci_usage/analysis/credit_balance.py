"""Credit balance: how many purchased credits are left, and when they will run out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from circleci_usage.analysis.contract_usage import ContractUsage
from circleci_usage.analysis.projection import Values, farthest, project
from circleci_usage.core.decimals import ZERO, total
from circleci_usage.core.periods import Period
from circleci_usage.costs.purchases import Purchase, drawn_by_day


@dataclass(frozen=True)
class CreditBalance:
    """The purchased credits of a plan.

    Attributes:
        plan: its name.
        since: the day of the first purchase.
        through: the last complete day; None when no day is complete.
        purchased: credits purchased through that day.
        price: what they cost.
        used: of these; None where days are missing.
        overage: credits used since then that no purchase had credits for; None likewise.
        missing: the days since then whose usage is not known.
        days_left: days from `through` until the credits run out at the forecast; 0 when none are
            left; None when too little is known, or when they last longer than the forecast reaches.
        longer_than: in the latter case, the days that it reaches.
    """

    plan: str
    since: date
    through: date | None
    purchased: Decimal
    price: Decimal
    used: Decimal | None = None
    overage: Decimal | None = None
    missing: tuple[Period, ...] = ()
    days_left: int | None = None
    longer_than: int | None = None

    @property
    def left(self) -> Decimal | None:
        """Purchased credits less used ones; None where days are missing."""
        return None if self.used is None else self.purchased - self.used

    @property
    def runs_out_on(self) -> date | None:
        """The day on which the last of them is used; None when none are left."""
        if not self.days_left or self.through is None:
            return None
        return self.through + timedelta(days=self.days_left)


def credit_balance(
    plan: str, purchases: Sequence[Purchase], usage: ContractUsage | None
) -> CreditBalance:
    """The balance of a plan on the last complete day.

    1,000 credits purchased on March 1, 25 used on each of 20 days: 500 are left, for 20 more days.

    Args:
        plan: its name.
        purchases: of the plan, at least one, in the order of their days.
        usage: of the plan in credits; None when no day is complete.
    """
    since = purchases[0].day
    if usage is None:
        return CreditBalance(plan, since, None, ZERO, ZERO)
    so_far = [purchase for purchase in purchases if purchase.day <= usage.through]
    purchased = total(purchase.credits for purchase in so_far)
    price = total(purchase.price for purchase in so_far)
    missing = usage.missing(since)
    if missing or not so_far:
        return CreditBalance(plan, since, usage.through, purchased, price, missing=missing)
    since_then = Period.of_days(since, usage.through)
    drawn = drawn_by_day(so_far, usage.charged)
    used = total(credits for day, credits in drawn.items() if day in since_then)
    past = usage.past
    days_left = _days_left(purchased - used, usage, past)
    horizon = farthest(past)
    is_longer = days_left is None and project(past, horizon) is not None
    return CreditBalance(
        plan,
        since,
        usage.through,
        purchased,
        price,
        used,
        usage.charged_in(since_then) - used,
        days_left=days_left,
        longer_than=horizon if is_longer else None,
    )


def _days_left(left: Decimal, usage: ContractUsage, past: Values) -> int | None:
    """In how many days so many credits will be used."""
    if left <= 0:
        return 0

    def is_enough(days: int) -> bool:
        ahead = project(past, days)
        once = usage.coming_once(usage.through + timedelta(days=days))
        return ahead is not None and ahead.expected + float(once) >= left

    return _first_true(is_enough, farthest(past))


def _first_true(holds: Callable[[int], bool], most: int) -> int | None:
    """The first whole number from 1 on for which something holds; it holds for all later ones.

    >>> _first_true(lambda number: number * number >= 50, 100)
    8
    """
    if not holds(most):
        return None
    fails, found = 0, most
    while found - fails > 1:
        middle = (fails + found) // 2
        if holds(middle):
            found = middle
        else:
            fails = middle
    return found
