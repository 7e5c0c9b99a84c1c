from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from circleci_usage.analysis.chargeback import chargeback
from circleci_usage.analysis.reconciliation import prices_used, reconcile
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import NO_TEAMS, allocated
from circleci_usage.costs.included_credits import IncludedCredits
from circleci_usage.costs.pricing import PriceList, PricePeriod, price
from usage_lines import credit_lines

MARCH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))


@pytest.mark.parametrize(("total", "agrees"), [(125, True), (126, False)])
def test_the_same_credits_are_summed_in_three_ways(total: int, *, agrees: bool) -> None:
    costs = allocated(
        price(*credit_lines({"credits": "12"}, {"credits": "0.5"}), PriceList.flat(Decimal(1))),
        NO_TEAMS,
    )
    runs = pd.DataFrame({"total_credits": [total], "unreconciled_rows": [3]})

    reconciliation = reconcile(costs, runs, 1, chargeback(costs, NO_TEAMS, MARCH))

    assert reconciliation.of_rows == Decimal(total) / 10
    assert reconciliation.of_credit_types == reconciliation.of_teams == Decimal("12.5")
    assert reconciliation.unreconciled_rows == 3
    assert reconciliation.agrees is agrees


def test_the_prices_used_are_a_line_per_period_and_type() -> None:
    early = PricePeriod(
        date(2026, 3, 2), date(2026, 3, 10), Decimal("0.5"), {"user": Decimal("0.1")}
    )
    late = PricePeriod(date(2026, 3, 10), None, Decimal("0.25"))
    prices = PriceList(
        "USD", (early, late), included=IncludedCredits(Decimal(3)), allow_unpriced=True
    )
    days = [
        ("2026-03-01", "compute"),
        ("2026-03-09", "user"),
        ("2026-03-09", "compute"),
        ("2026-03-10", "compute"),
    ]
    costs = price(
        *credit_lines(*({"date": day, "credit_type": kind, "credits": "2"} for day, kind in days)),
        prices,
    )

    lines = prices_used(costs, prices)

    assert lines[
        ["first", "last", "credit_type", "price", "credits", "free_credits", "cost"]
    ].to_numpy().tolist() == [
        [None, None, "compute", None, 2, 2, 0],
        [date(2026, 3, 2), date(2026, 3, 9), "compute", Decimal("0.5"), 2, 1, Decimal("0.5")],
        [date(2026, 3, 2), date(2026, 3, 9), "user", Decimal("0.1"), 2, 0, Decimal("0.2")],
        [date(2026, 3, 10), None, "compute", Decimal("0.25"), 2, 0, Decimal("0.5")],
    ]
