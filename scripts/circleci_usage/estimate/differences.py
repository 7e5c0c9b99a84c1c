"""What differs between a job before and after a change, and what is assumed about it."""

from collections.abc import Iterator
from typing import Final

from circleci_usage.circleci_config.jobs import ConfigJob
from circleci_usage.costs.resource_rates import class_identity
from circleci_usage.estimate.job_costs import JobCosts, more_containers
from circleci_usage.estimate.records import Difference, Note

_WHEN: Final = "when"
_ALWAYS: Final = "always"


def differences(before: ConfigJob, after: ConfigJob) -> tuple[Difference, ...]:
    """The settings that differ and may change what the job costs."""
    pairs = (
        Difference("executor", before.executor, after.executor),
        Difference("resource_class", before.resource_class.value, after.resource_class.value),
        Difference("parallelism", before.parallelism.value, after.parallelism.value),
        Difference("docker_layer_caching", before.layer_caching.value, after.layer_caching.value),
        Difference("schedule", ", ".join(before.schedules), ", ".join(after.schedules)),
        Difference("branches", before.branches, after.branches),
        Difference("condition", _condition(before), _condition(after)),
    )
    return tuple(each for each in pairs if each.before != each.after and not _is_alike(each))


def _condition(job: ConfigJob) -> str:
    return _WHEN if job.is_conditional else _ALWAYS


def _is_alike(difference: Difference) -> bool:
    """Whether two spellings mean the same class."""
    before, after = difference.before, difference.after
    if difference.setting != "resource_class" or before is None or after is None:
        return False
    return class_identity("", before) == class_identity("", after)


def assumptions(before: ConfigJob, after: ConfigJob, costs: JobCosts) -> Iterator[Note]:
    """What is assumed about a job whose cost is known before and after."""
    yield from _about_speed(before, after, costs)
    more = more_containers(after, before)
    if more != 1:
        yield Note("more containers" if more > 1 else "fewer containers")
    if (before.branches, before.is_conditional) != (after.branches, after.is_conditional):
        yield Note("same runs")
    if after.schedules and not before.schedules:
        yield Note("scheduled runs")


def _about_speed(before: ConfigJob, after: ConfigJob, costs: JobCosts) -> Iterator[Note]:
    machine, then = costs.machine(before), costs.machine(after)
    if machine is None or then is None or machine == then:
        return
    if costs.rates.next_generation(machine) == then:
        yield Note("next generation", str(costs.rates.as_fast_as(machine)))
    elif then.vcpus < machine.vcpus:
        yield Note("fewer CPUs")
    elif then.vcpus > machine.vcpus:
        yield Note("more CPUs")
