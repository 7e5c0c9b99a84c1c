"""What changed against the period before, and what drove it.

Method: every project's and every job's change is the plain difference of its cost in both periods, so that the changes
of all projects, and of all jobs, sum exactly to the total's. The drivers are those that moved in the total's direction,
largest first, until they explain `EXPLAINED` of it. A job's change is split into runs and cost a run as in price-volume
analysis: more runs at the old cost of a run, and the rest. Which days are compared: `days.previous_period`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.daily import by_day, of_days
from circleci_usage.analysis.totals import JOB, PROJECT
from circleci_usage.costs import Costs
from circleci_usage.days import Period
from circleci_usage.exact import ZERO, estimating, exact_arithmetic, ratio, rounded, total
from circleci_usage.units import to_decimal

EXPLAINED: Final = Decimal("0.8")
"""This share of the total's change is enough of an explanation."""

MOST_DRIVERS: Final = 5
"""More than that, and nobody reads them."""

_CENTS: Final = 2


@dataclass(frozen=True)
class Change:
    """What something cost before and costs now; `key` names it, and is empty for the total."""

    key: tuple[str, ...]
    before: Decimal
    after: Decimal
    runs_before: int
    runs_after: int

    @property
    def difference(self) -> Decimal:
        """How much more it costs now; negative when it costs less."""
        with exact_arithmetic():
            return self.after - self.before

    @property
    def share(self) -> Decimal | None:
        """The difference as a share of the cost before; None of what is new."""
        return ratio(self.difference, self.before) if self.before else None

    @property
    def by_runs(self) -> Decimal | None:
        """How much of the difference more (or fewer) runs make up, to the cent; None of what is new or gone.

        The rest is what a run costs more or less than before.
        """
        if not (self.runs_before and self.runs_after and self.before):
            return None
        with estimating():
            return rounded(self.before / self.runs_before * (self.runs_after - self.runs_before), _CENTS)


@dataclass(frozen=True)
class Changes:
    """Two periods compared: the total, and all projects and jobs, the largest change first.

    `days_before` is what each day of the period before cost, without seats.
    """

    before: Period
    total: Change
    projects: tuple[Change, ...]
    jobs: tuple[Change, ...]
    days_before: tuple[Decimal, ...]

    @property
    def project_drivers(self) -> tuple[Change, ...]:
        """The projects that explain the total's change."""
        return drivers(self.projects, self.total.difference)

    @property
    def job_drivers(self) -> tuple[Change, ...]:
        """The jobs that explain the total's change."""
        return drivers(self.jobs, self.total.difference)


@dataclass(frozen=True)
class Usage:
    """Owned costs and job runs of one period."""

    costs: Costs
    runs: pd.DataFrame


def compare(now: Usage, past: Usage, before: Period) -> Changes:
    """The costs of a period against those of the one `before`; both in the same places."""
    jobs = _changes(now, past)
    projects = _summed(jobs, len(PROJECT))
    (everything,) = _summed(jobs, 0) or (Change((), ZERO, ZERO, 0, 0),)
    places = past.costs.places("cost")
    days_before = tuple(to_decimal(cost, places) for cost in by_day(of_days(past.costs), before).values())
    return Changes(before, everything, projects, jobs, days_before)


def drivers(changes: Sequence[Change], difference: Decimal) -> tuple[Change, ...]:
    """The fewest changes in the direction of `difference` that explain `EXPLAINED` of it; at most `MOST_DRIVERS`."""
    explaining: list[Change] = []
    explained = ZERO
    for change in changes:
        if len(explaining) == MOST_DRIVERS or abs(explained) >= abs(difference) * EXPLAINED:
            break
        if change.difference * difference > 0:
            explaining.append(change)
            explained += change.difference
    return tuple(explaining)


def _changes(now: Usage, past: Usage) -> tuple[Change, ...]:
    """The changes of all jobs."""
    after, before = _sum(now.costs.lines, "cost"), _sum(past.costs.lines, "cost")
    runs_after, runs_before = _sum(now.runs, "job_runs"), _sum(past.runs, "job_runs")
    places = now.costs.places("cost")
    return _ordered(
        Change(
            job,
            to_decimal(before.get(job, 0), places),
            to_decimal(after.get(job, 0), places),
            runs_before.get(job, 0),
            runs_after.get(job, 0),
        )
        for job in {*before, *after, *runs_before, *runs_after}
    )


def _summed(changes: Iterable[Change], names: int) -> tuple[Change, ...]:
    """Changes added up by the first so many names of their keys."""
    groups: defaultdict[tuple[str, ...], list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.key[:names]].append(change)
    return _ordered(
        Change(
            key,
            total(each.before for each in group),
            total(each.after for each in group),
            sum(each.runs_before for each in group),
            sum(each.runs_after for each in group),
        )
        for key, group in groups.items()
    )


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: (-abs(change.difference), -change.after, change.key)))


def _sum(frame: pd.DataFrame, measure: str) -> dict[tuple[str, ...], int]:
    sums = frame.groupby([*JOB], observed=True)[measure].sum()
    return {tuple(map(str, job)): int(amount) for job, amount in zip(sums.index, sums.tolist(), strict=True)}
