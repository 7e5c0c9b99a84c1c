"""What each job of a project used a month, on which classes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.rightsizing.monthly_costs import DAYS_A_MONTH
from circleci_usage.analysis.savings.layer_caching import LAYER_CACHING
from circleci_usage.analysis.savings.monthly_places import COMPUTE
from circleci_usage.circleci_config.jobs import ConfigJob
from circleci_usage.core.decimals import ZERO, estimating
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.resource_rates import Rates
from circleci_usage.estimate.amounts import NOTHING, Amount
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.keys import ProjectKey
from circleci_usage.usage.daily_usage import DailyUsage

_JOB: Final = ["workflow", "job"]
_CLASS: Final = [*_JOB, "executor", "resource_class"]

JobName = tuple[str, str]
"""Workflow and job, as in the export."""


@dataclass(frozen=True)
class ClassHistory:
    """What a job used on a class a month.

    Attributes:
        executor: as in the export.
        resource_class: likewise.
        runs: that had a machine.
        seconds: of these, in all.
        compute: what they cost in compute.
    """

    executor: str
    resource_class: str
    runs: Decimal
    seconds: Decimal
    compute: Amount


@dataclass(frozen=True)
class JobHistory:
    """What a job used a month.

    Attributes:
        name: workflow and job.
        classes: those that it ran on.
        layer_caching: what Docker layer caching cost.
        others: what it cost besides, such as storage.
    """

    name: JobName
    classes: tuple[ClassHistory, ...]
    layer_caching: Amount = NOTHING
    others: Amount = NOTHING

    @property
    def runs(self) -> Decimal:
        """How often it ran."""
        return sum((each.runs for each in self.classes), ZERO)

    @property
    def compute(self) -> Amount:
        """What it cost in compute."""
        return sum((each.compute for each in self.classes), NOTHING)


@dataclass(frozen=True)
class ProjectHistory:
    """What the jobs of a project used a month.

    Attributes:
        project: whose jobs these are.
        period: of the usage.
        jobs: by workflow and job.
        rates: what classes cost.
        price: of one credit: the mean of all credits of the project; None where there are none.
        currency: of all money.
    """

    project: ProjectKey
    period: Period
    jobs: Mapping[JobName, JobHistory]
    rates: Rates
    price: Decimal | None
    currency: str

    def of(self, job: ConfigJob) -> JobHistory | None:
        """What a job of the config used; None where it never ran."""
        names = [job.name, *job.other_names]
        found = (self.jobs.get((job.workflow, name)) for name in names)
        return next((each for each in found if each and each.runs), None)


@dataclass(frozen=True)
class PricedUsage:
    """Daily usage with its costs.

    Attributes:
        usage: of all projects.
        costs: of its days.
        period: the days asked about.
        days: those that a month is projected from.
        rates: what classes cost.
        currency: of all money.
    """

    usage: DailyUsage
    costs: Costs
    period: Period
    days: Sequence[date]
    rates: Rates
    currency: str


def project_history(priced: PricedUsage, project: ProjectKey) -> ProjectHistory:
    """What the jobs of a project used a month.

    Args:
        priced: the usage.
        project: one that has usage on these days.
    """
    lines = _of_project(priced.costs.lines, project, priced.days)
    runs = _of_project(priced.usage.runs, project, priced.days)
    costs = replace(priced.costs, lines=lines)
    with estimating():
        months = DAYS_A_MONTH / len(priced.days)
        classes = _classes(costs, runs, priced.usage.places, months)
        others = _by_type(costs, months)
        jobs = {name: _job(name, classes, others) for name in {*classes, *others}}
    return ProjectHistory(
        project, priced.period, jobs, priced.rates, _price(costs), priced.currency
    )


def _of_project(frame: pd.DataFrame, project: ProjectKey, days: Sequence[date]) -> pd.DataFrame:
    """The rows of a project on some days; its id tells, or its name where it has none."""
    is_known = project.project_id != NO_NAME
    name, wanted = ("project_id", project.project_id) if is_known else ("project", project.project)
    of_organization = frame["organization_id"] == project.organization_id
    on_days = frame["date"].isin(pd.DatetimeIndex([*days]))
    return frame[of_organization & (frame[name] == wanted) & on_days]


def _classes(
    costs: Costs, runs: pd.DataFrame, places: int, months: Decimal
) -> Mapping[JobName, list[ClassHistory]]:
    lines = costs.lines[costs.lines["credit_type"] == COMPUTE]
    amounts = _amounts(costs, lines, _CLASS, months)
    found: defaultdict[JobName, list[ClassHistory]] = defaultdict(list)
    sums = sum_by(runs, _CLASS, ["job_runs", "job_seconds"])
    for names, count, seconds in zip(
        sums.index, sums["job_runs"].tolist(), sums["job_seconds"].tolist(), strict=True
    ):
        workflow, job, executor, resource_class = names
        if NO_NAME in {job, executor, resource_class}:  # it never had a machine
            continue
        found[workflow, job].append(
            ClassHistory(
                executor,
                resource_class,
                int(count) * months,
                to_decimal(int(seconds), places) * months,
                amounts.get(names, NOTHING),
            )
        )
    return found


def _by_type(costs: Costs, months: Decimal) -> Mapping[JobName, Mapping[str, Amount]]:
    """What jobs cost of other credit types than compute, by type."""
    lines = costs.lines[(costs.lines["credit_type"] != COMPUTE) & (costs.lines["job"] != NO_NAME)]
    found: defaultdict[JobName, dict[str, Amount]] = defaultdict(dict)
    for names, amount in _amounts(costs, lines, [*_JOB, "credit_type"], months).items():
        workflow, job, credit_type = names
        found[workflow, job][credit_type] = amount
    return found


def _amounts(
    costs: Costs, lines: pd.DataFrame, keys: Sequence[str], months: Decimal
) -> Mapping[tuple[str, ...], Amount]:
    places = costs.places("credits"), costs.places("contracted_cost")
    sums = sum_by(lines, keys, ["credits", "contracted_cost"])
    found = {}
    for names, credits, cost in zip(
        sums.index, sums["credits"].tolist(), sums["contracted_cost"].tolist(), strict=True
    ):
        amount = Amount(to_decimal(int(credits), places[0]), to_decimal(int(cost), places[1]))
        found[names] = amount.times(months)
    return found


def _job(
    name: JobName,
    classes: Mapping[JobName, Sequence[ClassHistory]],
    others: Mapping[JobName, Mapping[str, Amount]],
) -> JobHistory:
    by_type = others.get(name, {})
    rest = [amount for key, amount in by_type.items() if key != LAYER_CACHING]
    layer_caching = by_type.get(LAYER_CACHING, NOTHING)
    return JobHistory(name, tuple(classes.get(name, ())), layer_caching, sum(rest, NOTHING))


def _price(costs: Costs) -> Decimal | None:
    credits, cost = costs.total("credits"), costs.total("contracted_cost")
    with estimating():
        return cost / credits if credits else None
