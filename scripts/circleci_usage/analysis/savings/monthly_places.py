"""What is spent a month in each place that an action can save from."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

import pandas as pd

from circleci_usage.analysis.savings.actions import Place, Saved
from circleci_usage.core.decimals import ZERO, estimating, rounded
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobClassKey, JobKey, WorkflowKey

COMPUTE: Final = "compute"
CENTS: Final = 2

_KEYS: Final = [*JobClassKey._fields]


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

    def of_job(self, key: JobKey, credit_type: str = COMPUTE) -> tuple[Spent, ...]:
        """What a job costs, on each of its classes."""
        return self._by_job.get((key, credit_type), ())

    def of_class(self, key: JobClassKey) -> Spent | None:
        """What a job costs on a class; None where that is nothing."""
        return next((each for each in self.of_job(key.job_key) if each.place.key == key), None)

    def of_type(self, credit_type: str) -> Iterator[Spent]:
        """What everything costs of a credit type."""
        for (_, found), spent in self._by_job.items():
            if found == credit_type:
                yield from spent

    def saved(self, keys: Iterable[JobKey], share: Decimal) -> tuple[Saved, ...]:
        """A share of what jobs cost in compute, saved."""
        return tuple(spent.saved(share) for key in keys for spent in self.of_job(key))

    def all_of_job(self, key: JobKey) -> Iterator[Spent]:
        """What a job costs, of all credit types."""
        for credit_type in self._types:
            yield from self.of_job(key, credit_type)

    @cached_property
    def by_workflow(self) -> Mapping[WorkflowKey, Sequence[Spent]]:
        """What each workflow costs, of all credit types."""
        found: defaultdict[WorkflowKey, list[Spent]] = defaultdict(list)
        for (job, _), spent in self._by_job.items():
            found[job.workflow_key] += spent
        return found

    def part(self, are_part: Callable[[pd.DataFrame], pd.Series]) -> "MonthlyPlaces":
        """The costs of some lines alone, such as those of canceled runs."""
        lines = self.costs.lines
        return replace(self, costs=replace(self.costs, lines=lines[are_part(lines)]))

    def saved_of(self, part: Iterable[Spent]) -> tuple[Saved, ...]:
        """A part of the costs, all of it saved."""
        found = []
        for each in part:
            whole = self._by_place[each.place]
            credits, cost = min(each.credits, whole.credits), min(each.cost, whole.cost)
            found.append(Saved(each.place, whole.credits, whole.cost, credits, cost))
        return tuple(found)

    @cached_property
    def _types(self) -> Sequence[str]:
        return [*dict.fromkeys(credit_type for _, credit_type in self._by_job)]

    @cached_property
    def _by_place(self) -> Mapping[Place, Spent]:
        return {each.place: each for spent in self._by_job.values() for each in spent}

    @cached_property
    def _by_job(self) -> Mapping[tuple[JobKey, str], tuple[Spent, ...]]:
        sums = sum_by(self._lines(), [*_KEYS, "credit_type"], ["credits", "contracted_cost"])
        found: defaultdict[tuple[JobKey, str], list[Spent]] = defaultdict(list)
        for names, credits, cost in zip(
            sums.index, sums["credits"].tolist(), sums["contracted_cost"].tolist(), strict=True
        ):
            spent = self._spent(names, int(credits), int(cost))
            if spent.credits:
                found[spent.place.key.job_key, spent.place.credit_type].append(spent)
        return {key: tuple(each) for key, each in found.items()}

    def _lines(self) -> pd.DataFrame:
        """The lines, without the class of what is no compute."""
        lines = self.costs.lines
        classes = lines[["executor", "resource_class"]].astype("object")
        is_compute = lines["credit_type"] == COMPUTE
        return lines.assign(
            executor=classes["executor"].where(is_compute, ""),
            resource_class=classes["resource_class"].where(is_compute, ""),
        )

    def _spent(self, names: tuple[str, ...], credits: int, cost: int) -> Spent:
        *key, credit_type = names
        exact_credits = to_decimal(credits, self.costs.places("credits"))
        exact_cost = to_decimal(cost, self.costs.places("contracted_cost"))
        place = Place(JobClassKey(*key), credit_type)
        with estimating():
            a_month = rounded(exact_credits * self.months, 0)
            return Spent(place, a_month, rounded(exact_cost * self.months, CENTS))


def saving_of(spent: Spent | None, credits: Decimal, cost: Decimal) -> tuple[Saved, ...]:
    """An amount saved in one place: at most what is spent there; nothing where nothing is."""
    if spent is None or cost <= ZERO:
        return ()
    credits, cost = min(credits, spent.credits), min(cost, spent.cost)
    return (Saved(spent.place, spent.credits, spent.cost, credits, cost),)
