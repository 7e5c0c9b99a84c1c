"""Jobs on machines of the wrong size, and what changing them saves.

Method (right-sizing in the FinOps Framework; AWS Compute Optimizer does alike): the 95th percentile of the runs'
peaks of CPU and RAM plus `HEAD_ROOM` must fit the next smaller class. CircleCI caps a peak of CPU at 100%, so that a
full one never proves that less would do. A job starves when both are at their limit; it is shown what the next larger
class costs. One step at a time: the next report tells whether there is another. With fewer than `ENOUGH_RUNS` measured
runs nothing is said, and no saving of a month is projected from fewer runs, however certain it is for a minute.

A saving is certain where a rate is lower and runs take as long as before: by a smaller class, by the next generation of
a class, or by both. Of these a job is given the one that saves most, and no other is counted beside it. What pays only
if runs become faster is shown apart, and only where they may: by the next generation no more than CircleCI itself says,
by a larger class where the median of CPU is near its limit. Sizes come from the rate table or the settings file, rates
also from the export.
"""

from collections.abc import Hashable, Iterator, Mapping, Sized
from dataclasses import dataclass
from decimal import Decimal
from math import isnan
from typing import Any, Final, Literal

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.columns import NO_NAME
from circleci_usage.money.costs import Costs
from circleci_usage.money.derived_rates import DerivedRate, derive_rates
from circleci_usage.money.exact import ZERO, estimating, ratio, rounded, total
from circleci_usage.money.rates import DERIVED, Rates, ResourceClass, identity, is_self_hosted
from circleci_usage.money.units import to_decimal
from circleci_usage.usage.answers import MACHINE_KEYS
from circleci_usage.usage.performance import Performance

HEAD_ROOM: Final = Decimal("1.2")
"""A smaller class has to have room for a fifth more than was used."""

FULL_CPU: Final = 100
FULL_RAM: Final = 90
"""Percent from which a job starves, when both are reached."""

BUSY_CPU: Final = 90
"""Percent of the median from which more CPUs may make a job faster."""

_DAYS_A_MONTH: Final = Decimal("30.4375")
_CENTS: Final = 2

Key = tuple[str, ...]
Amounts = tuple[Decimal, Decimal]
"""Credits and their cost, a month."""

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
"""What is to be said of a job on a class.

`not enough data`: too few runs were measured, or it has a GPU, whose load exports do not tell. `unknown rate`: a
smaller class would do, but what one of the two costs is not known. `unknown size`: CircleCI documents such a class, but
not of this executor. `unknown class`: nothing is known of it.
"""

Saving = Literal["smaller class", "larger class", "next generation", "smaller class of the next generation"]
"""How a job saves; by a larger class only where a contract makes that cheaper than the one it starves on."""


@dataclass(frozen=True)
class SpeedUp:
    """A job whose runs keep their CPUs busy, so that a larger class may make them faster.

    Attributes:
        key: the values of `performance.MACHINE_KEYS`.
        target: the next larger class.
        median_runs: of how many runs the median is known.
        median_cpu: what half of them reach, percent of the class.
        time_saved: share of a run's time, if the work scales with the CPUs.
        cost_change: share by which the cost then changes; None where a rate is not known.
        cost: what the job costs a month now, by contract.
    """

    key: Key
    target: str
    median_runs: int
    median_cpu: float
    time_saved: Decimal
    cost_change: Decimal | None
    cost: Decimal


@dataclass(frozen=True)
class Sizing:
    """A job on one resource class, and what is to be said of it.

    Attributes:
        key: the values of `performance.MACHINE_KEYS`.
        verdict: which class would do, if any other.
        suggested: that class.
        runs: that ended in the period.
        measured_runs: those of them whose peaks are known.
        p95_cpu: percent of the class; None where none was measured.
        p95_ram: likewise.
        credits: compute credits a month, rounded to a whole one.
        cost: what they cost by contract.
        saved_credits: a month, by the recommended class; negative where it costs more, None where that is not known.
        saved: in money.
        recommended: the class that saves most for certain; without one, the suggested class.
        saving: how the recommended class saves; None where it does not.
        rate_source: who says what the class costs that it runs on; None where nobody does.
        speed_up: what a larger class may make of it; no part of any saving.
    """

    key: Key
    verdict: Verdict
    suggested: str | None
    runs: int
    measured_runs: int
    p95_cpu: float | None
    p95_ram: float | None
    credits: Decimal
    cost: Decimal
    saved_credits: Decimal | None = ZERO
    saved: Decimal | None = ZERO
    recommended: str | None = None
    saving: Saving | None = None
    rate_source: str | None = None
    speed_up: SpeedUp | None = None

    @property
    def resource_class(self) -> str:
        """What it runs on, as the export says it."""
        return self.key[-1]


@dataclass(frozen=True)
class Migration:
    """A job that could run on the next generation of its class as it is, and that this may pay for.

    Attributes:
        key: the values of `performance.MACHINE_KEYS`.
        target: the class.
        rate: credits a minute now.
        target_rate: credits a minute then.
        credits: compute credits a month now.
        cost: what they cost by contract.
        runs: that ended in the period.
    """

    key: Key
    target: str
    rate: Decimal
    target_rate: Decimal
    credits: Decimal
    cost: Decimal
    runs: int

    @property
    def change(self) -> Decimal:
        """The change of the rate as a share: -0.28 is 28% cheaper at the same length."""
        return ratio(self.target_rate - self.rate, self.rate)

    @property
    def pays_from(self) -> Decimal:
        """How much faster a run has to be for it to cost no more, as a share of its time; 0 where it is cheaper."""
        return max(ZERO, ratio(self.target_rate - self.rate, self.target_rate))

    @property
    def is_certain(self) -> bool:
        """Whether it saves even if runs take as long as before; what is not certain may pay."""
        return self.target_rate < self.rate

    @property
    def saved_credits(self) -> Decimal | None:
        """A month, by this change alone; None where it is not certain, or the runs are too few to tell."""
        return self._kept(self.credits, 0)

    @property
    def saved(self) -> Decimal | None:
        """In money."""
        return self._kept(self.cost, _CENTS)

    def _kept(self, amount: Decimal, places: int) -> Decimal | None:
        can_tell = self.is_certain and self.runs >= ENOUGH_RUNS
        return _kept(amount, self.rate, self.target_rate, places) if can_tell else None


@dataclass(frozen=True)
class UsedClass:
    """A resource class of the period, with all that is known of its rate.

    Attributes:
        executor: as the table names it.
        name: likewise.
        machine: the class with the rate that is reckoned with; None where neither table nor settings have it.
        derived: what the runs of the export agree on; None where too few do.
    """

    executor: str
    name: str
    machine: ResourceClass | None
    derived: DerivedRate | None

    @property
    def rate(self) -> Decimal | None:
        """Credits a minute that are reckoned with: of the settings, else of the table, else of the export."""
        if self.machine:
            return self.machine.credits_per_minute
        return self.derived.credits_per_minute if self.derived else None

    @property
    def rate_source(self) -> str | None:
        """Who says so."""
        if self.machine:
            return self.machine.rate_source
        return DERIVED if self.derived else None

    @property
    def is_derived(self) -> bool:
        """Whether only the export tells the rate."""
        return self.rate_source == DERIVED

    @property
    def contradiction(self) -> DerivedRate | None:
        """What the export charges, where that is another rate than the one that is reckoned with."""
        known = self.machine.credits_per_minute if self.machine else None
        return self.derived if known is not None and self.derived and self.derived.contradicts(known) else None


@dataclass(frozen=True)
class RightSizing:
    """All jobs by resource class, the largest saving first.

    Attributes:
        sizings: of each job on each class.
        migrations: those to cheaper rates first.
        rates: what was reckoned with.
        classes: those of the period that are CircleCI's.
    """

    sizings: tuple[Sizing, ...]
    migrations: tuple[Migration, ...]
    rates: Rates
    classes: tuple[UsedClass, ...] = ()

    def of(self, verdict: Verdict) -> tuple[Sizing, ...]:
        """Those with a verdict."""
        return tuple(sizing for sizing in self.sizings if sizing.verdict == verdict)

    @property
    def savings(self) -> tuple[Sizing, ...]:
        """All that save for certain, at least a cent: each job on a class once, by what saves most."""
        return tuple(sizing for sizing in self.sizings if sizing.saving and sizing.saved)

    @property
    def speed_ups(self) -> tuple[SpeedUp, ...]:
        """Those that a larger class may make faster, the most expensive first."""
        found = (sizing.speed_up for sizing in self.sizings if sizing.speed_up)
        return tuple(sorted(found, key=lambda each: (-each.cost, each.key)))

    @property
    def saved(self) -> Decimal:
        """Money a month that all certain savings make together."""
        return total(sizing.saved or ZERO for sizing in self.savings)

    @property
    def saved_credits(self) -> Decimal:
        """Credits a month that all certain savings make together."""
        return total(sizing.saved_credits or ZERO for sizing in self.savings)


def right_size(costs: Costs, performance: Performance, rates: Rates, days: Sized) -> RightSizing:
    """Judge every job of the period on every resource class it ran on.

    Args:
        costs: of these days.
        performance: of the whole period.
        rates: the classes and their sizes.
        days: those that a month is projected from.
    """
    derived = derive_rates(performance.classes)
    rates = rates.completed({key: each.credits_per_minute for key, each in derived.items()})
    with estimating():
        amounts = _amounts(costs, _DAYS_A_MONTH / len(days))
        judged = [_Judged.of(row, amounts, rates) for row in performance.machines.to_dict("records")]
        sizings = (each.sizing(rates) for each in judged)
        migrations = filter(None, (each.migration(rates) for each in judged))
        return RightSizing(
            tuple(sorted(sizings, key=lambda each: (-(each.saved or ZERO), -each.cost, each.key))),
            tuple(sorted(migrations, key=lambda each: (not each.is_certain, -each.cost, each.key))),
            rates,
            tuple(_used_classes({each.key[-2:] for each in judged}, rates, derived)),
        )


def _amounts(costs: Costs, months: Decimal) -> dict[Key, Amounts]:
    """Compute credits and their cost a month, by job and class."""
    lines = costs.lines[costs.lines["credit_type"] == "compute"]
    sums = lines.groupby([*MACHINE_KEYS], observed=True)[["credits", "contracted_cost"]].sum()
    credits, money = costs.places("credits"), costs.places("contracted_cost")
    return {
        tuple(map(str, key)): (
            rounded(to_decimal(int(counts[0]), credits) * months, 0),
            rounded(to_decimal(int(counts[1]), money) * months, _CENTS),
        )
        for key, counts in zip(sums.index, sums.to_numpy().tolist(), strict=True)
    }


def _used_classes(
    spelled: set[Key], rates: Rates, derived: Mapping[tuple[str, str], DerivedRate]
) -> Iterator[UsedClass]:
    hired = {identity(*names) for names in spelled if not is_self_hosted(*names) and NO_NAME not in names}
    for executor, name in sorted(hired):
        yield UsedClass(executor, name, rates.find(executor, name), derived.get((executor, name)))


@dataclass(frozen=True)
class _Judged:
    """A row of `Performance.machines`, with the class and what it costs."""

    key: Key
    machine: ResourceClass | None
    runs: int
    measured: int
    cpu: float | None
    ram: float | None
    median_runs: int
    median_cpu: float | None
    credits: Decimal
    cost: Decimal

    @classmethod
    def of(cls, row: Mapping[Hashable, Any], amounts: Mapping[Key, Amounts], rates: Rates) -> "_Judged":
        key = tuple(str(row[name]) for name in MACHINE_KEYS)
        credits, cost = amounts.get(key, (ZERO, ZERO))
        return cls(
            key,
            None if is_self_hosted(*key[-2:]) else rates.find(*key[-2:]),
            int(row["runs"]),
            int(row["measured_runs"]),
            _measured(row, "p95_cpu"),
            _measured(row, "p95_ram"),
            int(row.get("median_runs", 0)),
            _measured(row, "p50_median_cpu"),
            credits,
            cost,
        )

    def sizing(self, rates: Rates) -> Sizing:
        verdict, suggested = self._verdict(rates)
        saving, recommended = self._best(rates, verdict, suggested)
        recommended = recommended or suggested
        saved_credits, saved = self._saved_by(recommended)
        return Sizing(
            self.key,
            verdict,
            suggested.name if suggested else None,
            self.runs,
            self.measured,
            self.cpu,
            self.ram,
            self.credits,
            self.cost,
            saved_credits,
            saved,
            recommended.name if recommended else None,
            saving,
            self.machine.rate_source if self.machine else None,
            self._speed_up(rates),
        )

    def _verdict(self, rates: Rates) -> tuple[Verdict, ResourceClass | None]:
        machine, cpu, ram = self.machine, self.cpu, self.ram
        if machine is None:
            return self._unknown(rates), None
        if self.measured < ENOUGH_RUNS or cpu is None or ram is None or not rates.sized_by_cpu(machine):
            return "not enough data", None
        smaller, larger = rates.smaller(machine), rates.larger(machine)
        if smaller and _fits(machine, smaller, cpu, ram):
            if machine.credits_per_minute is None or smaller.credits_per_minute is None:
                return "unknown rate", None
            if smaller.credits_per_minute < machine.credits_per_minute:
                return "smaller", smaller
        if larger and cpu >= FULL_CPU and ram > FULL_RAM:
            return "larger", larger
        return "fits", None

    def _unknown(self, rates: Rates) -> Verdict:
        if is_self_hosted(*self.key[-2:]):
            return "self-hosted"
        if self.key[-1] == NO_NAME:  # it never had a machine
            return "not enough data"
        return "unknown size" if rates.documents(self.key[-1]) else "unknown class"

    def _best(
        self, rates: Rates, verdict: Verdict, suggested: ResourceClass | None
    ) -> tuple[Saving | None, ResourceClass | None]:
        """The class with the lowest rate of those that save for certain, and how it does."""
        machine = self.machine
        if machine is None or machine.credits_per_minute is None or not self.credits:
            return None, None
        if self.runs < ENOUGH_RUNS:
            return None, None
        cheaper = [
            (choice.credits_per_minute, saving, choice)
            for saving, choice in _choices(machine, rates, verdict, suggested)
            if choice.credits_per_minute is not None
            if choice.credits_per_minute < machine.credits_per_minute and self._still_fits(choice)
        ]
        if not cheaper:
            return None, None
        _, saving, choice = min(cheaper, key=lambda each: each[0])
        return saving, choice

    def _still_fits(self, choice: ResourceClass) -> bool:
        """Whether the class is no smaller than the present one, or large enough for what was measured."""
        machine = self.machine
        if machine is None or (choice.vcpus >= machine.vcpus and choice.ram_gb >= machine.ram_gb):
            return True
        return self.cpu is not None and self.ram is not None and _fits(machine, choice, self.cpu, self.ram)

    def _saved_by(self, choice: ResourceClass | None) -> tuple[Decimal | None, Decimal | None]:
        """Credits and money a month."""
        if self.machine is None or choice is None:
            return ZERO, ZERO
        rate, other = self.machine.credits_per_minute, choice.credits_per_minute
        if rate is None or other is None or not rate:
            return None, None
        return _kept(self.credits, rate, other, 0), _kept(self.cost, rate, other, _CENTS)

    def migration(self, rates: Rates) -> Migration | None:
        machine = self.machine
        target = rates.next_generation(machine) if machine else None
        if machine is None or target is None or not self.credits:
            return None
        rate, target_rate = machine.credits_per_minute, target.credits_per_minute
        if rate is None or target_rate is None or target_rate > rate * rates.as_fast_as(machine):
            return None
        return Migration(self.key, target.name, rate, target_rate, self.credits, self.cost, self.runs)

    def _speed_up(self, rates: Rates) -> SpeedUp | None:
        machine, median = self.machine, self.median_cpu
        larger = rates.larger(machine) if machine else None
        if machine is None or larger is None or larger.vcpus <= machine.vcpus or not self.credits:
            return None
        if self.median_runs < ENOUGH_RUNS or median is None or median < BUSY_CPU:
            return None
        time_left = machine.vcpus / larger.vcpus
        rate, larger_rate = machine.credits_per_minute, larger.credits_per_minute
        return SpeedUp(
            self.key,
            larger.name,
            self.median_runs,
            median,
            rounded(1 - time_left, 6),
            rounded(larger_rate * time_left / rate - 1, 6) if rate and larger_rate is not None else None,
            self.cost,
        )


def _kept(amount: Decimal, rate: Decimal, other: Decimal, places: int) -> Decimal:
    """What is left of an amount when its runs take as long at another rate."""
    with estimating():
        return rounded(amount * (1 - other / rate), places)


def _choices(
    machine: ResourceClass, rates: Rates, verdict: Verdict, suggested: ResourceClass | None
) -> Iterator[tuple[Saving, ResourceClass]]:
    """The classes that may save, the least change first."""
    if suggested:
        yield "smaller class" if verdict == "smaller" else "larger class", suggested
    newer = rates.next_generation(machine)
    if newer:
        yield "next generation", newer
    both = rates.next_generation(suggested) if suggested and verdict == "smaller" else None
    if both:
        yield "smaller class of the next generation", both


def _measured(row: Mapping[Hashable, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None or isnan(value) else float(value)


def _fits(machine: ResourceClass, smaller: ResourceClass, cpu: float, ram: float) -> bool:
    """Whether what was used of a class, and a fifth more, fits a smaller one."""
    if cpu >= FULL_CPU:
        return False
    needed_vcpus = machine.vcpus * Decimal(cpu) / 100 * HEAD_ROOM
    needed_ram = machine.ram_gb * Decimal(ram) / 100 * HEAD_ROOM
    return needed_vcpus <= smaller.vcpus and needed_ram <= smaller.ram_gb
