"""Which resource class is recommended for each job, and what it saves a month."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isnan
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.rightsizing.monthly_costs import CENTS, MEASURED, saved_at_rate
from circleci_usage.analysis.rightsizing.resource_classes import ClassFacts, Verdict
from circleci_usage.analysis.rightsizing.speed_ups import BusyRuns, SpeedUp, speed_up
from circleci_usage.core.columnar import Cells, Records, Values, columns_of, order
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.scaled_integers import to_count
from circleci_usage.costs.resource_rates import ResourceClass
from circleci_usage.schema.keys import JobClassKey

HEAD_ROOM: Final = Decimal("1.2")
"""A smaller class must have room for 20% more than was used."""

FULL_CPU: Final = 100
FULL_RAM: Final = 90
"""Percent from which a job is under-provisioned, when both are reached."""

SAVINGS_ASSUME: Final = "This assumes that runs take as long as before."
"""A note for every saving that is shown."""

Saving = Literal[
    "smaller class", "larger class", "next generation", "smaller class of the next generation"
]
"""How a job saves; by a larger class only where a contract makes that cheaper."""

_UNJUDGED: Final = {
    "verdict": None,
    "suggested": None,
    "saved_credits": ZERO,
    "saved": ZERO,
    "recommended": None,
    "saving": None,
    "rate_source": None,
    "speed_up": None,
}
"""Fields of a job with too few runs; verdict and rate source are those of its class."""

_FIELDS: Final = (
    *("verdict", "suggested", "runs", "measured_runs", "p95_cpu", "p95_ram", "median_runs"),
    *("p50_median_cpu", "credits", "cost", "saved_credits", "saved", "recommended", "saving"),
    *("rate_source", "speed_up"),
)
"""The fields of `Recommendation` after its key."""

_KEYS: Final = [*JobClassKey._fields]


@dataclass(frozen=True)
class Recommendation:
    """A job on one resource class, and what is recommended.

    Attributes:
        key: the job and its class.
        verdict: whether it is over-provisioned (`smaller`), under-provisioned (`larger`), fits, or
            why that is unknown.
        suggested: the cheapest smaller class that fits, or the next larger one, if any.
        runs: that ended in the period.
        measured_runs: those of them whose peaks are known.
        p95_cpu: percent of the class; None where none was measured.
        p95_ram: likewise.
        median_runs: those whose median CPU use is known.
        median_cpu: what half of these reach at least, likewise.
        credits: compute credits a month, rounded to a whole one.
        cost: their contracted cost.
        saved_credits: a month, by the recommended class; negative where it costs more, None where
            that is not known.
        saved: in money.
        recommended: the class that saves most for certain; without one, the suggested class.
        saving: how the recommended class saves; None where it does not.
        rate_source: where the rate of the current class is from; None where it is not known.
        speed_up: what a larger class may make of it; no part of any saving.
    """

    key: JobClassKey
    verdict: Verdict
    suggested: str | None
    runs: int
    measured_runs: int
    p95_cpu: float | None
    p95_ram: float | None
    median_runs: int
    median_cpu: float | None
    credits: Decimal
    cost: Decimal
    saved_credits: Decimal | None = ZERO
    saved: Decimal | None = ZERO
    recommended: str | None = None
    saving: Saving | None = None
    rate_source: str | None = None
    speed_up: SpeedUp | None = None

    @property
    def is_measured(self) -> bool:
        """Whether peaks are known of enough runs."""
        is_known = self.p95_cpu is not None and self.p95_ram is not None
        return is_known and self.measured_runs >= ENOUGH_RUNS

    @property
    def resource_class(self) -> str:
        """The current class, as the export spells it."""
        return self.key.resource_class


def recommendations(
    table: pd.DataFrame, numbers: Values, classes: Sequence[ClassFacts]
) -> Records[Recommendation]:
    """A recommendation for each row, the largest saving first.

    Most of very many jobs have too few runs to be judged, and differ only by their class: only the
    others are examined one by one.

    Args:
        table: of `monthly_table`.
        numbers: which of the classes each row of it is of.
        classes: what is known about them.
    """
    fields = _unjudged(numbers, classes)
    runs = table[["runs", "measured_runs", "median_runs"]].max(axis=1).to_numpy()
    enough = np.flatnonzero(runs >= ENOUGH_RUNS)
    for row, judged in _judged_rows(table, enough, numbers, classes):
        for name, value in judged.fields().items():
            fields[name][row] = value
    found = {name: pd.Series(values, table.index, "object") for name, values in fields.items()}
    cents = [to_count(each, CENTS) if each else 0 for each in fields["saved"].tolist()]
    table = table.assign(**found, saved_cents=np.array(cents, dtype="object"))
    columns = columns_of(table, [*_KEYS, *_FIELDS])
    return Records(_recommendation, columns, order(table, ("saved_cents", "cents"), _KEYS))


def _recommendation(values: Cells) -> Recommendation:
    key, others = values[: len(_KEYS)], values[len(_KEYS) :]
    return Recommendation(JobClassKey(*key), *map(_known, others))


def _unjudged(numbers: Values, classes: Sequence[ClassFacts]) -> dict[str, Values]:
    """Field → its value in each row, as long as the runs are not judged."""
    fields = {
        name: np.full(len(numbers), value, dtype="object") for name, value in _UNJUDGED.items()
    }
    for name in ("verdict", "rate_source"):
        of_classes = [getattr(each, name) for each in classes]
        fields[name] = np.array([*of_classes, None], dtype="object")[numbers]
    return fields


def _judged_rows(
    table: pd.DataFrame, rows: Values, numbers: Values, classes: Sequence[ClassFacts]
) -> Iterator[tuple[int, "_Judged"]]:
    """Some rows of the table, by their places, with their classes."""
    some = table.iloc[rows][[*_KEYS, *MEASURED, "credits", "cost"]]
    lines = some.itertuples(index=False, name=None)
    for row, values in zip(rows.tolist(), lines, strict=True):
        key, measured = values[: len(_KEYS)], values[len(_KEYS) :]
        yield row, _Judged(JobClassKey(*key), classes[numbers[row]], *map(_known, measured))


@dataclass(frozen=True)
class _Judged:
    """A job on a class: what was measured, and what it costs a month."""

    key: JobClassKey
    facts: ClassFacts
    runs: int
    measured_runs: int
    cpu: float | None
    ram: float | None
    median_runs: int
    median_cpu: float | None
    credits: Decimal
    cost: Decimal

    def fields(self) -> dict[str, object]:
        """The fields of `_UNJUDGED`."""
        verdict, suggested = self._verdict()
        saving, cheapest = self._cheapest(suggested if verdict == "larger" else None)
        recommended = cheapest or suggested
        saved_credits, saved = self._saved_by(recommended)
        busy = BusyRuns(self.key, self.median_runs, self.median_cpu, self.credits, self.cost)
        return {
            "verdict": verdict,
            "suggested": suggested.name if suggested else None,
            "saved_credits": saved_credits,
            "saved": saved,
            "recommended": recommended.name if recommended else None,
            "saving": saving,
            "speed_up": speed_up(busy, self.facts),
        }

    def _verdict(self) -> tuple[Verdict, ResourceClass | None]:
        """Whether the class is too large or too small, and the class to use instead."""
        if not self._is_measured():
            return self.facts.verdict, None
        fitting, larger = self._fitting(self.facts.smaller), self.facts.larger
        cheapest = _cheapest_of(self._cheaper(fitting))
        cheapest = cheapest or _cheapest_of(self._cheaper(self._fitting(self.facts.smaller_newer)))
        if cheapest:
            return "smaller", cheapest
        rates = [self.facts.rate, *(each.credits_per_minute for each in fitting)]
        if fitting and None in rates:
            return "unknown rate", None
        if larger and (self.cpu or 0) >= FULL_CPU and (self.ram or 0) > FULL_RAM:
            return "larger", larger
        return "fits", None

    def _is_measured(self) -> bool:
        """Whether peaks show which size is enough, in enough runs."""
        is_known = self.facts.is_judged and self.cpu is not None and self.ram is not None
        return is_known and self.measured_runs >= ENOUGH_RUNS

    def _fitting(self, choices: Iterable[ResourceClass]) -> list[ResourceClass]:
        """Those of some smaller classes that fit what was measured."""
        machine, cpu, ram = self.facts.machine, self.cpu, self.ram
        if machine is None or cpu is None or ram is None:
            return []
        return [each for each in choices if fits_smaller(machine, each, cpu, ram)]

    def _cheaper(self, choices: Iterable[ResourceClass]) -> list[ResourceClass]:
        """Those of some classes whose rate is lower than that of the current class."""
        rate = self.facts.rate
        if rate is None:
            return []
        rates = ((each, each.credits_per_minute) for each in choices)
        return [each for each, other in rates if other is not None and other < rate]

    def _cheapest(self, larger: ResourceClass | None) -> tuple[Saving | None, ResourceClass | None]:
        """The class with the lowest rate of those that save for certain, and how it does."""
        if not self.credits or self.runs < ENOUGH_RUNS:
            return None, None
        best_saving, best = None, None
        for saving, choices in self._choices(larger):
            choice = _cheapest_of([*([best] if best else []), *self._cheaper(choices)])
            if choice is not best:
                best_saving, best = saving, choice
        return best_saving, best

    def _choices(
        self, larger: ResourceClass | None
    ) -> Iterator[tuple[Saving, Sequence[ResourceClass]]]:
        """The classes that may save, the smallest change first."""
        facts, is_measured = self.facts, self._is_measured()
        if is_measured:
            yield "smaller class", self._fitting(facts.smaller)
        if larger:
            yield "larger class", [larger]
        if facts.newer and self._still_fits(facts.newer):
            yield "next generation", [facts.newer]
        if is_measured:
            yield "smaller class of the next generation", self._fitting(facts.smaller_newer)

    def _still_fits(self, newer: ResourceClass) -> bool:
        """Whether the class is no smaller than the current one, or fits what was measured."""
        machine = self.facts.machine
        if machine is None or (newer.vcpus >= machine.vcpus and newer.ram_gb >= machine.ram_gb):
            return True
        return bool(self._fitting([newer]))

    def _saved_by(self, choice: ResourceClass | None) -> tuple[Decimal | None, Decimal | None]:
        """Credits and money a month; None where a rate is not known."""
        if self.facts.machine is None or choice is None:
            return ZERO, ZERO
        rate, other = self.facts.rate, choice.credits_per_minute
        if not rate or other is None:
            return None, None
        credits = saved_at_rate(self.credits, rate, other, 0)
        return credits, saved_at_rate(self.cost, rate, other, CENTS)


def _cheapest_of(choices: Iterable[ResourceClass]) -> ResourceClass | None:
    """The one with the lowest rate; of those that cost the same, the first."""
    return min(choices, key=lambda each: each.credits_per_minute or ZERO, default=None)


def fits_smaller(machine: ResourceClass, smaller: ResourceClass, cpu: float, ram: float) -> bool:
    """Whether peak usage plus headroom fits a smaller class.

    40% of 4 CPUs are 1.6, with headroom 1.92: they fit 2 CPUs.

    Args:
        machine: the current class.
        smaller: the other.
        cpu: p95 of the peaks, percent of the current class.
        ram: likewise.
    """
    if cpu >= FULL_CPU:
        return False
    needed_vcpus = machine.vcpus * Decimal(cpu) / 100 * HEAD_ROOM
    return needed_vcpus <= smaller.vcpus and ram_fits(machine, smaller, ram)


def ram_fits(machine: ResourceClass, other: ResourceClass, ram: float) -> bool:
    """Whether peak RAM usage, in percent of the current class, plus headroom fits another class."""
    return machine.ram_gb * Decimal(ram) / 100 * HEAD_ROOM <= other.ram_gb


def _known(value: Any) -> Any:  # noqa: ANN401 - a value of any column
    """A value of a row; NaN stands for what was not measured."""
    return None if isinstance(value, float) and isnan(value) else value
