"""Two configs and the history of their jobs → what the change costs a month."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

from circleci_usage.circleci_config.jobs import CircleConfig, ConfigJob
from circleci_usage.core.decimals import ZERO, estimating, rounded
from circleci_usage.estimate.amounts import NOTHING, Amount
from circleci_usage.estimate.differences import assumptions, differences
from circleci_usage.estimate.history import JobHistory, ProjectHistory
from circleci_usage.estimate.job_costs import JobCosts, UnknownCostError
from circleci_usage.estimate.new_jobs import KnownJob, NewJobs, name_of, scheduled_runs
from circleci_usage.estimate.pairs import Pair, pairs
from circleci_usage.estimate.records import Estimate, EstimatedJob, Note

_RUN_PLACES: Final = 2

_ABOUT_RUNS: Final = {"branches", "condition"}
"""Settings that decide how often a job runs, in a way that its history does not tell."""


def estimate_change(base: CircleConfig, head: CircleConfig, history: ProjectHistory) -> Estimate:
    """What a change costs a month.

    Args:
        base: the config that the history is of.
        head: the changed one.
        history: what the jobs of the project used a month.
    """
    found = pairs(base, head)
    estimator = _Estimator(found, history)
    jobs = [job for job in map(estimator.job, found) if job]
    return Estimate(
        project=history.project,
        period=history.period,
        currency=history.currency,
        jobs=tuple(sorted(jobs, key=_order)),
        unchanged=len(found) - len(jobs),
        unread=head.unread,
    )


def _order(job: EstimatedJob) -> tuple[bool, Decimal, Decimal, str, str]:
    change = job.change
    amount = change or NOTHING
    return change is None, -amount.cost, -amount.credits, job.workflow, job.job


@dataclass(frozen=True)
class _Estimator:
    pairs: tuple[Pair, ...]
    history: ProjectHistory

    @cached_property
    def costs(self) -> JobCosts:
        return JobCosts(self.history.rates, self.history.price)

    @cached_property
    def new_jobs(self) -> NewJobs:
        return NewJobs(self.pairs, self.history)

    def job(self, pair: Pair) -> EstimatedJob | None:
        """What the change of a job costs; None where nothing differs that costs something."""
        line = self._line(pair)
        if line is None:
            return None
        runs = _to_hundredths(line.runs_before), _to_hundredths(line.runs_after)
        return replace(line, runs_before=runs[0], runs_after=runs[1])

    def _line(self, pair: Pair) -> EstimatedJob | None:
        if pair.before is None:
            return self._new(pair.job)
        if pair.after is None:
            return self._removed(pair.before)
        return self._changed(pair.before, pair.after)

    def _new(self, job: ConfigJob) -> EstimatedJob:
        like = self.new_jobs.like(job)
        runs = self.new_jobs.runs(job)
        line = EstimatedJob(*name_of(job), "new", (), None, runs.number, NOTHING, None)
        if like is None:
            return replace(line, notes=(Note("no history"),))
        notes = tuple(_sources(like, runs.note))
        return self._priced(replace(line, notes=notes), like.history, job, like.before)

    def _removed(self, job: ConfigJob) -> EstimatedJob:
        line = EstimatedJob(*name_of(job), "removed", (), None, ZERO, None, NOTHING)
        return self._with_history(line, job)

    def _changed(self, before: ConfigJob, after: ConfigJob) -> EstimatedJob | None:
        found = differences(before, after)
        if not found:
            return None
        line = EstimatedJob(*name_of(after), "changed", found, None, None, None, None)
        line, history = self._with_history(line, before), self.history.of(before)
        if line.before is None or history is None:
            return line
        runs = _runs_after(before, after, history.runs)
        line = replace(line, runs_after=runs, notes=tuple(_renamed(before, after)))
        if {each.setting for each in found} <= _ABOUT_RUNS:
            return replace(line, runs_after=None, notes=(*line.notes, Note("unknown runs")))
        line = self._priced(line, history, after, before)
        if line.after is None:
            return line
        assumed = assumptions(before, after, self.costs)
        notes = (*line.notes, *assumed)
        return replace(line, at_best=self._at_best(line, history, before, after), notes=notes)

    def _with_history(self, line: EstimatedJob, job: ConfigJob) -> EstimatedJob:
        """With what the job costs now, or why that is not known."""
        history = self.history.of(job)
        if history is None:
            return replace(line, notes=(Note("no history"),))
        try:
            before = self.costs.of(history, job, job).rounded
        except UnknownCostError as error:
            return replace(line, runs_before=history.runs, notes=(error.note,))
        return replace(line, runs_before=history.runs, before=before)

    def _priced(
        self, line: EstimatedJob, history: JobHistory, job: ConfigJob, now: ConfigJob
    ) -> EstimatedJob:
        """With what the job costs then, or why that is not known."""
        if line.runs_after is None:
            return replace(line, notes=(*line.notes, Note("unknown runs")))
        try:
            cost = self.costs.of(history, job, now)
        except UnknownCostError as error:
            return replace(line, notes=(*line.notes, error.note))
        with estimating():
            after = cost.times(line.runs_after / history.runs)
        return replace(line, after=after.rounded)

    def _at_best(
        self, line: EstimatedJob, history: JobHistory, before: ConfigJob, after: ConfigJob
    ) -> Amount | None:
        """The cost if the next generation is as fast as CircleCI says."""
        machine, rates = self.costs.machine(before), self.history.rates
        newer = rates.next_generation(machine) if machine else None
        if machine is None or newer is None or newer != self.costs.machine(after):
            return None
        faster = JobCosts(rates, self.history.price, rates.as_fast_as(machine))
        runs = line.runs_after or ZERO
        with estimating():
            return faster.of(history, after, before).times(runs / history.runs).rounded


def _to_hundredths(runs: Decimal | None) -> Decimal | None:
    return None if runs is None else rounded(runs, _RUN_PLACES)


def _sources(like: KnownJob, runs: Note | None) -> Iterator[Note]:
    yield Note("history of", "/".join(name_of(like.before)))
    if runs:
        yield runs


def _renamed(before: ConfigJob, after: ConfigJob) -> Iterator[Note]:
    if name_of(before) != name_of(after):
        yield Note("history of", "/".join(name_of(before)))


def _runs_after(before: ConfigJob, after: ConfigJob, runs: Decimal) -> Decimal | None:
    """How often a job runs then: as often as now, or as its schedules say; None if unknown."""
    if before.schedules == after.schedules:
        return runs
    if not after.schedules:
        return None
    scheduled = scheduled_runs(after)
    now = scheduled_runs(before) if before.schedules else None
    if scheduled is None or not now:
        return scheduled
    with estimating():
        return runs * scheduled / now
