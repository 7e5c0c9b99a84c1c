from datetime import date
from decimal import Decimal

import pytest

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import ONE_DAY
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.included_credits import IncludedCredits
from circleci_usage.costs.pricing import PriceList, PricePeriod, price, refuse_unpriced
from usage_lines import credit_lines

SPRING = PricePeriod(date(2026, 3, 1), date(2026, 6, 1), Decimal("0.0006"))
SUMMER = PricePeriod(date(2026, 6, 1), None, Decimal("0.00054"), {"storage": Decimal("0.0005")})
PRICES = PriceList("USD", (SPRING, SUMMER))


def cost_on(day: str, kind: str = "compute", prices: PriceList = PRICES) -> Decimal:
    return price(
        *credit_lines({"date": day, "credits": "1000", "credit_type": kind}), prices
    ).total("cost")


@pytest.mark.parametrize(
    ("day", "cost"),
    [
        ("2026-03-01", "0.6"),
        ("2026-05-31", "0.6"),
        ("2026-06-01", "0.54"),
        ("2030-12-31", "0.54"),
    ],
)
def test_the_first_and_the_last_day_of_a_period_have_its_price(day: str, cost: str) -> None:
    assert cost_on(day) == Decimal(cost)


@pytest.mark.parametrize(
    ("day", "priced"),
    [("2026-02-28", False), ("2026-03-01", True), ("2026-05-31", True), ("2026-06-01", False)],
)
def test_outside_its_days_a_period_has_no_price(day: str, *, priced: bool) -> None:
    costs = price(*credit_lines({"date": day, "credits": "1000"}), PriceList("USD", (SPRING,)))

    assert costs.unpriced_days() == ([] if priced else [date.fromisoformat(day)])
    assert costs.total("cost") == (Decimal("0.6") if priced else 0)


def test_a_credit_type_may_have_its_own_price() -> None:
    assert cost_on("2026-06-01", "storage") == Decimal("0.5")
    assert cost_on("2026-05-31", "storage") == Decimal("0.6")


def test_one_price_holds_for_all_days() -> None:
    assert cost_on("1999-01-01", prices=PriceList.flat(Decimal("0.001"))) == 1


def test_a_price_of_nothing_is_a_price() -> None:
    free = price(*credit_lines({"credits": "1000"}), PriceList.flat(Decimal(0)))

    assert free.total("cost") == free.total("unpriced_credits") == 0
    refuse_unpriced(free)


def unpriced() -> Costs:
    days = [date(2026, 2, 17) + ONE_DAY * number for number in range(13)]
    lines = [{"date": str(day), "credits": "10"} for day in days]
    return price(*credit_lines(*lines), PRICES)


def test_usage_without_a_price_is_refused_and_its_days_named() -> None:
    with pytest.raises(
        SettingsError, match=r"without a price: 2026-02-17, .*2026-02-26 and 2 more days;"
    ) as error:
        refuse_unpriced(unpriced())
    assert error.value.exit_code == 2


def test_usage_without_a_price_is_unpriced_and_never_free() -> None:
    costs = unpriced()

    assert costs.total("credits") == 130
    assert costs.total("unpriced_credits") == 120
    assert (costs.total("cost"), costs.total("contracted_cost"), costs.total("list_cost")) == (
        Decimal("0.006"),
    ) * 3


def test_a_list_price_stands_beside_the_contracted_one() -> None:
    prices = PriceList("USD", (SUMMER,), list_price=Decimal("0.0006"))

    costs = price(*credit_lines({"date": "2026-06-01", "credits": "1000"}), prices)

    assert (costs.total("list_cost"), costs.total("contracted_cost")) == (
        Decimal("0.6"),
        Decimal("0.54"),
    )
    assert costs.total("cost") == Decimal("0.54")


def test_included_credits_are_taken_off_the_contracted_cost() -> None:
    prices = PriceList(
        "USD", (SPRING,), list_price=Decimal("0.001"), included=IncludedCredits(Decimal("999.5"))
    )

    costs = price(*credit_lines({"credits": "1000"}), prices)

    assert (costs.total("list_cost"), costs.total("contracted_cost")) == (
        Decimal(1),
        Decimal("0.6"),
    )
    assert (costs.total("free_credits"), costs.total("cost")) == (
        Decimal("999.5"),
        Decimal("0.0003"),
    )


@pytest.mark.parametrize(
    ("credits", "per_credit"),
    [
        ("12.5", "0.0006"),
        ("1000000000", "1234567890.1"),
        ("1000000000", "0.1234567891"),
        ("99999999999.999999", "0.000000000000000001"),
        ("-0.5", "0.0006"),
    ],
)
def test_products_are_exact_however_large_or_small(credits: str, per_credit: str) -> None:
    costs = price(
        *credit_lines({"credits": credits}, {"credits": credits}),
        PriceList.flat(Decimal(per_credit)),
    )

    assert costs.total("cost") == 2 * Decimal(credits) * Decimal(per_credit)


def test_no_usage_costs_nothing() -> None:
    credits, places = credit_lines({})

    assert price(credits.iloc[:0], places, PRICES).total("cost") == 0
