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

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isnan, nan
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.core.columnar import Cells, Records, Values, columns_of, found_in, order
from circleci_usage.core.decimals import ZERO, estimating, ratio, rounded, total
from circleci_usage.core.scaled_integers import fitting, to_count, to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.derived_rates import DerivedRate, derive_rates
from circleci_usage.costs.resource_rates import (
    DERIVED,
    Rates,
    ResourceClass,
    identity,
    is_self_hosted,
)
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.usage.job_run_rules import MACHINE_KEYS
from circleci_usage.usage.run_statistics import RunStatistics

HEAD_ROOM: Final = Decimal("1.2")
"""A smaller class has to have room for a fifth more than was used."""

FULL_CPU: Final = 100
FULL_RAM: Final = 90
"""Percent from which a job starves, when both are reached."""

BUSY_CPU: Final = 90
"""Percent of the median from which more CPUs may make a job faster."""

SAVINGS_ASSUME: Final = "This assumes that runs take as long as before."
"""Stands beside every saving that is shown."""

_DAYS_A_MONTH: Final = Decimal("30.4375")
_CENTS: Final = 2

_MEASURED: Final = ("runs", "measured_runs", "p95_cpu", "p95_ram", "median_runs", "p50_median_cpu")

_SAID: Final = {
    "verdict": None,
    "suggested": None,
    "saved_credits": ZERO,
    "saved": ZERO,
    "recommended": None,
    "saving": None,
    "rate_source": None,
    "speed_up": None,
}
"""What is said of a job that has too few runs, but for verdict and source, which its class says."""

_SIZING: Final = (
    *("verdict", "suggested", "runs", "measured_runs", "p95_cpu", "p95_ram", "credits", "cost"),
    *("saved_credits", "saved", "recommended", "saving", "rate_source", "speed_up"),
)
"""The fields of `Recommendation` after its key."""

Key = tuple[str, ...]

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

Saving = Literal[
    "smaller class", "larger class", "next generation", "smaller class of the next generation"
]
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
class Recommendation:
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
        new_rate: credits a minute then.
        credits: compute credits a month now.
        cost: what they cost by contract.
        runs: that ended in the period.
    """

    key: Key
    target: str
    rate: Decimal
    new_rate: Decimal
    credits: Decimal
    cost: Decimal
    runs: int

    @property
    def change(self) -> Decimal:
        """The change of the rate as a share: -0.28 is 28% cheaper at the same length."""
        return ratio(self.new_rate - self.rate, self.rate)

    @property
    def break_even_speed_up(self) -> Decimal:
        """How much faster a run has to be for it to cost no more, as a share of its time; 0 where it is cheaper."""
        return max(ZERO, ratio(self.new_rate - self.rate, self.new_rate))

    @property
    def is_always_cheaper(self) -> bool:
        """Whether it saves even if runs take as long as before; what is not certain may pay."""
        return self.new_rate < self.rate

    @property
    def saved_credits(self) -> Decimal | None:
        """A month, by this change alone; None where it is not certain, or the runs are too few to tell."""
        return self._kept(self.credits, 0)

    @property
    def saved(self) -> Decimal | None:
        """In money."""
        return self._kept(self.cost, _CENTS)

    def _kept(self, amount: Decimal, places: int) -> Decimal | None:
        can_tell = self.is_always_cheaper and self.runs >= ENOUGH_RUNS
        return _kept(amount, self.rate, self.new_rate, places) if can_tell else None


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
        return (
            self.derived
            if known is not None and self.derived and self.derived.contradicts(known)
            else None
        )


@dataclass(frozen=True)
class RightSizing:
    """All jobs by resource class, the largest saving first.

    Attributes:
        recommendations: of each job on each class.
        migrations: those to cheaper rates first.
        rates: what was reckoned with.
        classes: those of the period that are CircleCI's.
    """

    recommendations: Records[Recommendation]
    migrations: Records[Migration]
    rates: Rates
    classes: tuple[UsedClass, ...] = ()

    def of(self, verdict: Verdict) -> Sequence[Recommendation]:
        """Those with a verdict."""
        return self.recommendations.where(lambda verdicts: verdicts == verdict, "verdict")

    @property
    def suggestions(self) -> Sequence[Recommendation]:
        """Those for which another size would do."""
        return self.recommendations.where(_is_there, "suggested")

    @property
    def savings(self) -> Sequence[Recommendation]:
        """All that save for certain, at least a cent: each job on a class once, by what saves most."""
        return self._savings

    @property
    def speed_ups(self) -> tuple[SpeedUp, ...]:
        """Those that a larger class may make faster, the most expensive first."""
        found = self.recommendations.where(_is_there, "speed_up").column("speed_up")
        return tuple(sorted(found, key=lambda each: (-each.cost, each.key)))

    @property
    def saved(self) -> Decimal:
        """Money a month that all certain savings make together."""
        return total(self._savings.column("saved"))

    @property
    def saved_credits(self) -> Decimal:
        """Credits a month that all certain savings make together."""
        return total(self._savings.column("saved_credits"))

    @cached_property
    def _savings(self) -> Records[Recommendation]:
        some = self.recommendations.where(_is_there, "saving")
        return some.where(lambda saved: _is_there(saved) & (saved != 0), "saved")


def _is_there(values: Values) -> Values:
    return ~pd.isna(values)


def right_size(
    costs: Costs, run_statistics: RunStatistics, rates: Rates, days: Sized
) -> RightSizing:
    """Judge every job of the period on every resource class it ran on.

    Args:
        costs: of these days.
        run_statistics: of the whole period.
        rates: the classes and their sizes.
        days: those that a month is projected from.
    """
    derived = derive_rates(run_statistics.classes)
    rates = rates.completed({key: each.credits_per_minute for key, each in derived.items()})
    with estimating():
        table = _table(costs, run_statistics.machines, _DAYS_A_MONTH / len(days))
        numbers, spelled = pd.factorize(pd.MultiIndex.from_frame(table[[*MACHINE_KEYS[-2:]]]))
        classes = [_Class.of(str(executor), str(name), rates) for executor, name in spelled]
        return RightSizing(
            _sizings(table, numbers, classes),
            _migrations(table, numbers, classes),
            rates,
            tuple(_used_classes({each.names for each in classes}, rates, derived)),
        )


def _table(costs: Costs, machines: pd.DataFrame, months: Decimal) -> pd.DataFrame:
    """The rows of `Performance.machines` with their `credits` and `cost` a month, and these costs in `cents`."""
    lines = costs.lines[costs.lines["credit_type"] == "compute"]
    sums = lines.groupby([*MACHINE_KEYS], observed=True)[["credits", "contracted_cost"]].sum()
    found = found_in(sums, machines[[*MACHINE_KEYS]])
    credits, _ = _a_month(found["credits"].to_numpy(), costs.places("credits"), months, 0)
    cost, cents = _a_month(
        found["contracted_cost"].to_numpy(), costs.places("contracted_cost"), months, _CENTS
    )
    lacking = [name for name in _MEASURED if name not in machines]
    measured = machines.assign(**{name: 0 if name == "median_runs" else nan for name in lacking})
    return measured.assign(credits=credits, cost=cost, cents=cents)


def _a_month(
    counts: Values, places: int, months: Decimal, shown_places: int
) -> tuple[Values, Values]:
    """What amounts are in a month, rounded, and the same as whole numbers; many jobs have the same."""
    distinct, rows = np.unique(counts, return_inverse=True)
    amounts = [
        rounded(to_decimal(int(count), places) * months, shown_places)
        for count in distinct.tolist()
    ]
    wholes = [to_count(amount, shown_places) for amount in amounts]
    found = np.array([*amounts, None], dtype="object")[:-1]
    return found[rows], fitting(np.array([*wholes, 0], dtype="object"), sum(map(abs, wholes)))[rows]


def _sizings(
    table: pd.DataFrame, numbers: Values, classes: Sequence["_Class"]
) -> Records[Recommendation]:
    """A row each. Most of very many jobs have too few runs to be judged, and are alike but for their class."""
    found = {name: np.full(len(table), nothing, dtype="object") for name, nothing in _SAID.items()}
    for name in ("verdict", "rate_source"):
        found[name] = np.array([*(getattr(each, name) for each in classes), None], dtype="object")[
            numbers
        ]
    runs = table[["runs", "measured_runs", "median_runs"]].max(axis=1).to_numpy()
    enough = np.flatnonzero(runs >= ENOUGH_RUNS)
    rows = table.iloc[enough][[*MACHINE_KEYS, *_MEASURED, "credits", "cost"]].itertuples(
        index=False, name=None
    )
    length = len(MACHINE_KEYS)
    for row, number, values in zip(enough.tolist(), numbers[enough].tolist(), rows, strict=True):
        judged = _Judged(values[:length], classes[number], *map(_known, values[length:]))
        for name, value in judged.said().items():
            found[name][row] = value
    table = table.assign(
        **{name: pd.Series(values, table.index, "object") for name, values in found.items()}
    )
    saved = [to_count(each, _CENTS) if each else 0 for each in table["saved"].tolist()]
    table = table.assign(saved_cents=np.array(saved, dtype="object"))

    def recommendation(values: Cells) -> Recommendation:
        return Recommendation(values[:length], *map(_known, values[length:]))

    columns = columns_of(table, [*MACHINE_KEYS, *_SIZING])
    return Records(recommendation, columns, order(table, ("saved_cents", "cents"), MACHINE_KEYS))


def _migrations(
    table: pd.DataFrame, numbers: Values, classes: Sequence["_Class"]
) -> Records[Migration]:
    pays = np.array([each.pays_to_migrate for each in classes], dtype=bool)
    chosen = (
        pays[numbers] & (table["credits"].to_numpy() != 0)
        if len(table)
        else np.zeros(0, dtype=bool)
    )
    is_certain = np.array([each.saves_by_migrating for each in classes], dtype=bool)
    some = table.assign(number=numbers)[chosen]
    rows = order(
        some.assign(certain=is_certain[some["number"]]), ("certain", "cents"), MACHINE_KEYS
    )

    def migration(values: Cells) -> Migration:
        *key, number, credits, cost, runs = values
        target, rate, target_rate = classes[number].migration
        return Migration(tuple(key), target, rate, target_rate, credits, cost, runs)

    return Records(
        migration, columns_of(some, [*MACHINE_KEYS, "number", "credits", "cost", "runs"]), rows
    )


def _used_classes(
    spelled: set[Key], rates: Rates, derived: Mapping[tuple[str, str], DerivedRate]
) -> Iterator[UsedClass]:
    hired = {
        identity(*names) for names in spelled if not is_self_hosted(*names) and NO_NAME not in names
    }
    for executor, name in sorted(hired):
        yield UsedClass(executor, name, rates.find(executor, name), derived.get((executor, name)))


@dataclass(frozen=True)
class _Class:
    """A resource class as the export spells it, and what the rates say of it.

    Attributes:
        names: executor and class.
        machine: the class; None where it is not known, or a machine of the user's own.
        verdict: of a job on it with too few runs.
        is_judged: whether peaks tell which size would do.
        smaller: the next smaller class, if any.
        larger: likewise.
        newer: that of the next generation.
        smaller_newer: the smaller one of the next generation.
        as_fast_as: how many times as fast the next generation is at best.
    """

    names: Key
    machine: ResourceClass | None
    verdict: Verdict
    is_judged: bool = False
    smaller: ResourceClass | None = None
    larger: ResourceClass | None = None
    newer: ResourceClass | None = None
    smaller_newer: ResourceClass | None = None
    as_fast_as: Decimal = ZERO

    @classmethod
    def of(cls, executor: str, name: str, rates: Rates) -> "_Class":
        if is_self_hosted(executor, name):
            return cls((executor, name), None, "self-hosted")
        machine = rates.find(executor, name)
        if machine is None:
            return cls((executor, name), None, _unknown(name, rates))
        smaller = rates.smaller(machine)
        return cls(
            (executor, name),
            machine,
            "not enough data",
            rates.sized_by_cpu(machine),
            smaller,
            rates.larger(machine),
            rates.next_generation(machine),
            rates.next_generation(smaller) if smaller else None,
            rates.as_fast_as(machine),
        )

    @property
    def rate(self) -> Decimal | None:
        """Credits a minute."""
        return self.machine.credits_per_minute if self.machine else None

    @property
    def rate_source(self) -> str | None:
        """Who says so."""
        return self.machine.rate_source if self.machine else None

    @property
    def migration(self) -> tuple[str, Decimal, Decimal]:
        """The class of the next generation, the rate now, the rate then; of those that have all three."""
        if self.newer is None or self.rate is None or self.newer.credits_per_minute is None:
            raise ValueError(f"{self.names} has no next generation of a known rate")
        return self.newer.name, self.rate, self.newer.credits_per_minute

    @property
    def pays_to_migrate(self) -> bool:
        """Whether the next generation may pay."""
        newer_rate = self.newer.credits_per_minute if self.newer else None
        return (
            self.rate is not None
            and newer_rate is not None
            and newer_rate <= self.rate * self.as_fast_as
        )

    @property
    def saves_by_migrating(self) -> bool:
        """Whether it pays even if runs take as long as before."""
        return self.pays_to_migrate and self.migration[2] < self.migration[1]


def _unknown(name: str, rates: Rates) -> Verdict:
    """What is to be said of a class that the rates do not have."""
    if name == NO_NAME:  # it never had a machine
        return "not enough data"
    return "unknown size" if rates.documents(name) else "unknown class"


@dataclass(frozen=True)
class _Judged:
    """A row of `Performance.machines`, with the class and what it costs."""

    key: Key
    of: _Class
    runs: int
    measured: int
    cpu: float | None
    ram: float | None
    median_runs: int
    median_cpu: float | None
    credits: Decimal
    cost: Decimal

    def said(self) -> dict[str, object]:
        """What is to be said of it: values of `_SAID`."""
        verdict, suggested = self._verdict()
        saving, recommended = self._best(verdict, suggested)
        recommended = recommended or suggested
        saved_credits, saved = self._saved_by(recommended)
        return {
            "verdict": verdict,
            "suggested": suggested.name if suggested else None,
            "saved_credits": saved_credits,
            "saved": saved,
            "recommended": recommended.name if recommended else None,
            "saving": saving,
            "speed_up": self._speed_up(),
        }

    def _verdict(self) -> tuple[Verdict, ResourceClass | None]:
        machine, cpu, ram = self.of.machine, self.cpu, self.ram
        if (
            machine is None
            or not self.of.is_judged
            or self.measured < ENOUGH_RUNS
            or cpu is None
            or ram is None
        ):
            return self.of.verdict, None
        smaller, larger = self.of.smaller, self.of.larger
        if smaller and _fits(machine, smaller, cpu, ram):
            if machine.credits_per_minute is None or smaller.credits_per_minute is None:
                return "unknown rate", None
            if smaller.credits_per_minute < machine.credits_per_minute:
                return "smaller", smaller
        if larger and cpu >= FULL_CPU and ram > FULL_RAM:
            return "larger", larger
        return "fits", None

    def _best(
        self, verdict: Verdict, suggested: ResourceClass | None
    ) -> tuple[Saving | None, ResourceClass | None]:
        """The class with the lowest rate of those that save for certain, and how it does."""
        rate = self.of.rate
        if rate is None or not self.credits:
            return None, None
        if self.runs < ENOUGH_RUNS:
            return None, None
        cheaper = [
            (choice.credits_per_minute, saving, choice)
            for saving, choice in _choices(self.of, verdict, suggested)
            if choice.credits_per_minute is not None
            if choice.credits_per_minute < rate and self._still_fits(choice)
        ]
        if not cheaper:
            return None, None
        _, saving, choice = min(cheaper, key=lambda each: each[0])
        return saving, choice

    def _still_fits(self, choice: ResourceClass) -> bool:
        """Whether the class is no smaller than the present one, or large enough for what was measured."""
        machine = self.of.machine
        if machine is None or (choice.vcpus >= machine.vcpus and choice.ram_gb >= machine.ram_gb):
            return True
        return (
            self.cpu is not None
            and self.ram is not None
            and _fits(machine, choice, self.cpu, self.ram)
        )

    def _saved_by(self, choice: ResourceClass | None) -> tuple[Decimal | None, Decimal | None]:
        """Credits and money a month."""
        if self.of.machine is None or choice is None:
            return ZERO, ZERO
        rate, other = self.of.rate, choice.credits_per_minute
        if rate is None or other is None or not rate:
            return None, None
        return _kept(self.credits, rate, other, 0), _kept(self.cost, rate, other, _CENTS)

    def _speed_up(self) -> SpeedUp | None:
        machine, larger, median = self.of.machine, self.of.larger, self.median_cpu
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
            rounded(larger_rate * time_left / rate - 1, 6)
            if rate and larger_rate is not None
            else None,
            self.cost,
        )


def _kept(amount: Decimal, rate: Decimal, other: Decimal, places: int) -> Decimal:
    """What is left of an amount when its runs take as long at another rate."""
    with estimating():
        return rounded(amount * (1 - other / rate), places)


def _choices(
    machine: _Class, verdict: Verdict, suggested: ResourceClass | None
) -> Iterator[tuple[Saving, ResourceClass]]:
    """The classes that may save, the least change first."""
    if suggested:
        yield "smaller class" if verdict == "smaller" else "larger class", suggested
    if machine.newer:
        yield "next generation", machine.newer
    if machine.smaller_newer and suggested and verdict == "smaller":
        yield "smaller class of the next generation", machine.smaller_newer


def _known(value: Any) -> Any:  # noqa: ANN401 - a value of any column
    """A value of a row; NaN stands for what was not measured."""
    return None if isinstance(value, float) and isnan(value) else value


def _fits(machine: ResourceClass, smaller: ResourceClass, cpu: float, ram: float) -> bool:
    """Whether what was used of a class, and a fifth more, fits a smaller one."""
    if cpu >= FULL_CPU:
        return False
    needed_vcpus = machine.vcpus * Decimal(cpu) / 100 * HEAD_ROOM
    needed_ram = machine.ram_gb * Decimal(ram) / 100 * HEAD_ROOM
    return needed_vcpus <= smaller.vcpus and needed_ram <= smaller.ram_gb
