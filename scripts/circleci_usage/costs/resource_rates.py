"""CircleCI's resource classes: their rates in credits a minute and their sizes.

The data are in resource_rates.toml.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final, Literal

_TABLE: Final = files("circleci_usage.costs") / "resource_rates.toml"

_SELF_HOSTED: Final = "runner"
_GENERATION: Final = re.compile(r"[.-](gen\d+)$")
_EXECUTORS: Final = {"windows": "machine"}
"""Executors that are spelled in another way."""

_NEEDED: Final = ("credits_per_minute", "vcpus", "ram_gb")
"""What has to be known about a class that the table lacks."""

DERIVED: Final = "derived from this export"
RateSource = Literal["rate table", "settings file", "derived from this export"]


@dataclass(frozen=True)
class ResourceClass:
    """One size of machine.

    Attributes:
        executor: as in the export: docker, machine, remote-docker, macos.
        name: as in the export, with a dot before gen2.
        credits_per_minute: of one container; exact. None where it is not known.
        vcpus: virtual CPUs.
        ram_gb: gigabytes of memory.
        rate_source: where the rate is from; None where there is none.
        source: of the table's rate, or of its size where it has no rate; empty for classes that are
            not in the table.
        as_of: the day of the source.
    """

    executor: str
    name: str
    credits_per_minute: Decimal | None
    vcpus: Decimal
    ram_gb: Decimal
    rate_source: RateSource | None = None
    source: str = ""
    as_of: date | None = None


@dataclass(frozen=True)
class ResourceClassSeries:
    """Classes that can replace each other, in the order of their size.

    Attributes:
        name: of the series; each executor has its own of that name.
        classes: from the smallest to the largest.
        next_generation: the series that jobs of this one run on unchanged, if there is one.
        as_fast_as: how many times as fast that is at best, according to CircleCI.
        neighbors: the series with the smaller and larger classes, where it is not this one.
        sized_by_cpu: whether CPU and RAM say which of the classes is enough.
    """

    name: str
    classes: tuple[ResourceClass, ...]
    next_generation: str | None = None
    as_fast_as: Decimal = Decimal(1)
    neighbors: str | None = None
    sized_by_cpu: bool = True

    @property
    def executor(self) -> str:
        """The executor of all classes."""
        return self.classes[0].executor

    def joined_by(self, machine: ResourceClass) -> "ResourceClassSeries":
        """The series with one more class, in its place."""
        return replace(self, classes=tuple(sorted((*self.classes, machine), key=_size)))


@dataclass(frozen=True)
class RateOverride:
    """What the settings file says about a resource class; None leaves the table's value."""

    executor: str
    name: str
    credits_per_minute: Decimal | None = None
    vcpus: Decimal | None = None
    ram_gb: Decimal | None = None


@dataclass(frozen=True)
class Rates:
    """The rate table: its source, its day, and its classes."""

    source: str
    as_of: date
    series: tuple[ResourceClassSeries, ...]

    def find(self, executor: str, name: str) -> ResourceClass | None:
        """The class as an export spells it (`xlarge-gen2` is `xlarge.gen2`), if there is one."""
        place = self._places.get(class_identity(executor, name))
        return place[0].classes[place[1]] if place else None

    def documents(self, name: str) -> bool:
        """Whether any executor is known to have a class of this name."""
        wanted = _canonical(name)
        return any(known == wanted for _, known in self._places)

    def all_smaller(self, machine: ResourceClass) -> tuple[ResourceClass, ...]:
        """The smaller classes that a job can run on, the next one first."""
        lesser = [each for each in self._neighbors(machine) if _size(each) < _size(machine)]
        return tuple(sorted(lesser, key=_size, reverse=True))

    def larger(self, machine: ResourceClass) -> ResourceClass | None:
        """The next larger class that a job can run on."""
        greater = [each for each in self._neighbors(machine) if _size(each) > _size(machine)]
        return min(greater, key=_size, default=None)

    def sized_by_cpu(self, machine: ResourceClass) -> bool:
        """Whether CPU and RAM say if another class is enough: for a GPU they do not."""
        return self._series_of(machine).sized_by_cpu

    def next_generation(self, machine: ResourceClass) -> ResourceClass | None:
        """The class with as many CPUs in the newer series of the same executor."""
        newer = self._series_of(machine).next_generation
        classes = self._named(newer, machine.executor) if newer else ()
        return next((each for each in classes if each.vcpus == machine.vcpus), None)

    def in_docker(self, machine: ResourceClass) -> tuple[ResourceClass, ...]:
        """Docker's classes of the same processor and generation, the smallest first.

        None for Windows, macOS and GPUs: Docker has no such classes.
        """
        _, *kind = _kind(machine)
        alike = (
            series.classes
            for series in self.series
            if [*_kind(series.classes[0])] == ["docker", *kind]
        )
        return next(alike, ())

    def as_fast_as(self, machine: ResourceClass) -> Decimal:
        """How many times as fast the next generation is at best, according to CircleCI."""
        return self._series_of(machine).as_fast_as

    def overridden(self, overrides: Iterable[RateOverride]) -> "Rates":
        """The table with the settings file's values; new classes join the series of their kind.

        Raises:
            ValueError: a new class lacks its rate or size.
        """
        rates = self
        for each in overrides:
            rates = rates._with(each)
        return rates

    def completed(self, derived: Mapping[tuple[str, str], Decimal]) -> "Rates":
        """The table with rates from an export, by `class_identity`, for classes without one."""

        def complete(machine: ResourceClass) -> ResourceClass:
            rate = derived.get((machine.executor, machine.name))
            if machine.credits_per_minute is not None or rate is None:
                return machine
            return replace(machine, credits_per_minute=rate, rate_source=DERIVED)

        return self._with_classes(complete)

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], tuple[ResourceClassSeries, int]]:
        return {
            (machine.executor, machine.name): (series, position)
            for series in self.series
            for position, machine in enumerate(series.classes)
        }

    def _series_of(self, machine: ResourceClass) -> ResourceClassSeries:
        return self._places[machine.executor, machine.name][0]

    def _named(self, name: str, executor: str) -> tuple[ResourceClass, ...]:
        """The classes that an executor has in the series of that name."""
        alike = (
            series for series in self.series if (series.name, series.executor) == (name, executor)
        )
        return next((series.classes for series in alike), ())

    def _neighbors(self, machine: ResourceClass) -> tuple[ResourceClass, ...]:
        series = self._series_of(machine)
        if not series.sized_by_cpu:
            return ()
        if series.neighbors:
            return self._named(series.neighbors, machine.executor)
        return series.classes

    def _with(self, override: RateOverride) -> "Rates":
        given: dict[str, Any] = {
            key: value for key in _NEEDED if (value := getattr(override, key)) is not None
        }
        if "credits_per_minute" in given:
            given |= {"rate_source": "settings file", "source": "", "as_of": None}
        known = self.find(override.executor, override.name)
        if known is None:
            return self._joined(override, given)
        changed = replace(known, **given)
        return self._with_classes(lambda machine: changed if machine == known else machine)

    def _with_classes(self, change: Callable[[ResourceClass], ResourceClass]) -> "Rates":
        """The table with every class changed."""
        series = [replace(each, classes=tuple(map(change, each.classes))) for each in self.series]
        return replace(self, series=tuple(series))

    def _joined(self, override: RateOverride, given: Mapping[str, Any]) -> "Rates":
        missing = [key for key in _NEEDED if key not in given]
        if missing:
            raise ValueError(
                f"{override.executor} {override.name} is a new class; add {', '.join(missing)}"
            )
        machine = ResourceClass(*class_identity(override.executor, override.name), **given)
        kind = _kind(machine)
        series = [
            each.joined_by(machine) if kind in map(_kind, each.classes) else each
            for each in self.series
        ]
        if tuple(series) == self.series:
            series.append(ResourceClassSeries(" ".join(filter(None, kind)), (machine,)))
        return replace(self, series=tuple(series))


@cache
def public_rates() -> Rates:
    """The table that comes with the package: CircleCI's public list."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"), parse_float=Decimal)
    series = [
        _series(each, executor, table["sources"])
        for each in table["series"]
        for executor in each["executors"]
    ]
    return Rates(table["source"], table["as_of"], tuple(series))


def class_identity(executor: str, name: str) -> tuple[str, str]:
    """An executor and a class as the table spells them.

    >>> class_identity("Windows", "xlarge-gen2")
    ('machine', 'xlarge.gen2')
    """
    spelled = executor.lower().replace("_", "-")
    return _EXECUTORS.get(spelled, spelled), _canonical(name)


def is_self_hosted(executor: str, name: str) -> bool:
    """Whether it is a self-hosted runner, whose minutes are free and whose size is not known."""
    return class_identity(executor, name)[0] == _SELF_HOSTED or "/" in name


def _series(
    entry: Mapping[str, Any], executor: str, sources: Mapping[str, Mapping[str, Any]]
) -> ResourceClassSeries:
    newer = entry.get("next_generation", {})
    return ResourceClassSeries(
        entry["name"],
        tuple(_resource_class(executor, one, sources[one["source"]]) for one in entry["classes"]),
        newer.get("series"),
        Decimal(newer.get("as_fast_as", 1)),
        entry.get("neighbors"),
        entry.get("sized_by_cpu", True),
    )


def _resource_class(
    executor: str, entry: Mapping[str, Any], source: Mapping[str, Any]
) -> ResourceClass:
    rate = entry.get("credits_per_minute")
    return ResourceClass(
        executor,
        entry["name"],
        None if rate is None else Decimal(rate),
        Decimal(entry["vcpus"]),
        Decimal(entry["ram_gb"]),
        None if rate is None else "rate table",
        source["text"],
        source["as_of"],
    )


def _canonical(name: str) -> str:
    return _GENERATION.sub(r".\1", name)


def _size(machine: ResourceClass) -> tuple[Decimal, Decimal]:
    return machine.vcpus, machine.ram_gb


def _kind(machine: ResourceClass) -> tuple[str, str, str]:
    """What classes of a series have in common: executor, family and generation.

    `gpu.nvidia.small.multi` has the family `gpu.nvidia`, `xlarge.gen2` has none and the generation
    `gen2`.
    """
    *words, last = machine.name.split(".")
    generation = last if _GENERATION.fullmatch(f".{last}") else ""
    sized = words if generation else [*words, last]
    if len(sized) > 1 and sized[-1] == "multi":
        sized = sized[:-1]
    return machine.executor, ".".join(sized[:-1]), generation
