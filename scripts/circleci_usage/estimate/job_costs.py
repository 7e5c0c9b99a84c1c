"""What a job with a history costs with the settings of a config."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.circleci_config.jobs import ConfigJob
from circleci_usage.core.decimals import ZERO, estimating
from circleci_usage.costs.resource_rates import (
    Rates,
    ResourceClass,
    class_identity,
    is_self_hosted,
)
from circleci_usage.estimate.amounts import NOTHING, Amount
from circleci_usage.estimate.history import ClassHistory, JobHistory
from circleci_usage.estimate.records import Note

LAYER_CACHING_CREDITS: Final = Decimal(200)
"""What CircleCI charges a run with Docker layer caching."""

_REMOTE_DOCKER: Final = "remote-docker"
_MOST_CONTAINERS: Final = 10_000


class UnknownCostError(Exception):
    """A cost that is not known.

    Attributes:
        note: why.
    """

    def __init__(self, note: Note) -> None:
        super().__init__(note.kind)
        self.note = note


@dataclass(frozen=True)
class JobCosts:
    """Prices the history of jobs with other settings.

    Attributes:
        rates: what classes cost.
        price: of one credit, where a job has no cost of its own; None where it is not known.
        faster: how many times as fast a job becomes on another class.
    """

    rates: Rates
    price: Decimal | None
    faster: Decimal = Decimal(1)

    def of(self, history: JobHistory, job: ConfigJob, now: ConfigJob) -> Amount:
        """What a job costs a month with its settings, run as often and as long as before.

        Args:
            history: what it used.
            job: with the settings to price.
            now: with the settings that the history is of.

        Raises:
            UnknownCostError: a class, a rate or a number of containers is not known.
        """
        with estimating():
            compute = self._compute(history, job, now)
            more = max(Decimal(1), more_containers(job, now))
            return compute.times(more) + self._layer_caching(history, job) + history.others

    def machine(self, job: ConfigJob) -> ResourceClass | None:
        """The class of a job; None where it is not known, or self-hosted."""
        name = job.resource_class.value
        if job.executor is None or name is None or is_self_hosted(job.executor, name):
            return None
        return self.rates.find(job.executor, name)

    def _compute(self, history: JobHistory, job: ConfigJob, now: ConfigJob) -> Amount:
        is_known = job.executor and job.resource_class.value
        if not is_known and _settings(job) == _settings(now):  # whatever it is, it stays so
            return history.compute
        return sum((self._on(each, job, now) for each in history.classes), NOTHING)

    def _on(self, history: ClassHistory, job: ConfigJob, now: ConfigJob) -> Amount:
        executor, name = _class_of(job)
        if history.executor == _REMOTE_DOCKER and executor == "docker":
            executor = _REMOTE_DOCKER
        if class_identity(executor, name) == class_identity(
            history.executor, history.resource_class
        ):
            return history.compute
        credits = self._minutes(history, now) / self.faster * self._rate(executor, name)
        return Amount(credits, credits * self._price(history.compute))

    def _minutes(self, history: ClassHistory, now: ConfigJob) -> Decimal:
        """The minutes of all containers: as charged, or of runs on machines that are free."""
        rate = self._rate(history.executor, history.resource_class)
        if rate and history.compute.credits:
            return history.compute.credits / rate
        return history.seconds / 60 * containers(now)

    def _rate(self, executor: str, name: str) -> Decimal:
        if is_self_hosted(executor, name):
            return ZERO
        machine = self.rates.find(executor, name)
        if machine is None or machine.credits_per_minute is None:
            raise UnknownCostError(Note("unknown rate", f"{executor} {name}"))
        return machine.credits_per_minute

    def _price(self, amount: Amount) -> Decimal:
        if amount.credits:
            return amount.cost / amount.credits
        if self.price is None:
            raise UnknownCostError(Note("no history"))
        return self.price

    def _layer_caching(self, history: JobHistory, job: ConfigJob) -> Amount:
        wanted = job.layer_caching.value
        if wanted == "false":
            return NOTHING
        if wanted is None or history.layer_caching.credits:
            return history.layer_caching
        credits = LAYER_CACHING_CREDITS * history.runs
        return Amount(credits, credits * self._price(history.compute))


def _class_of(job: ConfigJob) -> tuple[str, str]:
    if job.executor is None:
        raise UnknownCostError(Note("unknown executor"))
    if job.resource_class.value is None:
        raise UnknownCostError(Note("unknown class"))
    return job.executor, job.resource_class.value


def _settings(job: ConfigJob) -> tuple[str | None, str | None]:
    return job.executor, job.resource_class.value


def more_containers(job: ConfigJob, now: ConfigJob) -> Decimal:
    """In how many times as many containers a job runs.

    Raises:
        UnknownCostError: only a run can tell.
    """
    if job.parallelism.value == now.parallelism.value:
        return Decimal(1)
    return Decimal(containers(job)) / containers(now)


def containers(job: ConfigJob) -> int:
    """In how many containers a job runs.

    Raises:
        UnknownCostError: only a run can tell.
    """
    text = job.parallelism.value
    if text is None or not (text.isascii() and text.isdecimal()):
        raise UnknownCostError(Note("unknown containers"))
    return min(max(int(text), 1), _MOST_CONTAINERS)
