from datetime import date
from decimal import Decimal

import pytest

from circleci_usage.analysis.rightsizing import RightSizing, right_size
from circleci_usage.core.periods import Period
from circleci_usage.costs.resource_rates import RateOverride, Rates, public_rates
from handmade_costs import cost_line, costs_of
from handmade_statistics import run_statistics

MONTH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))


def verdict(rates: Rates | None = None, /, **machine: object) -> tuple[str, str | None]:
    found = right_size(
        costs_of(), run_statistics(machines=[machine]), rates or public_rates(), MONTH
    )
    (recommendation,) = found.recommendations
    return recommendation.verdict, recommendation.suggested


# A docker large has 4 CPUs and 8 GB, the medium+ below it 3 and 6: 62.5% and 20% headroom just fit.
@pytest.mark.parametrize(
    ("cpu", "ram", "expected"),
    [
        (62.5, 62.5, ("smaller", "medium+")),
        (62.6, 62.5, ("fits", None)),
        (62.5, 62.6, ("fits", None)),
        (41.7, 5, ("smaller", "medium+")),
        (41.6, 5, ("smaller", "medium")),
        (5, 5, ("smaller", "small")),
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
    assert verdict(measured_runs=5, p95_cpu=1.0, p95_ram=1.0) == ("smaller", "small")


@pytest.mark.parametrize(
    ("executor", "resource_class", "expected"),
    [
        ("docker", "acme.huge", "unknown class"),
        ("runner", "acme/own", "self-hosted"),
        ("machine", "acme/own", "self-hosted"),
        ("remote-docker", "medium+", "unknown size"),
        ("machine", "windows.large", "fits"),
        ("machine", "gpu.nvidia.medium", "not enough data"),
        ("(none)", "(none)", "not enough data"),
    ],
)
def test_nothing_is_said_of_what_is_not_known(
    executor: str, resource_class: str, expected: str
) -> None:
    machine = {
        "executor": executor,
        "resource_class": resource_class,
        "p95_cpu": 90.0,
        "p95_ram": 1.0,
    }

    assert verdict(**machine) == (expected, None)


def test_a_smaller_class_without_a_rate_is_no_suggestion() -> None:
    machine = {
        "executor": "machine",
        "resource_class": "windows.xlarge",
        "p95_cpu": 40.0,
        "p95_ram": 40.0,
    }
    given = {"credits_per_minute": Decimal(300)}
    rates = public_rates().overridden([RateOverride("machine", "windows.xlarge", **given)])
    assert verdict(**machine) == ("unknown rate", None)
    assert verdict(rates, **machine) == ("unknown rate", None)
    both = rates.overridden(
        [RateOverride("machine", "windows.large", credits_per_minute=Decimal(120))]
    )
    assert verdict(both, **machine) == ("smaller", "windows.large")


def test_a_smaller_class_with_a_rate_is_suggested_though_one_between_has_none() -> None:
    given = {"credits_per_minute": Decimal(300)}
    rates = public_rates().overridden([RateOverride("machine", "windows.xlarge", **given)])
    machine = {"executor": "machine", "resource_class": "windows.xlarge", "p95_cpu": 1.0}
    assert verdict(rates, **machine, p95_ram=1.0) == ("smaller", "windows.medium")


def test_of_classes_that_cost_the_same_the_largest_is_suggested_and_none_that_costs_as_much() -> (
    None
):
    same = public_rates().overridden(
        RateOverride("docker", name, credits_per_minute=Decimal(rate))
        for name, rate in (("medium+", 20), ("medium+.gen2", 24), ("medium", 5))
    )
    assert verdict(same, p95_cpu=60.0, p95_ram=60.0) == ("fits", None)
    assert verdict(same, p95_cpu=1.0, p95_ram=1.0) == ("smaller", "medium")


def test_a_class_that_only_fits_in_the_next_generation_is_suggested() -> None:
    # Of 15 GB, 43% with headroom are 7.74: more than the 7.5 of a medium, less than 8.
    assert on("large", p95_cpu=10, p95_ram=43).recommendations[0].recommended == "medium.gen2"


def test_a_larger_class_is_shown_with_what_it_costs_more() -> None:
    starving = run_statistics(machines=[{"p95_cpu": 100.0, "p95_ram": 99.0}])

    found = right_size(costs_of(cost_line(100, credits=1000)), starving, public_rates(), MONTH)

    (recommendation,) = found.of("larger")
    assert recommendation.saved_credits == -recommendation.credits == -Decimal(982)
    assert found.saved == 0


def test_migrations_say_how_the_rate_changes() -> None:
    owned = costs_of(
        cost_line(100, credits=500),
        cost_line(300, credits=900, executor="machine", resource_class="2xlarge"),
    )
    machines: list[dict[str, object]] = [
        {},
        {"executor": "machine", "resource_class": "2xlarge"},
        {"job": "free"},
    ]

    expensive, cheap = right_size(
        owned, run_statistics(machines=machines), public_rates(), MONTH
    ).migrations

    assert [expensive.target, expensive.change, expensive.break_even_speed_up] == [
        "2xlarge.gen2",
        Decimal("-0.28"),
        0,
    ]
    assert [cheap.target, cheap.change, cheap.break_even_speed_up] == [
        "large.gen2",
        Decimal("0.2"),
        Decimal("0.166667"),
    ]


def test_the_newest_generation_has_no_migration() -> None:
    owned = costs_of(cost_line(100, credits=500, resource_class="large.gen2"))

    assert (
        right_size(
            owned,
            run_statistics(machines=[{"resource_class": "large.gen2"}]),
            public_rates(),
            MONTH,
        ).migrations
        == ()
    )


def on(resource_class: str, executor: str = "machine", **peaks: float) -> RightSizing:
    """A job that cost 100.00 a month of 31 days on a class."""
    machine = {"executor": executor, "resource_class": resource_class, **peaks}
    owned = costs_of(
        cost_line(10_000, credits=100_000, executor=executor, resource_class=resource_class)
    )
    return right_size(owned, run_statistics(machines=[machine]), public_rates(), MONTH)


@pytest.mark.parametrize("resource_class", ["medium", "large", "2xlarge+.gen2", "xlarge.gen3"])
def test_a_generation_that_cannot_pay_is_not_listed(resource_class: str) -> None:
    assert on(resource_class).migrations == ()


@pytest.mark.parametrize(
    ("executor", "resource_class", "certain"),
    [("machine", "xlarge", True), ("remote-docker", "2xlarge", True), ("docker", "small", False)],
)
def test_a_generation_is_certain_to_pay_or_may(
    executor: str, resource_class: str, *, certain: bool
) -> None:
    (migration,) = on(resource_class, executor).migrations

    assert migration.target == f"{resource_class}.gen2"
    assert migration.is_always_cheaper == certain
    assert (migration.saved is not None) == certain


def test_it_is_the_contract_that_says_what_pays() -> None:
    expensive, cheap = (
        public_rates().overridden(
            [RateOverride("docker", "large.gen2", credits_per_minute=Decimal(rate))]
        )
        for rate in ("28.1", "19")
    )
    owned, went = costs_of(cost_line(100, credits=500)), run_statistics(machines=[{}])

    assert right_size(owned, went, expensive, MONTH).migrations == ()
    (migration,) = right_size(owned, went, cheap, MONTH).migrations
    assert migration.is_always_cheaper


# 100.00 in a month of 31 days are 98.19 in an average month. A 2xlarge costs 200 credits a minute,
# an xlarge 100, their second generation 144 and 72; a large costs 20, its second generation 36.
# A medium costs 10 and has 7.5 GB, its second generation 18 and 8 GB: 10% of 64 GB need 7.68.
@pytest.mark.parametrize(
    ("resource_class", "peak", "recommended", "how", "saved"),
    [
        ("2xlarge", 90, "2xlarge.gen2", "next generation", "27.49"),
        ("2xlarge", 40, "xlarge.gen2", "smaller class of the next generation", "62.84"),
        ("2xlarge", 10, "medium.gen2", "smaller class of the next generation", "89.35"),
        ("2xlarge", 9, "medium", "smaller class", "93.28"),
        ("xlarge", 30, "large", "smaller class", "78.55"),
        ("xlarge", 90, "xlarge.gen2", "next generation", "27.49"),
        ("large", 90, None, None, "0"),
    ],
)
def test_a_job_saves_once_by_what_saves_most(
    resource_class: str, peak: float, recommended: str | None, how: str | None, saved: str
) -> None:
    found = on(resource_class, p95_cpu=peak, p95_ram=peak)

    (recommendation,) = found.recommendations
    assert (recommendation.recommended, recommendation.saving) == (recommended, how)
    assert recommendation.saved == found.saved == Decimal(saved)


def test_a_starving_job_saves_by_its_next_generation_all_the_same() -> None:
    (recommendation,) = on("2xlarge", p95_cpu=100, p95_ram=99).savings

    assert (recommendation.verdict, recommendation.suggested) == ("larger", "2xlarge+")
    assert (recommendation.recommended, recommendation.saved) == ("2xlarge.gen2", Decimal("27.49"))


def test_a_larger_class_that_a_contract_makes_cheaper_is_a_saving_too() -> None:
    cheap = public_rates().overridden(
        [RateOverride("docker", "xlarge", credits_per_minute=Decimal(10))]
    )
    starving = run_statistics(machines=[{"p95_cpu": 100.0, "p95_ram": 99.0}])

    found = right_size(costs_of(cost_line(10_000, credits=100_000)), starving, cheap, MONTH)

    assert [(each.recommended, each.saving) for each in found.savings] == [
        ("xlarge", "larger class")
    ]
    assert found.saved == Decimal("49.10")


def test_too_few_measured_runs_say_nothing_of_the_size_but_the_rate_is_lower_anyway() -> None:
    (recommendation,) = on("xlarge", measured_runs=4, p95_cpu=1, p95_ram=1).savings

    assert (recommendation.verdict, recommendation.suggested, recommendation.recommended) == (
        "not enough data",
        None,
        "xlarge.gen2",
    )


def test_what_a_larger_class_costs_more_is_not_known_without_its_rate() -> None:
    (recommendation,) = on("windows.medium", p95_cpu=100, p95_ram=99).of("larger")

    assert (recommendation.suggested, recommendation.saved, recommendation.saved_credits) == (
        "windows.large",
        None,
        None,
    )


def test_an_oversized_job_on_gen3_is_recommended_gen2() -> None:
    (recommendation,) = on("xlarge.gen3", p95_cpu=40, p95_ram=40).recommendations
    assert recommendation.verdict == "unknown rate"

    rates = public_rates().completed({("machine", "xlarge.gen3"): Decimal(72)})
    machines = [
        {"executor": "machine", "resource_class": "xlarge-gen3", "p95_cpu": 40, "p95_ram": 40}
    ]
    (recommendation,) = right_size(
        costs_of(), run_statistics(machines=machines), rates, MONTH
    ).recommendations
    assert (recommendation.verdict, recommendation.suggested) == ("smaller", "large.gen2")


@pytest.mark.parametrize(
    ("executor", "resource_class", "median", "runs", "expected"),
    [
        ("docker", "large", 99.0, 5, ("xlarge", Decimal("0.5"), Decimal(0))),
        ("docker", "medium", 90.0, 5, ("medium+", Decimal("0.333333"), Decimal(0))),
        ("machine", "large", 95.0, 5, ("xlarge", Decimal("0.5"), Decimal("1.5"))),
        ("machine", "windows.medium", 95.0, 5, ("windows.large", Decimal("0.5"), None)),
        ("docker", "large", 89.0, 5, None),
        ("docker", "large", 99.0, 4, None),
        ("docker", "2xlarge+", 99.0, 5, None),
        ("machine", "gpu.nvidia.small", 99.0, 5, None),
    ],
)
def test_a_larger_class_may_be_faster_where_half_of_the_runs_keep_their_cpus_busy(
    executor: str,
    resource_class: str,
    median: float,
    runs: int,
    expected: tuple[object, ...] | None,
) -> None:
    found = on(resource_class, executor, p50_median_cpu=median, median_runs=runs)

    options = [(each.target, each.time_saved, each.cost_change) for each in found.speed_ups]
    assert options == ([expected] if expected else [])


def test_a_faster_run_is_no_saving() -> None:
    found = on("large", "docker", p95_cpu=100.0, p50_median_cpu=99.0, median_runs=9)

    assert len(found.speed_ups) == 1
    assert found.savings == ()
    assert found.saved == 0


def test_no_month_is_projected_from_fewer_than_five_runs() -> None:
    few, enough = on("2xlarge", runs=4, measured_runs=4), on("2xlarge", runs=5, measured_runs=4)

    (recommendation,) = few.recommendations
    (migration,) = few.migrations
    assert few.saved == 0
    assert few.savings == ()
    assert (recommendation.verdict, recommendation.saving) == ("not enough data", None)
    assert (migration.runs, migration.is_always_cheaper, migration.saved) == (4, True, None)
    assert enough.saved == enough.migrations[0].saved == Decimal("27.49")


def test_less_than_a_cent_is_no_job_that_saves() -> None:
    machines: list[dict[str, object]] = [
        {"executor": "machine", "resource_class": "2xlarge", "job": job}
        for job in ("expensive", "cheap")
    ]
    of = {"executor": "machine", "resource_class": "2xlarge"}
    owned = costs_of(
        cost_line(1000, credits=1000, job="expensive", **of),
        cost_line(1, credits=1, job="cheap", **of),
    )

    found = right_size(owned, run_statistics(machines=machines), public_rates(), MONTH)

    assert [each.key.job for each in found.savings] == ["expensive"]
