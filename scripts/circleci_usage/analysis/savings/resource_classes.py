"""Actions on resource classes: the next generation, the smallest class that fits, Docker.

A job on several classes has actions for each of them by itself.
"""

from collections.abc import Iterator
from decimal import Decimal

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.rightsizing import Migration, Recommendation
from circleci_usage.analysis.rightsizing.monthly_costs import CENTS, saved_at_rate
from circleci_usage.analysis.rightsizing.recommendations import ram_fits
from circleci_usage.analysis.savings.actions import Action, Change, Number, Saved
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.analysis.savings.monthly_places import saving_of
from circleci_usage.core.columnar import Values
from circleci_usage.core.decimals import ratio
from circleci_usage.costs.resource_rates import Rates, ResourceClass


def next_generations(known: SavingsInput) -> Iterator[Action]:
    """Jobs that cost less on the next generation of their class.

    Certain, where they do at the same duration: then it does not matter how many runs there are.
    Likely, where they do if they become as fast as CircleCI says.
    """
    for each in known.right_sizing.migrations:
        # Of very many jobs most have too few runs: these need no search for what they cost.
        can_tell = each.is_always_cheaper or each.runs >= ENOUGH_RUNS
        parts = _saved_by_generation(each, known) if can_tell else ()
        if parts:
            yield Action(
                kind="next generation",
                where=each.key,
                certainty="certain" if each.is_always_cheaper else "likely",
                effort="low",
                lever="rate",
                parts=parts,
                evidence=_evidence_of_generation(each),
                change=Change("resource_class", each.key.resource_class, each.target),
            )


def _saved_by_generation(migration: Migration, known: SavingsInput) -> tuple[Saved, ...]:
    speed = 1 if migration.is_always_cheaper else migration.as_fast_as
    return _saved_at(migration, migration.rate * speed, migration.new_rate, known)


def _saved_at(
    job: Migration | Recommendation, rate: Decimal, new_rate: Decimal, known: SavingsInput
) -> tuple[Saved, ...]:
    """What a job saves at a new rate; nothing where that saves less than a cent."""
    credits = saved_at_rate(job.credits, rate, new_rate, 0)
    cost = saved_at_rate(job.cost, rate, new_rate, CENTS)
    return saving_of(known.places.of_class(job.key), credits, cost)


def _evidence_of_generation(migration: Migration) -> dict[str, Number]:
    """The runs, and how much faster they have to become where the rate is not lower."""
    if migration.is_always_cheaper:
        return {"runs": migration.runs}
    break_even = ratio(migration.new_rate, migration.rate)
    return {
        "runs": migration.runs,
        "speed_up": migration.as_fast_as,
        "break_even_speed_up": break_even,
    }


def smaller_classes(known: SavingsInput) -> Iterator[Action]:
    """Jobs that the cheapest smaller class fits, of this or the next generation."""
    for each in known.right_sizing.savings:
        if each.verdict != "smaller" or each.saving == "next generation":
            continue
        if not each.recommended or not each.saved or not each.saved_credits:
            continue
        spent = known.places.of_class(each.key)
        yield Action(
            kind="smaller class",
            where=each.key,
            certainty="likely",
            effort="low",
            lever="rate",
            parts=saving_of(spent, each.saved_credits, each.saved),
            evidence=_measured(each),
            change=Change("resource_class", each.resource_class, each.recommended),
        )


def _measured(job: Recommendation) -> dict[str, Number]:
    """What is known about the runs of a job that enough runs are measured of."""
    numbers: dict[str, Number | None] = {
        "runs": job.runs,
        "measured_runs": job.measured_runs,
        "p95_cpu": job.p95_cpu,
        "p95_ram": job.p95_ram,
        "median_cpu": job.median_cpu if job.median_runs >= ENOUGH_RUNS else None,
    }
    return {name: number for name, number in numbers.items() if number is not None}


def docker_instead_of_machine(known: SavingsInput) -> Iterator[Action]:
    """Jobs on Linux VMs that cost less on a Docker class of as many CPUs.

    Whether a job needs a VM, such as for a kernel module or privileged containers, is not in an
    export, so this is only worth a look. Jobs that use Docker layer caching build images, which
    they need a VM for; they are left out.
    """
    jobs = known.right_sizing.recommendations.where(_is_machine, "executor")
    for each in jobs:
        parts = _saved_in_docker(each, known)
        if parts and not known.places.of_job(each.key.job_key, "dlc"):
            yield Action(
                kind="docker instead of machine",
                where=each.key,
                certainty="worth a look",
                effort="high",
                lever="rate",
                parts=parts,
                evidence=_measured(each),
            )


def _is_machine(executors: Values) -> Values:
    flags: Values = executors == "machine"
    return flags


def _saved_in_docker(job: Recommendation, known: SavingsInput) -> tuple[Saved, ...]:
    """What a job saves on a Docker class that holds it; nothing where none is cheaper."""
    rates = known.right_sizing.rates
    machine = rates.find(*job.key[-2:])
    in_docker = _docker_class(job, machine, rates) if machine else None
    if machine is None or in_docker is None:
        return ()
    rate, new_rate = machine.credits_per_minute, in_docker.credits_per_minute
    if rate is None or new_rate is None or new_rate >= rate:
        return ()
    return _saved_at(job, rate, new_rate, known)


def _docker_class(
    job: Recommendation, machine: ResourceClass, rates: Rates
) -> ResourceClass | None:
    """The smallest Docker class with as many CPUs that the measured RAM peaks fit."""
    if job.p95_ram is None or not job.is_measured or job.runs < ENOUGH_RUNS:
        return None
    as_large = (each for each in rates.in_docker(machine) if each.vcpus >= machine.vcpus)
    return next((each for each in as_large if ram_fits(machine, each, job.p95_ram)), None)
