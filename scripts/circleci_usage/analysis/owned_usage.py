"""Costs and job runs with their teams and names: what every breakdown and analysis is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from circleci_usage.analysis.unattributed import named_costs, named_runs
from circleci_usage.core.periods import ONE_DAY, Period
from circleci_usage.costs.allocation import Ownership, allocate, allocated
from circleci_usage.costs.costs import Costs, within
from circleci_usage.usage.daily_usage import DailyUsage
from circleci_usage.usage.job_groups import JobGroups


@dataclass(frozen=True)
class OwnedUsage:
    """Costs and job runs with their teams, day by day.

    Attributes:
        costs: by the names of job groups; costs without a project or job go by their credit type.
        runs: by the same names.
        unnamed: the costs before they were named by credit type, as `RunStatistics` names them.
        allocated_runs: by the names that the export has.
        days: all days that these are of.
    """

    costs: Costs
    runs: pd.DataFrame
    unnamed: Costs
    allocated_runs: pd.DataFrame
    days: Period

    def within(self, period: Period) -> "OwnedPeriod":
        """The same for the days reported on."""
        unnamed_by_day = self.unnamed.within(period)
        unnamed = unnamed_by_day.over_days()
        return OwnedPeriod(
            costs=self.costs.within(period),
            runs=within(self.runs, period),
            unnamed_by_day=unnamed_by_day,
            unnamed=unnamed,
            over_days=named_costs(unnamed),
        )


@dataclass(frozen=True)
class OwnedPeriod:
    """The owned usage of the days reported on.

    Attributes:
        costs: day by day.
        runs: likewise.
        unnamed_by_day: the costs by the names that `RunStatistics` has, day by day.
        unnamed: the same, summed over the days.
        over_days: `costs`, summed over the days.
    """

    costs: Costs
    runs: pd.DataFrame
    unnamed_by_day: Costs
    unnamed: Costs
    over_days: Costs


def priced_days(costs: Costs, days: Period, period: Period) -> Period:
    """The days after the last one before the period that has usage without a price.

    Usage without a price says nothing about usual costs.

    Args:
        costs: of these days.
        days: of the period, and those before that show usual costs.
        period: the days reported on.
    """
    starts = [day + ONE_DAY for day in costs.unpriced_days() if day < period.start]
    return Period(max([days.start, *starts]), days.stop)


def allocate_usage(
    usage: DailyUsage, costs: Costs, ownership: Ownership, job_groups: JobGroups, days: Period
) -> OwnedUsage:
    """Give costs and job runs their teams, then the names of their job groups.

    Teams come first, because the jobs of a group may belong to several teams.

    Args:
        usage: daily usage.
        costs: its costs.
        ownership: the teams and what they own.
        job_groups: what jobs are called.
        days: those to keep.
    """
    names = job_groups.renamed(usage.runs["job"].cat.categories)
    allocated_costs = allocated(costs.within(days), ownership)
    allocated_runs = allocate(within(usage.runs, days), ownership)
    unnamed = replace(allocated_costs, lines=grouped_jobs(allocated_costs.lines, names))
    return OwnedUsage(
        costs=named_costs(unnamed),
        runs=grouped_jobs(named_runs(allocated_runs, allocated_costs.lines), names),
        unnamed=unnamed,
        allocated_runs=allocated_runs,
        days=days,
    )


def grouped_jobs(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The rows with their jobs' names replaced by those of the job groups."""
    if not names:
        return frame
    jobs = frame["job"].cat
    new = [names.get(job, job) for job in jobs.categories]
    categories = pd.Index(sorted(set(new)), dtype="object")
    codes = categories.get_indexer(pd.Index(new, dtype="object"))
    return frame.assign(job=pd.Categorical.from_codes(codes[jobs.codes], categories))
