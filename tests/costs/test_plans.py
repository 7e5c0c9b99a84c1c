"""Plans: each prices its own rows, by its own periods, with its own included credits."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.errors import SettingsError
from circleci_usage.costs.costs import CREDITS, MONEY, Costs
from circleci_usage.costs.included_credits import IncludedCredits
from circleci_usage.costs.pricing import Plan, PriceList, PricePeriod, price, refuse_unpriced
from circleci_usage.costs.rules import Patterns, Rule
from usage_lines import credit_lines

SPRING = PricePeriod(date(2026, 3, 1), date(2026, 4, 1), Decimal("0.0006"))
SUMMER = PricePeriod(date(2026, 4, 1), None, Decimal("0.00054"), {"storage": Decimal("0.0005")})
COMMON = PriceList("USD", (SPRING, SUMMER), included=IncludedCredits(Decimal(50)))
OSS = PriceList("USD", (PricePeriod(None, None, Decimal(0)),))
MOBILE = replace(
    COMMON,
    periods=(PricePeriod(None, None, Decimal("0.0007")),),
    included=IncludedCredits(Decimal("10.5")),
    billing_cycle_day=15,
)
PLANS = (
    Plan("oss", Rule("oss", Patterns(organizations=("labs",))), OSS),
    Plan(
        "mobile", Rule("mobile", Patterns(projects=("ios*",)), Patterns(projects=("iosx",))), MOBILE
    ),
)
PRICES = replace(COMMON, plans=PLANS)

LINE = st.fixed_dictionaries(
    {
        "date": st.dates(date(2026, 3, 1), date(2026, 5, 31)).map(str),
        "organization": st.sampled_from(["acme", "labs"]),
        "project": st.sampled_from(["web", "ios", "ios-kit", "iosx"]),
        "credit_type": st.sampled_from(["compute", "storage", "user"]),
        "credits": st.integers(0, 4000).map(lambda tenths: str(Decimal(tenths) / 10)),
    }
)
LINES = st.lists(LINE, min_size=1, max_size=12)


def plan_of(line: dict[str, str]) -> str:
    """What the rules above say, in other words."""
    if line["organization"] == "labs":
        return "oss"
    return "mobile" if line["project"] in {"ios", "ios-kit"} else "default"


def sums(costs: Costs) -> dict[str, Decimal]:
    return {name: costs.total(name) for name in (*CREDITS, *MONEY)}


@given(LINES)
def test_plans_cost_what_their_rows_cost_apart(lines: list[dict[str, str]]) -> None:
    whole = price(*credit_lines(*lines), PRICES)

    groups = defaultdict(list)
    for line in lines:
        groups[plan_of(line)].append(line)
    prices = {"default": COMMON, "oss": OSS, "mobile": MOBILE}
    apart = {name: sums(price(*credit_lines(*of), prices[name])) for name, of in groups.items()}
    for name, of_plan in apart.items():
        rows = whole.lines[whole.lines["plan"] == name]
        assert sums(replace(whole, lines=rows)) == of_plan
    assert whole.total("cost") == sum((each["cost"] for each in apart.values()), Decimal(0))
    assert whole.total("credits") == sum(Decimal(line["credits"]) for line in lines)


@given(LINES)
def test_one_plan_for_all_is_the_same_as_no_plan(lines: list[dict[str, str]]) -> None:
    everything = Plan("all", Rule("all", Patterns(projects=("*",))), COMMON)
    other = PriceList.flat(Decimal("0.123"))

    with_plan = price(*credit_lines(*lines), replace(other, plans=(everything,)))
    without = price(*credit_lines(*lines), COMMON)

    assert sums(with_plan) == sums(without)


@given(LINES)
def test_rows_keep_their_order(lines: list[dict[str, str]]) -> None:
    whole = price(*credit_lines(*lines), PRICES)

    assert whole.lines["plan"].tolist() == [plan_of(line) for line in lines]
    periods = [PRICES.all_periods[index] for index in whole.lines["price_period"]]
    used = zip(whole.lines["price"], whole.lines["credit_type"], periods, strict=True)
    assert all(
        Decimal(int(count)).scaleb(-whole.price_places) == period.price_of(kind)
        for count, kind, period in used
    )
    assert [PRICES.period_plans[index] for index in whole.lines["price_period"]] == [
        plan_of(line) for line in lines
    ]


def test_without_plans_lines_have_none() -> None:
    assert "plan" not in price(*credit_lines({}), COMMON).lines


def test_a_day_without_a_price_names_its_plan() -> None:
    short = replace(OSS, periods=(replace(SPRING, start=None),))
    prices = replace(COMMON, plans=(replace(PLANS[0], prices=short),))
    line = {"date": "2026-04-01", "organization": "labs"}

    with pytest.raises(SettingsError, match="usage of the plan oss on days without a price: 2026"):
        refuse_unpriced(price(*credit_lines(line), prices))
    refuse_unpriced(price(*credit_lines(line | {"organization": "acme"}), prices))


def test_the_earliest_billing_cycle_of_all_plans_counts() -> None:
    assert PRICES.cycle_start(date(2026, 3, 20)) == date(2026, 3, 1)
    assert PRICES.cycle_start(date(2026, 3, 10)) == date(2026, 2, 15)
