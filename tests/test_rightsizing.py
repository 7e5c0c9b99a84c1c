from datetime import date
from decimal import Decimal

import pytest

from circleci_usage.analysis.rightsizing import right_size
from circleci_usage.days import Period
from circleci_usage.money.rates import RateOverride, Rates, public_rates
from costs import costs, line
from performances import performance

MONTH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))


def verdict(rates: Rates | None = None, **machine: object) -> tuple[str, str | None]:
    found = right_size(costs(), performance(machines=[machine]), rates or public_rates(), MONTH)
    (sizing,) = found.sizings
    return sizing.verdict, sizing.suggested


# A docker large has 4 CPUs and 8 GB, the medium+ below it 3 and 6: 62.5% with a fifth more just fit.
@pytest.mark.parametrize(
    ("cpu", "ram", "expected"),
    [
        (62.5, 62.5, ("smaller", "medium+")),
        (62.6, 62.5, ("fits", None)),
        (62.5, 62.6, ("fits", None)),
        (5, 5, ("smaller", "medium+")),
        (100, 90, ("fits", None)),
        (100, 90.5, ("larger", "xlarge")),
        (99, 99, ("fits", None)),
    ],
)
def test_verdicts(cpu: float, ram: float, expected: tuple[str, str | None]) -> None:
    assert verdict(p95_cpu=cpu, p95_ram=ram) == expected


def test_the_smallest_class_has_none_below_it_and_the_largest_none_above() -> None:
    assert verdict(resource_class="small", p95_cpu=1.0, p95_ram=1.0) == ("fits", None)
    assert verdict(resource_class="2xlarge+", p95_cpu=100.0, p95_ram=100.0) == ("fits", None)


def test_classes_are_of_their_executor() -> None:
    assert verdict(executor="machine", p95_cpu=1.0, p95_ram=1.0) == ("smaller", "medium")
    assert verdict(executor="machine", resource_class="arm.large", p95_cpu=1.0, p95_ram=1.0) == (
        "smaller",
        "arm.medium",
    )


def test_less_than_five_measured_runs_are_not_enough() -> None:
    assert verdict(measured_runs=4, p95_cpu=1.0, p95_ram=1.0) == ("not enough data", None)
    assert verdict(measured_runs=5, p95_cpu=1.0, p95_ram=1.0) == ("smaller", "medium+")


def test_nothing_is_said_of_classes_that_the_table_lacks() -> None:
    assert verdict(executor="runner", resource_class="acme/own", p95_cpu=1.0, p95_ram=1.0) == ("unknown class", None)


def test_a_smaller_class_that_costs_as_much_is_no_suggestion() -> None:
    same = public_rates().overridden([RateOverride("docker", "medium+", credits_per_minute=Decimal(20))])

    assert verdict(same, p95_cpu=1.0, p95_ram=1.0) == ("fits", None)


def test_savings_are_of_a_month_of_average_length() -> None:
    owned = costs(
        line(6000, credits=10_000, contracted_cost=6000),
        line(9999, credits=9999, credit_type="storage"),
        line(9999, credits=9999, resource_class="xlarge"),
    )
    week = Period.of_days(date(2026, 3, 2), date(2026, 3, 8))

    found = right_size(owned, performance(machines=[{"p95_cpu": 1.0, "p95_ram": 1.0}]), public_rates(), week)

    # From 20 to 15 credits a minute; 30.4375 days a month.
    (sizing,) = found.of("smaller")
    assert (sizing.credits, sizing.cost) == (Decimal(43482), Decimal("260.89"))
    assert (found.saved_credits, found.saved) == (Decimal(10870), Decimal("65.22"))


def test_a_larger_class_is_shown_with_what_it_costs_more() -> None:
    starving = performance(machines=[{"p95_cpu": 100.0, "p95_ram": 99.0}])

    found = right_size(costs(line(100, credits=1000)), starving, public_rates(), MONTH)

    (sizing,) = found.of("larger")
    assert sizing.saved_credits == -sizing.credits == -Decimal(982)
    assert found.saved == 0


def test_migrations_say_how_the_rate_changes() -> None:
    owned = costs(line(100, credits=500), line(300, credits=900, executor="machine", resource_class="2xlarge"))
    machines: list[dict[str, object]] = [{}, {"executor": "machine", "resource_class": "2xlarge"}, {"job": "free"}]

    dear, cheap = right_size(owned, performance(machines=machines), public_rates(), MONTH).migrations

    assert [dear.target, dear.change, dear.pays_from] == ["2xlarge.gen2", Decimal("-0.28"), 0]
    assert [cheap.target, cheap.change, cheap.pays_from] == ["large.gen2", Decimal("0.2"), Decimal("0.166667")]


def test_the_newest_generation_has_no_migration() -> None:
    owned = costs(line(100, credits=500, resource_class="large.gen2"))

    assert (
        right_size(owned, performance(machines=[{"resource_class": "large.gen2"}]), public_rates(), MONTH).migrations
        == ()
    )
