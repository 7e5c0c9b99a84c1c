from decimal import Decimal

import pytest

from circleci_usage.costs.resource_rates import RateOverride, Rates, public_rates


def named(rates: Rates, executor: str, name: str) -> Decimal | None:
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


def test_neighbors_stay_in_their_series() -> None:
    rates = public_rates()

    def beside(executor: str, name: str) -> list[str | None]:
        machine = rates.find(executor, name)
        assert machine is not None
        smaller = next(iter(rates.all_smaller(machine)), None)
        others = smaller, rates.larger(machine), rates.next_generation(machine)
        return [other.name if other else None for other in others]

    assert beside("docker", "large") == ["medium+", "xlarge", "large.gen2"]
    assert beside("docker", "small") == [None, "medium", "small.gen2"]
    assert beside("machine", "xlarge") == ["large", "2xlarge", "xlarge.gen2"]
    assert beside("remote-docker", "xlarge") == ["large", "2xlarge", "xlarge.gen2"]
    assert beside("machine", "2xlarge+.gen2") == ["2xlarge.gen2", None, None]
    assert beside("docker", "arm.medium") == [None, "arm.large", None]
    assert beside("machine", "gpu.nvidia.medium.multi") == [None, None, None]
    assert beside("windows", "windows.large") == ["windows.medium", "windows.xlarge", None]


def test_all_smaller_classes_come_the_next_one_first_and_docker_has_some_of_a_kind() -> None:
    rates = public_rates()

    def names(executor: str, name: str) -> tuple[list[str], list[str]]:
        machine = rates.find(executor, name)
        assert machine is not None
        smaller, in_docker = rates.all_smaller(machine), rates.in_docker(machine)
        return [each.name for each in smaller], [each.name for each in in_docker[:2]]

    assert names("machine", "xlarge") == (["large", "medium"], ["small", "medium"])
    assert names("machine", "large.gen2") == (["medium.gen2"], ["small.gen2", "medium.gen2"])
    assert names("machine", "arm.large") == (["arm.medium"], ["arm.medium", "arm.large"])
    assert names("windows", "windows.medium") == ([], [])
    assert names("macos", "m4pro.medium") == ([], [])
    assert names("machine", "gpu.nvidia.small") == ([], [])
    assert names("machine", "medium.gen3") == ([], [])


def test_gen3_is_known_and_never_recommended() -> None:
    rates = public_rates()
    xlarge = rates.find("machine", "xlarge-gen3")
    assert xlarge is not None

    assert rates.find("machine", "xlarge.gen3") == xlarge
    assert rates.all_smaller(xlarge)[0] == rates.find("machine", "large.gen2")
    assert rates.larger(xlarge) == rates.find("machine", "2xlarge.gen2")
    assert rates.next_generation(xlarge) is None


def test_larger_classes_cost_more_and_are_larger() -> None:
    for series in public_rates().series:
        if series.sized_by_cpu:
            sizes = [(each.vcpus, each.ram_gb) for each in series.classes]
            known = [
                each.credits_per_minute
                for each in series.classes
                if each.credits_per_minute is not None
            ]
            assert sizes == sorted(sizes)
            assert known == sorted(known)


SIZES = {
    "docker": (
        "small 1/2, medium 2/4, medium+ 3/6, large 4/8, xlarge 8/16, 2xlarge 16/32, 2xlarge+ 20/40,"
        "small.gen2 1/2, medium-gen2 2/4, medium+.gen2 3/6, 2xlarge+.gen2 20/40,"
        "arm.medium 2/8, arm.large 4/16, arm.xlarge 8/32, arm.2xlarge 16/64"
    ),
    "machine": (
        "medium 2/7.5, large 4/15, xlarge 8/32, 2xlarge 16/64, 2xlarge+ 32/64,"
        "medium.gen2 2/8, large-gen2 4/16, xlarge.gen2 8/32, 2xlarge+.gen2 32/128,"
        "medium.gen3 2/8, 2xlarge+-gen3 32/128,"
        "arm.medium 2/8, arm.large 4/16, arm.xlarge 8/32, arm.2xlarge 16/64,"
        "gpu.nvidia.small 4/16, gpu.nvidia.small.gen2 4/16, gpu.nvidia.small.multi 4/15,"
        " gpu.nvidia.medium 8/30,"
        "gpu.nvidia.medium.multi 8/30, gpu.nvidia.large 8/30"
    ),
    "windows": (
        "windows.medium 4/16, windows.large 8/32, windows.xlarge 16/64, windows.2xlarge 32/128,"
        "windows.gpu.nvidia.medium 16/60"
    ),
    "remote-docker": "medium 2/7.5, xlarge.gen2 8/32, large-gen3 4/16, arm.large 4/16",
    "macos": "m4pro.medium 6/28, m4pro.large 12/56",
}


def test_every_documented_class_has_its_size_its_source_and_its_day() -> None:
    for executor, classes in SIZES.items():
        for name, size in (each.split() for each in classes.split(",")):
            machine = public_rates().find(executor, name)
            assert machine is not None, name
            assert f"{machine.vcpus}/{machine.ram_gb}" == size, name
            assert machine.source, name
            assert machine.as_of, name
            assert (machine.rate_source is None) == (machine.credits_per_minute is None)


@pytest.mark.parametrize(
    ("executor", "name"),
    [
        ("docker", "arm.xlarge"),
        ("machine", "windows.large"),
        ("machine", "gpu.nvidia.large"),
        ("machine", "windows.gpu.nvidia.medium"),
        ("machine", "medium.gen3"),
    ],
)
def test_a_rate_that_nobody_confirmed_is_not_made_up(executor: str, name: str) -> None:
    assert named(public_rates(), executor, name) is None
    assert named(public_rates().completed({(executor, name): Decimal(7)}), executor, name) == 7


def test_what_is_known_is_not_replaced_by_what_is_derived() -> None:
    rates = public_rates().overridden(
        [RateOverride("machine", "windows.large", credits_per_minute=Decimal(120))]
    )
    derived = {("machine", "windows.large"): Decimal(7), ("docker", "large"): Decimal(8)}

    assert named(rates.completed(derived), "machine", "windows.large") == 120
    assert named(rates.completed(derived), "docker", "large") == 20


@pytest.mark.parametrize(
    ("added", "smaller", "larger"),
    [
        (("machine", "windows.3xlarge", 48, 192), "windows.2xlarge", None),
        (("machine", "arm.large+", 6, 24), "arm.large", "arm.xlarge"),
        (("docker", "xlarge+", 12, 24), "xlarge", "2xlarge"),
        (("docker", "xlarge+-gen2", 12, 24), "xlarge.gen2", "2xlarge.gen2"),
        (("macos", "m4pro.small", 3, 14), None, "m4pro.medium"),
        (("machine", "gpu.nvidia.xlarge", 16, 60), None, None),
    ],
)
def test_a_class_of_the_settings_file_joins_the_series_of_its_kind(
    added: tuple[str, str, int, int], smaller: str | None, larger: str | None
) -> None:
    executor, name, vcpus, ram = added
    rates = public_rates().overridden(
        [RateOverride(executor, name, Decimal(99), Decimal(vcpus), Decimal(ram))]
    )

    machine = rates.find(executor, name)
    assert machine is not None
    beside = next(iter(rates.all_smaller(machine)), None), rates.larger(machine)
    assert [each.name if each else None for each in beside] == [smaller, larger]
    assert len(rates.series) == len(public_rates().series)


def test_new_families_are_series_of_their_own() -> None:
    rates = public_rates().overridden(
        RateOverride("machine", f"acme.{name}", Decimal(vcpus), Decimal(vcpus), Decimal(vcpus))
        for name, vcpus in (("big", 4), ("tiny", 1))
    )

    big = rates.find("machine", "acme.big")
    assert big is not None
    assert rates.all_smaller(big) == (rates.find("machine", "acme.tiny"),)


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
