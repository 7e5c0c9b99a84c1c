"""What CircleCI's resource classes cost in credits a minute, and how large they are. The data are in `rates.toml`."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

_TABLE: Final = files("circleci_usage.money") / "rates.toml"


@dataclass(frozen=True)
class ResourceClass:
    """One size of machine.

    Attributes:
        executor: as in the export: docker, machine, remote-docker, macos.
        name: as in the export, with a dot before gen2.
        credits_per_minute: of one container; exact.
        vcpus: virtual CPUs.
        ram_gb: gigabytes of memory.
    """

    executor: str
    name: str
    credits_per_minute: Decimal
    vcpus: Decimal
    ram_gb: Decimal


@dataclass(frozen=True)
class Series:
    """Classes that can take each other's place, in the order of their size.

    `next_generation` is the name of the series that the jobs of this one run on unchanged, if there is one.
    """

    name: str
    classes: tuple[ResourceClass, ...]
    next_generation: str | None = None


@dataclass(frozen=True)
class RateOverride:
    """What a contract says of one resource class; what is None stays as in the table."""

    executor: str
    name: str
    credits_per_minute: Decimal | None = None
    vcpus: Decimal | None = None
    ram_gb: Decimal | None = None


@dataclass(frozen=True)
class Rates:
    """The table: where it is from, of which day it is, and what it says."""

    source: str
    as_of: date
    series: tuple[Series, ...]

    def find(self, executor: str, name: str) -> ResourceClass | None:
        """The class as an export names it (`xlarge-gen2` and `xlarge.gen2` are one), None if the table lacks it."""
        place = self._places.get((executor, _canonical(name)))
        return place[0].classes[place[1]] if place else None

    def smaller(self, machine: ResourceClass) -> ResourceClass | None:
        """The next smaller class of the same series."""
        return self._beside(machine, -1)

    def larger(self, machine: ResourceClass) -> ResourceClass | None:
        """The next larger class of the same series."""
        return self._beside(machine, 1)

    def next_generation(self, machine: ResourceClass) -> ResourceClass | None:
        """The class with as many CPUs in the newer series of the same executor."""
        series, _ = self._places[machine.executor, machine.name]
        newer = (
            each
            for other in self.series
            if other.name == series.next_generation
            for each in other.classes
            if (each.executor, each.vcpus) == (machine.executor, machine.vcpus)
        )
        return next(newer, None)

    def overridden(self, overrides: Iterable[RateOverride]) -> "Rates":
        """The table with what a contract says; a class that is not in it becomes a series of its own.

        Raises:
            ValueError: a new class lacks its rate or size.
        """
        rates = self
        for each in overrides:
            rates = rates._with(each)
        return rates

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], tuple[Series, int]]:
        return {
            (machine.executor, machine.name): (series, position)
            for series in self.series
            for position, machine in enumerate(series.classes)
        }

    def _beside(self, machine: ResourceClass, step: int) -> ResourceClass | None:
        series, position = self._places[machine.executor, machine.name]
        position += step
        return series.classes[position] if 0 <= position < len(series.classes) else None

    def _with(self, override: RateOverride) -> "Rates":
        name = _canonical(override.name)
        given = {
            key: value
            for key in ("credits_per_minute", "vcpus", "ram_gb")
            if (value := getattr(override, key)) is not None
        }
        known = self.find(override.executor, name)
        if known is None:
            missing = [key for key in ("credits_per_minute", "vcpus", "ram_gb") if key not in given]
            if missing:
                raise ValueError(f"{override.executor} {override.name} is a new class; add {', '.join(missing)}")
            new = Series(f"{override.executor} {name}", (ResourceClass(override.executor, name, **given),))
            return replace(self, series=(*self.series, new))
        changed = replace(known, **given)
        return replace(
            self,
            series=tuple(
                replace(each, classes=tuple(changed if one == known else one for one in each.classes))
                for each in self.series
            ),
        )


@cache
def public_rates() -> Rates:
    """The table that comes with the package: CircleCI's public list."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"), parse_float=Decimal)
    series = []
    for each in table["series"]:
        for executor in each["executors"]:
            classes = (
                ResourceClass(
                    executor,
                    one["name"],
                    Decimal(one["credits_per_minute"]),
                    Decimal(one["vcpus"]),
                    Decimal(one["ram_gb"]),
                )
                for one in each["classes"]
            )
            series.append(Series(each["name"], tuple(classes), each.get("next_generation")))
    return Rates(table["source"], table["as_of"], tuple(series))


def _canonical(name: str) -> str:
    return name.replace("-gen2", ".gen2")
