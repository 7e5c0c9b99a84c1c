"""Jobs on machines of the wrong size, and what changing them saves.

Method (right-sizing in the FinOps Framework; AWS Compute Optimizer does alike): the 95th percentile of the runs'
peaks of CPU and RAM plus `HEAD_ROOM` must fit the next smaller class. CircleCI caps a peak of CPU at 100%, so that a
full one never proves that less would do. A job starves when both are at their limit; it is shown what the next larger
class costs. One step at a time: the next report tells whether there is another. A month's saving assumes that runs take
as long as before; with fewer than `ENOUGH_RUNS` measured runs nothing is said. Classes come from the rate table only.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.days import Period
from circleci_usage.money.costs import Costs
from circleci_usage.money.exact import ZERO, estimating, ratio, rounded, total
from circleci_usage.money.rates import Rates, ResourceClass
from circleci_usage.money.units import to_decimal
from circleci_usage.usage.answers import MACHINE_KEYS
from circleci_usage.usage.performance import Performance

HEAD_ROOM: Final = Decimal("1.2")
"""A smaller class has to have room for a fifth more than was used."""

FULL_CPU: Final = 100
FULL_RAM: Final = 90
"""Percent from which a job starves, when both are reached."""

_DAYS_A_MONTH: Final = Decimal("30.4375")
_CENTS: Final = 2

Verdict = Literal["smaller", "larger", "fits", "not enough data", "unknown class"]


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
        saved_credits: a month, by the suggestion; negative where it costs more.
        saved: in money.
    """

    key: tuple[str, ...]
    verdict: Verdict
    suggested: str | None
    runs: int
    measured_runs: int
    p95_cpu: float | None
    p95_ram: float | None
    credits: Decimal
    cost: Decimal
    saved_credits: Decimal = ZERO
    saved: Decimal = ZERO

    @property
    def resource_class(self) -> str:
        """What it runs on, as the export says it."""
        return self.key[-1]


@dataclass(frozen=True)
class Migration:
    """A job that could run on the next generation of its class as it is.

    Attributes:
        key: the values of `performance.MACHINE_KEYS`.
        target: the class.
        rate: credits a minute now.
        target_rate: credits a minute then.
        credits: compute credits a month now.
        cost: what they cost by contract.
    """

    key: tuple[str, ...]
    target: str
    rate: Decimal
    target_rate: Decimal
    credits: Decimal
    cost: Decimal

    @property
    def change(self) -> Decimal:
        """The change of the rate as a share: -0.28 is 28% cheaper at the same length."""
        return ratio(self.target_rate - self.rate, self.rate)

    @property
    def pays_from(self) -> Decimal:
        """How much faster a run has to be for it to cost no more, as a share of its time; 0 where it is cheaper."""
        return max(ZERO, ratio(self.target_rate - self.rate, self.target_rate))


@dataclass(frozen=True)
class RightSizing:
    """All jobs by resource class, the largest saving first, and the migrations, those to cheaper rates first."""

    sizings: tuple[Sizing, ...]
    migrations: tuple[Migration, ...]
    rates: Rates

    def of(self, verdict: Verdict) -> tuple[Sizing, ...]:
        """Those with a verdict."""
        return tuple(sizing for sizing in self.sizings if sizing.verdict == verdict)

    @property
    def saved(self) -> Decimal:
        """Money a month that all smaller classes together save."""
        return total(sizing.saved for sizing in self.of("smaller"))

    @property
    def saved_credits(self) -> Decimal:
        """Credits a month that all smaller classes together save."""
        return total(sizing.saved_credits for sizing in self.of("smaller"))


def right_size(costs: Costs, performance: Performance, rates: Rates, period: Period) -> RightSizing:
    """Judge every job of the period on every resource class it ran on.

    Args:
        costs: of the period.
        performance: of the same period.
        rates: the classes and their sizes.
        period: how many days the amounts are of.
    """
    with estimating():
        amounts = _amounts(costs, _DAYS_A_MONTH / len(period))
        sizings = [_sizing(row, amounts, rates) for row in performance.machines.to_dict("records")]
        migrations = (_migration(sizing, rates) for sizing in sizings)
        return RightSizing(
            tuple(sorted(sizings, key=lambda sizing: (-sizing.saved, -sizing.cost, sizing.key))),
            tuple(sorted(filter(None, migrations), key=lambda each: (each.change > 0, -each.cost, each.key))),
            rates,
        )


def _amounts(costs: Costs, months: Decimal) -> dict[tuple[str, ...], tuple[Decimal, Decimal]]:
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


def _sizing(
    row: Mapping[Hashable, Any], amounts: dict[tuple[str, ...], tuple[Decimal, Decimal]], rates: Rates
) -> Sizing:
    key = tuple(str(row[name]) for name in MACHINE_KEYS)
    credits, cost = amounts.get(key, (ZERO, ZERO))
    machine = rates.find(*key[-2:])
    measured = int(row["measured_runs"])
    cpu, ram = (float(row[name]) if measured else None for name in ("p95_cpu", "p95_ram"))
    verdict, suggested = _verdict(machine, measured, cpu, ram, rates)
    kept = (
        ZERO if machine is None or suggested is None else 1 - suggested.credits_per_minute / machine.credits_per_minute
    )
    return Sizing(
        key,
        verdict,
        suggested.name if suggested else None,
        int(row["runs"]),
        measured,
        cpu,
        ram,
        credits,
        cost,
        rounded(credits * kept, 0),
        rounded(cost * kept, _CENTS),
    )


def _verdict(
    machine: ResourceClass | None, measured: int, cpu: float | None, ram: float | None, rates: Rates
) -> tuple[Verdict, ResourceClass | None]:
    if machine is None:
        return "unknown class", None
    if measured < ENOUGH_RUNS or cpu is None or ram is None:
        return "not enough data", None
    smaller, larger = rates.smaller(machine), rates.larger(machine)
    if smaller and _fits(machine, smaller, cpu, ram):
        return "smaller", smaller
    if larger and cpu >= FULL_CPU and ram > FULL_RAM:
        return "larger", larger
    return "fits", None


def _fits(machine: ResourceClass, smaller: ResourceClass, cpu: float, ram: float) -> bool:
    if cpu >= FULL_CPU:
        return False
    needed_vcpus = machine.vcpus * Decimal(cpu) / 100 * HEAD_ROOM
    needed_ram = machine.ram_gb * Decimal(ram) / 100 * HEAD_ROOM
    cheaper = smaller.credits_per_minute < machine.credits_per_minute
    return cheaper and needed_vcpus <= smaller.vcpus and needed_ram <= smaller.ram_gb


def _migration(sizing: Sizing, rates: Rates) -> Migration | None:
    machine = rates.find(*sizing.key[-2:])
    target = rates.next_generation(machine) if machine else None
    if machine is None or target is None or not sizing.credits:
        return None
    return Migration(
        sizing.key,
        target.name,
        machine.credits_per_minute,
        target.credits_per_minute,
        sizing.credits,
        sizing.cost,
    )
