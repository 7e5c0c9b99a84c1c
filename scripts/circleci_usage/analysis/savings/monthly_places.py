"""What is spent a month in each place that an action can save from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.rightsizing.monthly_costs import CENTS
from circleci_usage.analysis.savings.actions import Place, Saved
from circleci_usage.core.columnar import Column, columns_of, order
from circleci_usage.core.decimals import ZERO, estimating, rounded
from circleci_usage.core.grouping import grouped, sum_by
from circleci_usage.core.scaled_integers import Counts, to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.keys import JobClassKey, JobKey, WorkflowKey

COMPUTE: Final = "compute"

_KEYS: Final = [*JobClassKey._fields]
_CLASS: Final = ("executor", "resource_class")
_AMOUNTS: Final = ("credits", "contracted_cost")

_MOST_MADE: Final = 10_000
"""Jobs whose costs are kept: several finders ask for the same jobs, and there may be a million."""


@dataclass(frozen=True)
class Spent:
    """What is spent in a place a month: credits, and their contracted cost."""

    place: Place
    credits: Decimal
    cost: Decimal

    def saved(self, share: Decimal) -> Saved:
        """A share of it, saved."""
        share = min(share, Decimal(1))
        with estimating():
            credits, cost = rounded(self.credits * share, 0), rounded(self.cost * share, CENTS)
        return Saved(self.place, self.credits, self.cost, credits, cost)


@dataclass(frozen=True)
class MonthlyPlaces:
    """What is spent a month, by place.

    Attributes:
        costs: of the days that a month is projected from, as `RunStatistics` names them.
        months: how many times these days a month is.
    """

    costs: Costs
    months: Decimal
    _made: dict[JobKey, Sequence[Spent]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def of_job(self, key: JobKey, credit_type: str = COMPUTE) -> tuple[Spent, ...]:
        """What a job costs, on each of its classes."""
        every = self.all_of_job(key)
        return tuple(each for each in every if each.place.credit_type == credit_type)

    def of_class(self, key: JobClassKey) -> Spent | None:
        """What a job costs on a class; None where that is nothing."""
        return next((each for each in self.of_job(key.job_key) if each.place.key == key), None)

    def all_of_job(self, key: JobKey) -> Sequence[Spent]:
        """What a job costs, of all credit types."""
        if key not in self._made:
            if len(self._made) >= _MOST_MADE:
                self._made.clear()
            self._made[key] = [*self._spent(self._rows_of(key))]
        return self._made[key]

    def of_workflow(self, key: WorkflowKey) -> Sequence[Spent]:
        """What a workflow costs, of all credit types."""
        return [*self._spent(np.arange(*self._workflows.get(key, (0, 0))))]

    def of_type(self, credit_type: str) -> Iterator[Spent]:
        """What everything costs of a credit type."""
        are_wanted = self._sums["credit_type"] == credit_type
        yield from self._spent(np.flatnonzero(are_wanted))

    def most_of(self, credit_type: str, number: int) -> Iterator[Spent]:
        """The named jobs that cost most of a credit type, the most expensive first."""
        sums = self._sums
        jobs = sums[(sums["credit_type"] == credit_type) & (sums["job"] != NO_NAME)]
        first = order(jobs, ("contracted_cost",), _KEYS)[:number]
        yield from self._spent(jobs.index.to_numpy()[first])

    def cost_of(self, credit_type: str) -> Decimal:
        """What everything together costs of a credit type."""
        cost = self._sums.loc[self._sums["credit_type"] == credit_type, "contracted_cost"].sum()
        with estimating():
            exact = to_decimal(int(cost), self.costs.places("contracted_cost"))
            return rounded(exact * self.months, CENTS)

    @cached_property
    def workflow_credits(self) -> Mapping[WorkflowKey, int]:
        """What each workflow uses on all of these days, in counts of the costs' credits."""
        sums = sum_by(self._sums, WorkflowKey._fields, ["credits"])["credits"]
        pairs = zip(sums.index, sums.tolist(), strict=True)
        return {WorkflowKey(*names): int(credits) for names, credits in pairs}

    def part(self, are_part: Callable[[pd.DataFrame], pd.Series]) -> "MonthlyPlaces":
        """The costs of some lines alone, such as those of canceled runs."""
        lines = self.costs.lines
        return replace(self, costs=replace(self.costs, lines=lines[are_part(lines)]))

    def saved_of(self, part: Iterable[Spent]) -> tuple[Saved, ...]:
        """A part of the costs, all of it saved."""
        found = []
        for each in part:
            whole = self._whole(each.place)
            credits, cost = min(each.credits, whole.credits), min(each.cost, whole.cost)
            found.append(Saved(each.place, whole.credits, whole.cost, credits, cost))
        return tuple(found)

    def _whole(self, place: Place) -> Spent:
        every = self.all_of_job(place.key.job_key)
        return next(each for each in every if each.place == place)

    def _rows_of(self, key: JobKey) -> Counts:
        """Which of the sums are those of a job: it is searched in those of its workflow."""
        first, stop = self._workflows.get(key.workflow_key, (0, 0))
        codes = self._job_codes[first:stop]
        # Of the same type, so that the codes are not converted for each job.
        number = codes.dtype.type(self._jobs.get(key.job, -1))
        within = (np.searchsorted(codes, number, side) for side in ("left", "right"))
        return first + np.arange(*within)

    @cached_property
    def _job_codes(self) -> Counts:
        """The numbers of the sums' jobs."""
        codes: Counts = self._sums["job"].cat.codes.to_numpy()
        return codes

    @cached_property
    def _jobs(self) -> Mapping[str, int]:
        """The numbers of jobs' names in the sums."""
        names = self._sums["job"].cat.categories
        return dict(zip(names, range(len(names)), strict=True))

    @cached_property
    def _workflows(self) -> Mapping[WorkflowKey, tuple[int, int]]:
        """Which of the sums are those of a workflow: the first one, and the one after the last."""
        firsts = grouped(self._sums, WorkflowKey._fields).firsts
        stops = np.append(firsts, len(self._sums))[1:].tolist()
        names = (self._columns[name][firsts] for name in WorkflowKey._fields)
        keys = map(WorkflowKey._make, zip(*names, strict=True))
        return dict(zip(keys, zip(firsts.tolist(), stops, strict=True), strict=True))

    @cached_property
    def _sums(self) -> pd.DataFrame:
        """Credits and cost by place, in the order of the names; no class of what is no compute."""
        names = [*_KEYS, "credit_type"]
        sums = sum_by(self.costs.lines, names, _AMOUNTS).reset_index()
        sums = sums.assign(**{name: _in_order(sums[name]) for name in names})
        is_compute = sums["credit_type"] == COMPUTE
        classes = {name: sums[name].where(is_compute, "") for name in _CLASS}
        return sum_by(sums.assign(**classes), names, _AMOUNTS).reset_index()

    @cached_property
    def _columns(self) -> Mapping[str, Column]:
        """The sums, column by column."""
        return columns_of(self._sums, [*self._sums.columns])

    def _spent(self, rows: Counts) -> Iterator[Spent]:
        columns = (column[rows].tolist() for column in self._columns.values())
        for row in zip(*columns, strict=True):
            *names, credit_type, credits, cost = row
            exact_credits = to_decimal(int(credits), self.costs.places("credits"))
            exact_cost = to_decimal(int(cost), self.costs.places("contracted_cost"))
            with estimating():
                a_month = rounded(exact_credits * self.months, 0)
                spent = rounded(exact_cost * self.months, CENTS)
            if a_month:
                yield Spent(Place(JobClassKey(*names), credit_type), a_month, spent)


def _in_order(names: pd.Series) -> pd.Series:
    """Names numbered in their order, among them that of no class."""
    texts = names.astype("category").cat
    return texts.set_categories(pd.Index(sorted({*texts.categories, ""}), dtype="object"))


def saving_of(spent: Spent | None, credits: Decimal, cost: Decimal) -> tuple[Saved, ...]:
    """An amount saved in one place: at most what is spent there; nothing where nothing is."""
    if spent is None or cost <= ZERO:
        return ()
    credits, cost = min(credits, spent.credits), min(cost, spent.cost)
    return (Saved(spent.place, spent.credits, spent.cost, credits, cost),)
