"""Daily usage → what a proposal needs to know of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.completeness import days_with_usage
from circleci_usage.analysis.daily_costs import sums_by_day
from circleci_usage.analysis.numbered_jobs import numbered_jobs
from circleci_usage.analysis.team_proposals import SeenProject
from circleci_usage.core.decimals import total
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period, add_months, month_start, uncovered
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.schema.keys import OrganizationKey
from circleci_usage.usage.daily_usage import DailyUsage

SEATS: Final = "user"
"""The credit type of user seats."""

_MONTHS: Final = 13
"""Older months are not looked for: CircleCI keeps no more."""


@dataclass(frozen=True)
class SeenUsage:
    """Usage, as far as a proposal depends on it.

    Attributes:
        days: from the first to the last with usage; None if no row has a day.
        job_runs: how many.
        organizations: the most credits first.
        projects: the most credits first; charges without a project among them.
        seats: day → the credits of user seats that were charged on it.
        last_month: the last full calendar month; None without one.
        last_month_credits: what it used.
        job_groups: name → globs of numbered jobs, as the report suggests them.
    """

    days: Period | None
    job_runs: int
    organizations: tuple[OrganizationKey, ...]
    projects: tuple[SeenProject, ...]
    seats: Mapping[date, Decimal]
    last_month: Period | None
    last_month_credits: Decimal
    job_groups: Mapping[str, tuple[str, ...]]

    @property
    def credits(self) -> Decimal:
        """All credits."""
        return total(project.credits for project in self.projects)


def seen_usage(usage: DailyUsage, complete: tuple[Period, ...] | None = None) -> SeenUsage:
    """What a proposal needs to know of usage.

    Args:
        usage: of all days that there are.
        complete: the days whose data are complete, as a store knows them; None for files, whose
            days from the first to the last count as complete.
    """
    days = days_with_usage(usage.runs)
    known = complete if complete is not None else tuple(filter(None, [days]))
    month = _last_full_month(days, known)
    by_day = _credits_by_day(usage.credits, usage.places)
    seats = usage.credits[usage.credits["credit_type"] == SEATS]
    of_month = (credits for day, credits in by_day.items() if month and day in month)
    return SeenUsage(
        days=days,
        job_runs=usage.rows,
        organizations=_organizations(usage),
        projects=_projects(usage),
        seats={day: sum_ for day, sum_ in _credits_by_day(seats, usage.places).items() if sum_ > 0},
        last_month=month,
        last_month_credits=total(of_month),
        job_groups={job.name: job.globs for job in numbered_jobs(usage.run_statistics)},
    )


def _organizations(usage: DailyUsage) -> tuple[OrganizationKey, ...]:
    counts = _counts_by(usage, OrganizationKey._fields)
    found = sorted(counts, key=lambda key: (-counts[key], key))
    return tuple(OrganizationKey(*key) for key in found)


def _projects(usage: DailyUsage) -> tuple[SeenProject, ...]:
    counts = _counts_by(usage, ("organization", "project"))
    found = [SeenProject(*key, to_decimal(count, usage.places)) for key, count in counts.items()]
    return tuple(sorted(found, key=lambda each: (-each.credits, each.path)))


def _counts_by(usage: DailyUsage, keys: Sequence[str]) -> dict[tuple[str, str], int]:
    """The credits, as counts, of each pair of names that job runs have, also those without any."""
    known = usage.runs[[*keys]].drop_duplicates().itertuples(index=False, name=None)
    used = sum_by(usage.credits, keys, ["credits"])["credits"]
    counts = dict.fromkeys(known, 0) | dict(zip(used.index, used.tolist(), strict=True))
    return {(str(first), str(second)): count for (first, second), count in counts.items()}


def _credits_by_day(credits: pd.DataFrame, places: int) -> dict[date, Decimal]:
    counts = sums_by_day(credits.dropna(subset="date"), "credits")
    return {day: to_decimal(count, places) for day, count in counts.items()}


def _last_full_month(days: Period | None, known: Iterable[Period]) -> Period | None:
    """The last calendar month with usage, all of whose days are known."""
    if days is None:
        return None
    known = tuple(known)
    months = (_month(days.last, ago) for ago in range(_MONTHS))
    with_usage = (month for month in months if month.overlaps(days))
    full = (month for month in with_usage if not uncovered(month, known))
    return next(full, None)


def _month(day: date, ago: int) -> Period:
    first = add_months(month_start(day), -ago)
    return Period(first, add_months(first, 1))
