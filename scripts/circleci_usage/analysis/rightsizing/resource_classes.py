"""What is known about the resource classes of an export: size, rate, smaller and larger ones."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from circleci_usage.core.decimals import ZERO
from circleci_usage.costs.derived_rates import DerivedRate
from circleci_usage.costs.resource_rates import (
    DERIVED,
    Rates,
    ResourceClass,
    class_identity,
    is_self_hosted,
)
from circleci_usage.schema.export_columns import NO_NAME

Verdict = Literal[
    "smaller",
    "larger",
    "fits",
    "not enough data",
    "unknown rate",
    "unknown size",
    "unknown class",
    "self-hosted",
]
"""What can be said about a job on a class.

`smaller` is over-provisioned, `larger` is under-provisioned. `not enough data`: too few runs were
measured, or it has a GPU, whose load is not exported. `unknown rate`: a smaller class is enough,
but the rates do not tell whether it costs less. `unknown size`: CircleCI documents such a class,
but not for this executor. `unknown class`: nothing is known about it.
"""


@dataclass(frozen=True)
class UsedClass:
    """A resource class of the period, with all that is known about its rate.

    Attributes:
        executor: as the rate table names it.
        name: likewise.
        machine: the class with the rate that is used; None where neither table nor settings have
            it.
        derived: the rate that the runs of the export agree on; None where too few do.
    """

    executor: str
    name: str
    machine: ResourceClass | None
    derived: DerivedRate | None

    @property
    def rate(self) -> Decimal | None:
        """Credits a minute that are used: from the settings, else the table, else the export."""
        if self.machine:
            return self.machine.credits_per_minute
        return self.derived.credits_per_minute if self.derived else None

    @property
    def rate_source(self) -> str | None:
        """Where the rate is from."""
        if self.machine:
            return self.machine.rate_source
        return DERIVED if self.derived else None

    @property
    def is_derived(self) -> bool:
        """Whether the rate is known only from the export."""
        return self.rate_source == DERIVED

    @property
    def contradiction(self) -> DerivedRate | None:
        """The rate that the export charges, where it differs from the one that is used."""
        known = self.machine.credits_per_minute if self.machine else None
        if known is None or not self.derived or not self.derived.contradicts(known):
            return None
        return self.derived


def used_classes(
    spelled: Iterable[tuple[str, str]],
    rates: Rates,
    derived: Mapping[tuple[str, str], DerivedRate],
) -> tuple[UsedClass, ...]:
    """CircleCI's classes among those of an export, in the order of their names.

    `xlarge.gen2` and `xlarge-gen2` are one class; self-hosted ones are left out.

    Args:
        spelled: executors and classes as the export spells them.
        rates: the classes and their sizes.
        derived: the rates that the export agrees on.
    """
    hosted = {
        class_identity(*names)
        for names in spelled
        if not is_self_hosted(*names) and NO_NAME not in names
    }
    return tuple(
        UsedClass(executor, name, rates.find(executor, name), derived.get((executor, name)))
        for executor, name in sorted(hosted)
    )


@dataclass(frozen=True)
class ClassFacts:
    """A resource class as the export spells it, and what the rates say about it.

    Attributes:
        names: executor and class.
        machine: the class; None where it is not known, or self-hosted.
        verdict: on a job with too few runs.
        is_judged: whether peaks show which size is enough.
        smaller: the smaller classes, the next one first.
        larger: the next larger class, if any.
        newer: the class of the next generation.
        smaller_newer: the smaller ones of the next generation.
        as_fast_as: how many times as fast the next generation is at best.
    """

    names: tuple[str, str]
    machine: ResourceClass | None
    verdict: Verdict
    is_judged: bool = False
    smaller: tuple[ResourceClass, ...] = ()
    larger: ResourceClass | None = None
    newer: ResourceClass | None = None
    smaller_newer: tuple[ResourceClass, ...] = ()
    as_fast_as: Decimal = ZERO

    @property
    def rate(self) -> Decimal | None:
        """Credits a minute."""
        return self.machine.credits_per_minute if self.machine else None

    @property
    def rate_source(self) -> str | None:
        """Where the rate is from."""
        return self.machine.rate_source if self.machine else None

    @property
    def may_pay_to_migrate(self) -> bool:
        """Whether the next generation costs no more, if it is as fast as CircleCI says."""
        rate, new_rate = self.rate, self._new_rate
        if rate is None or new_rate is None:
            return False
        return new_rate <= rate * self.as_fast_as

    @property
    def is_always_cheaper_to_migrate(self) -> bool:
        """Whether the next generation saves even if runs take as long as before."""
        return self.may_pay_to_migrate and self.migration[2] < self.migration[1]

    @property
    def migration(self) -> tuple[str, Decimal, Decimal]:
        """The class of the next generation, the rate now and the new rate.

        Raises:
            ValueError: one of them is not known.
        """
        rate, new_rate = self.rate, self._new_rate
        if self.newer is None or rate is None or new_rate is None:
            raise ValueError(f"{self.names} has no next generation with a known rate")
        return self.newer.name, rate, new_rate

    @property
    def _new_rate(self) -> Decimal | None:
        return self.newer.credits_per_minute if self.newer else None


def class_facts(executor: str, name: str, rates: Rates) -> ClassFacts:
    """What the rates say about a class as the export spells it."""
    names = (executor, name)
    if is_self_hosted(executor, name):
        return ClassFacts(names, None, "self-hosted")
    machine = rates.find(executor, name)
    if machine is None:
        return ClassFacts(names, None, _verdict_on_unknown(name, rates))
    smaller = rates.all_smaller(machine)
    smaller_newer = map(rates.next_generation, smaller)
    return ClassFacts(
        names,
        machine,
        "not enough data",
        is_judged=rates.sized_by_cpu(machine),
        smaller=smaller,
        larger=rates.larger(machine),
        newer=rates.next_generation(machine),
        smaller_newer=tuple(each for each in smaller_newer if each),
        as_fast_as=rates.as_fast_as(machine),
    )


def _verdict_on_unknown(name: str, rates: Rates) -> Verdict:
    """The verdict on a class that the rates lack."""
    if name == NO_NAME:  # it never had a machine
        return "not enough data"
    return "unknown size" if rates.documents(name) else "unknown class"


def facts_of_classes(spelled: Iterable[tuple[str, str]], rates: Rates) -> Iterator[ClassFacts]:
    """The facts of several classes."""
    for executor, name in spelled:
        yield class_facts(str(executor), str(name), rates)
