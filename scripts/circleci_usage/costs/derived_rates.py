"""What resource classes cost according to an export: credits ÷ minutes ÷ containers.

CircleCI rounds each container's time up to the second and its credits up to the credit. For a run
of at least a minute (`usage.job_run_rules.SHORTEST`), half a credit less is therefore at most half
a credit a minute off, so its nearest whole rate is the right one. Exports are off by a second now
and then, which the tolerance allows for.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import accumulate
from typing import Any, Final, Self

import pandas as pd

from circleci_usage.core.decimals import estimating, total
from circleci_usage.costs.resource_rates import class_identity

AGREEING_RUNS: Final = 5
"""How many runs have to agree."""


@dataclass(frozen=True)
class _Agreement:
    """How close rates have to be, besides rounding, and for which share of the runs."""

    tolerance: Decimal
    share: Decimal


_ALONE: Final = _Agreement(tolerance=Decimal("0.02"), share=Decimal("0.5"))
"""For runs with one container: a second per minute, and a little more."""

_IN_PARALLEL: Final = _Agreement(tolerance=Decimal(0), share=Decimal("0.9"))
"""For parallel runs: unless all containers end together, the rate comes out too low."""

_HALF: Final = Decimal("0.5")
_TENTH: Final = Decimal("0.1")
_SECONDS: Final = 60


@dataclass(frozen=True)
class DerivedRate:
    """The rate that runs of a class agree on.

    Attributes:
        credits_per_minute: of one container: the whole number that fits the sum of the runs, else a
            tenth.
        low: the lowest rate that rounding allows.
        high: the highest.
        runs: how many agree.
        of_runs: how many could be used.
        in_parallel: whether runs with several containers are among them, which may make the rate
            too low.
    """

    credits_per_minute: Decimal
    low: Decimal
    high: Decimal
    runs: int
    of_runs: int
    in_parallel: bool

    def contradicts(self, rate: Decimal) -> bool:
        """Whether rounding cannot explain the difference from a known rate."""
        return rate < self.low or (rate > self.high and not self.in_parallel)


@dataclass(frozen=True)
class _Tally:
    """Runs with the same whole rate, and what they used together."""

    rate: int
    in_parallel: bool
    runs: int
    credits: Decimal
    container_seconds: int
    containers: int

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        return cls(
            int(row["rate"]),
            bool(row["in_parallel"]),
            int(row["runs"]),
            row["credits"],
            int(row["container_seconds"]),
            int(row["containers"]),
        )


def derive_rates(classes: pd.DataFrame) -> dict[tuple[str, str], DerivedRate]:
    """Tallies of runs → the rate of each class on which enough of them agree.

    Args:
        classes: of `RunStatistics`.

    Returns:
        The rates by `resource_rates.class_identity`.
    """
    tallies: defaultdict[tuple[str, str], list[_Tally]] = defaultdict(list)
    for row in classes.to_dict("records"):
        tallies[class_identity(str(row["executor"]), str(row["resource_class"]))].append(
            _Tally.of(row)
        )
    with estimating():
        derived = {key: _derived(of_class) for key, of_class in tallies.items()}
    return {key: rate for key, rate in derived.items() if rate}


def _derived(tallies: Sequence[_Tally]) -> DerivedRate | None:
    """From the runs with one container, if there are enough: only their time is certain."""
    alone = [tally for tally in tallies if not tally.in_parallel]
    if _runs(alone) >= AGREEING_RUNS:
        return _agreed(alone, _ALONE)
    return _agreed(tallies, _IN_PARALLEL)


def _agreed(tallies: Sequence[_Tally], needed: _Agreement) -> DerivedRate | None:
    agreeing = _most_agreeing(tallies, needed.tolerance)
    runs, of_runs = _runs(agreeing), _runs(tallies)
    if runs < AGREEING_RUNS or runs <= of_runs * needed.share:
        return None
    credits = total(tally.credits for tally in agreeing)
    seconds = sum(tally.container_seconds for tally in agreeing)
    containers = sum(tally.containers for tally in agreeing)
    low = _SECONDS * (credits - containers) / (seconds + containers)
    high = _SECONDS * credits / (seconds - containers)
    likely = _SECONDS * (credits - _HALF * containers) / seconds
    return DerivedRate(
        _simplest(likely, low, high),
        low,
        high,
        runs,
        of_runs,
        any(tally.in_parallel for tally in agreeing),
    )


def _most_agreeing(tallies: Sequence[_Tally], tolerance: Decimal) -> Sequence[_Tally]:
    """The tallies around the rate that most runs are close to."""
    ordered = sorted(tallies, key=lambda tally: tally.rate)
    rates = [tally.rate for tally in ordered]
    so_far = [0, *accumulate(tally.runs for tally in ordered)]

    def near(tally: _Tally) -> slice:
        within = 1 + tally.rate * tolerance
        return slice(
            bisect_left(rates, tally.rate - within), bisect_right(rates, tally.rate + within)
        )

    def support(tally: _Tally) -> tuple[int, int, int]:
        around = near(tally)
        return so_far[around.stop] - so_far[around.start], tally.runs, tally.rate

    return ordered[near(max(ordered, key=support))] if ordered else ()


def _simplest(likely: Decimal, low: Decimal, high: Decimal) -> Decimal:
    """The nearest whole number if rounding allows it, else the nearest tenth."""
    whole = (likely + _HALF).to_integral_value(ROUND_FLOOR)
    return whole if low <= whole <= high else likely.quantize(_TENTH, ROUND_HALF_UP)


def _runs(tallies: Iterable[_Tally]) -> int:
    return sum(tally.runs for tally in tallies)
