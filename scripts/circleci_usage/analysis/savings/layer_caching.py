"""Docker layer caching that costs more than the time that it saves.

CircleCI charges it per run, so it pays where a run without it would take longer by the same amount
of compute: 200 credits are ten minutes of a class for 20 credits a minute. What it saves is seen
where a job ran with and without it: the medians of the runs that succeeded are compared. Without
enough runs of both, only a run that as a whole uses less compute than its caching costs is worth a
look: caching would have to more than double its speed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import pandas as pd

from circleci_usage.analysis.durations import known_number
from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.savings.actions import Action, Certainty, Change, Number
from circleci_usage.analysis.savings.charged_rates import ChargedRates
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.core.columnar import found_in
from circleci_usage.core.decimals import ZERO, estimating, rounded, total
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobClassKey, JobKey

LAYER_CACHING: Final = "dlc"
"""The credit type."""

_KEYS: Final = [*JobClassKey._fields]
_MINUTE: Final = 60


@dataclass(frozen=True)
class _CachedRuns:
    """A job on a class, with runs that used layer caching.

    Attributes:
        key: the job and the class.
        runs: that used it.
        timed: those of them that succeeded.
        seconds: their median; None where none did.
        timed_without: runs that succeeded without it.
        seconds_without: their median; None where there are none.
        charged: credits for layer caching, in all.
        rate: credits a second of a whole run; None where it is not known.
    """

    key: JobClassKey
    runs: int
    timed: int
    seconds: float | None
    timed_without: int
    seconds_without: float | None
    charged: Decimal
    rate: Decimal | None

    @cached_property
    def worth(self) -> Decimal | None:
        """Credits for compute that it saved in all; None where that is not known."""
        if self.seconds is None or self.seconds_without is None:
            return None
        if min(self.timed, self.timed_without) < ENOUGH_RUNS:
            return None
        saved = max(ZERO, Decimal(self.seconds_without) - Decimal(self.seconds))
        if not saved:
            return ZERO
        with estimating():
            return None if self.rate is None else saved * self.rate * self.runs

    @property
    def costs_more_than_compute(self) -> bool:
        """Whether a run with it uses less compute than it costs, as far as enough runs tell."""
        if self.seconds is None or self.rate is None or self.timed < ENOUGH_RUNS:
            return False
        with estimating():
            return Decimal(self.seconds) * self.rate * self.runs < self.charged

    @property
    def break_even(self) -> Decimal | None:
        """Seconds that it has to save a run in order to pay; None where that is not known."""
        if not self.rate:
            return None
        with estimating():
            return rounded(self.charged / self.runs / self.rate, 1)


def layer_caching_that_does_not_pay(known: SavingsInput) -> Iterator[Action]:
    """Jobs whose layer caching costs more than it saves."""
    of_jobs: defaultdict[JobKey, list[_CachedRuns]] = defaultdict(list)
    for each in _cached_runs(known):
        of_jobs[each.key.job_key].append(each)
    for job, classes in of_jobs.items():
        share = _lost_share(classes)
        if share is not None and share > ZERO:
            yield from _action(known, job, classes, "likely", share)
        elif share is None and all(each.costs_more_than_compute for each in classes):
            yield from _action(known, job, classes, "worth a look", Decimal(1))


def _lost_share(classes: Sequence[_CachedRuns]) -> Decimal | None:
    """The share of the charge that no saved time makes up for; None where that is not known."""
    worths = [each.worth for each in classes]
    known = [worth for worth in worths if worth is not None]
    if len(known) < len(worths):
        return None
    charged = total(each.charged for each in classes)
    with estimating():
        return (charged - total(known)) / charged


def _action(
    known: SavingsInput,
    job: JobKey,
    classes: Sequence[_CachedRuns],
    certainty: Certainty,
    share: Decimal,
) -> Iterator[Action]:
    spent = known.places.of_job(job, LAYER_CACHING)
    if spent:
        yield Action(
            kind="layer caching",
            where=JobClassKey(*job, "", ""),
            certainty=certainty,
            effort="low",
            lever="rate",
            parts=tuple(each.saved(share) for each in spent),
            evidence=_evidence(classes),
            change=Change("docker_layer_caching", "true", "false"),
        )


def _evidence(classes: Sequence[_CachedRuns]) -> Mapping[str, Number]:
    """Of all classes the runs, and of the one with most runs the times."""
    main = max(classes, key=lambda each: (each.runs, each.key))
    facts = {
        "cached_runs": sum(each.runs for each in classes),
        "p50_cached": main.seconds,
        "uncached_runs": sum(each.timed_without for each in classes),
        "p50_uncached": main.seconds_without,
        "break_even_seconds": main.break_even,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _cached_runs(known: SavingsInput) -> Iterable[_CachedRuns]:
    machines = known.statistics.machines
    cached = machines[machines["cached_runs"] > 0]
    costs = known.owned.unnamed
    charged = _charged(costs, cached)
    rates = ChargedRates(known.right_sizing.classes)
    for row, credits in zip(cached.to_dict("records"), charged, strict=True):
        if credits > ZERO:
            yield _of_row(row, credits, rates)


def _charged(costs: Costs, machines: pd.DataFrame) -> Sequence[Decimal]:
    """Credits for layer caching of each job on a class."""
    lines = costs.lines[costs.lines["credit_type"] == LAYER_CACHING]
    found = found_in(sum_by(lines, _KEYS, ["credits"]), machines[_KEYS])
    places = costs.places("credits")
    return [to_decimal(int(count), places) for count in found["credits"].tolist()]


def _of_row(row: Mapping[Any, Any], charged: Decimal, rates: ChargedRates) -> _CachedRuns:
    key = JobClassKey(*(row[name] for name in _KEYS))
    return _CachedRuns(
        key,
        runs=int(row["cached_runs"]),
        timed=int(row["runs_with_cached_seconds"]),
        seconds=known_number(row, "p50_cached_seconds"),
        timed_without=int(row["runs_with_uncached_seconds"]),
        seconds_without=known_number(row, "p50_uncached_seconds"),
        charged=charged,
        rate=_a_second(rates.of(key), int(row["containers"]), int(row["container_runs"])),
    )


def _a_second(rate: Decimal | None, containers: int, runs: int) -> Decimal | None:
    """Credits a second of a whole run: in all of its containers, or in one if that is not known."""
    if rate is None:
        return None
    with estimating():
        a_run = Decimal(containers) / runs if runs else Decimal(1)
        return rate / _MINUTE * a_run
