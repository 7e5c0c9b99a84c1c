"""Did it work? What jobs that moved to another resource class save since then.

A job's credits per run in the four weeks before the change are compared with those since then, in
the period. Predicted is what the rates promised for runs that take as long as before; realized is
what the runs really use less, or more. Credits are compared, not money, and priced as those of the
period are: a changed price per credit is no saving. Other changes of the job, such as more tests,
are in the comparison, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.rightsizing.monthly_costs import CENTS, DAYS_A_MONTH
from circleci_usage.analysis.savings.class_changes import (
    ClassChange,
    ClassName,
    ClassRuns,
    class_changes,
)
from circleci_usage.core.decimals import estimating, rounded, total
from circleci_usage.core.periods import Period
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.resource_rates import Rates
from circleci_usage.schema.keys import JobKey


@dataclass(frozen=True)
class RealizedSaving:
    """A job that moved to another class, and what this saves a month.

    Attributes:
        key: the job.
        changed_on: the first day on the new class.
        before: the class before.
        after: the class since then.
        rate: credits a minute before.
        new_rate: credits a minute since then.
        runs_before: the runs that are compared.
        runs_after: likewise, in the period.
        credits_per_run_before: compute credits of one run.
        credits_per_run_after: likewise.
        predicted_credits: what the rates promised for runs that take as long as before; negative
            where the new rate is higher.
        predicted: likewise, in money.
        saved_credits: what the runs use less a month; negative where it is more.
        saved: likewise, in money.
    """

    key: JobKey
    changed_on: date
    before: ClassName
    after: ClassName
    rate: Decimal
    new_rate: Decimal
    runs_before: int
    runs_after: int
    credits_per_run_before: Decimal
    credits_per_run_after: Decimal
    predicted_credits: Decimal
    predicted: Decimal
    saved_credits: Decimal
    saved: Decimal


@dataclass(frozen=True)
class RealizedSavings:
    """All changes of classes that can be judged, the largest saving first."""

    changes: tuple[RealizedSaving, ...] = ()

    @property
    def saved(self) -> Decimal:
        """Money a month that all of them save together; negative where they cost more."""
        return total(each.saved for each in self.changes)

    @property
    def saved_credits(self) -> Decimal:
        """Likewise, in credits."""
        return total(each.saved_credits for each in self.changes)

    @property
    def predicted(self) -> Decimal:
        """Money a month that the rates promised."""
        return total(each.predicted for each in self.changes)

    @property
    def predicted_credits(self) -> Decimal:
        """Likewise, in credits."""
        return total(each.predicted_credits for each in self.changes)


def realized_savings(costs: Costs, days: ReportDays, rates: Rates) -> RealizedSavings:
    """What the jobs save that moved to a class at another rate.

    120 credits a run at 100 credits a minute, then 90 at 72: predicted are 33.6, realized 30.

    Args:
        costs: of all known days, day by day, by the names of `RunStatistics`.
        days: those reported on, and which of them are complete.
        rates: what classes cost. Changes between classes without a rate are left out.
    """
    period = Period.of_days(days.period.first, days.complete_through or days.period.last)
    found = sorted(_judged(costs, period, rates), key=lambda each: (-each.saved, each.key))
    return RealizedSavings(tuple(found))


def _judged(costs: Costs, period: Period, rates: Rates) -> Iterator[RealizedSaving]:
    for change in class_changes(costs, period):
        rate, new_rate = (_rate(each.name, rates) for each in (change.before, change.after))
        if rate and new_rate and rate != new_rate and change.after.credits:
            yield _saving(change, rate, new_rate)


def _rate(name: ClassName, rates: Rates) -> Decimal | None:
    machine = rates.find(*name)
    return machine.credits_per_minute if machine else None


def _saving(change: ClassChange, rate: Decimal, new_rate: Decimal) -> RealizedSaving:
    before, after = change.before, change.after
    with estimating():
        runs_a_month = after.runs * DAYS_A_MONTH / len(after.days)
        used_before, used_after = _per_run(before), _per_run(after)
        predicted = used_before * (rate - new_rate) * runs_a_month / rate
        saved = (used_before - used_after) * runs_a_month
        price = after.cost / after.credits
        return RealizedSaving(
            key=change.job,
            changed_on=change.day,
            before=before.name,
            after=after.name,
            rate=rate,
            new_rate=new_rate,
            runs_before=before.runs,
            runs_after=after.runs,
            credits_per_run_before=rounded(used_before, CENTS),
            credits_per_run_after=rounded(used_after, CENTS),
            predicted_credits=rounded(predicted, 0),
            predicted=rounded(predicted * price, CENTS),
            saved_credits=rounded(saved, 0),
            saved=rounded(saved * price, CENTS),
        )


def _per_run(runs: ClassRuns) -> Decimal:
    return runs.credits / runs.runs
