from decimal import Decimal

import pytest

from circleci_usage.money.rates import RateOverride, Rates, public_rates


def named(rates: Rates, executor: str, name: str) -> Decimal:
    machine = rates.find(executor, name)
    assert machine is not None
    return machine.credits_per_minute


def test_the_public_list_says_its_source_and_day() -> None:
    rates = public_rates()

    assert rates.source.startswith("CircleCI's public price list")
    assert rates.as_of.year == 2026


@pytest.mark.parametrize(
    ("executor", "name", "credits"),
    [
        ("docker", "medium", 10),
        ("docker", "medium+-gen2", 18),
        ("docker", "medium+.gen2", 18),
        ("machine", "xlarge", 100),
        ("remote-docker", "xlarge", 100),
        ("machine", "arm.large", 20),
        ("macos", "m4pro.large", 400),
    ],
)
def test_a_class_is_found_however_it_is_spelled(executor: str, name: str, credits: int) -> None:
    assert named(public_rates(), executor, name) == credits


def test_classes_that_the_list_lacks_are_not_made_up() -> None:
    assert public_rates().find("runner", "acme/own") is None
    assert public_rates().find("docker", "windows.medium") is None


def test_neighbours_stay_in_their_series() -> None:
    rates = public_rates()

    def beside(executor: str, name: str) -> list[str | None]:
        machine = rates.find(executor, name)
        assert machine is not None
        others = rates.smaller(machine), rates.larger(machine), rates.next_generation(machine)
        return [other.name if other else None for other in others]

    assert beside("docker", "large") == ["medium+", "xlarge", "large.gen2"]
    assert beside("docker", "small") == [None, "medium", "small.gen2"]
    assert beside("machine", "xlarge") == ["large", "2xlarge", "xlarge.gen2"]
    assert beside("remote-docker", "xlarge") == ["large", "2xlarge", None]
    assert beside("machine", "2xlarge+.gen2") == ["2xlarge.gen2", None, None]
    assert beside("docker", "arm.medium") == [None, "arm.large", None]
    assert beside("machine", "gpu.nvidia.medium.multi") == [None, None, None]


def test_larger_classes_cost_more_and_are_larger() -> None:
    for series in public_rates().series:
        sizes = [(each.credits_per_minute, each.vcpus, each.ram_gb) for each in series.classes]
        assert sizes == sorted(sizes)


def test_a_contract_overrides_one_class_and_adds_another() -> None:
    rates = public_rates().overridden(
        [
            RateOverride("docker", "large-gen2", credits_per_minute=Decimal("22.5")),
            RateOverride("machine", "acme.huge", Decimal(900), Decimal(64), Decimal(256)),
        ]
    )

    assert named(rates, "docker", "large.gen2") == Decimal("22.5")
    assert named(rates, "machine", "acme.huge") == 900
    assert named(rates, "docker", "large") == 20
    assert named(public_rates(), "docker", "large.gen2") == 24


def test_a_new_class_needs_its_size() -> None:
    with pytest.raises(ValueError, match="docker huge is a new class; add vcpus, ram_gb"):
        public_rates().overridden([RateOverride("docker", "huge", Decimal(900))])
