"""Savings as a report has them: an action of each kind, some of them with hostile names."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final, get_args

from circleci_usage.analysis.savings import Action, Change, Dismissal, Saved, SavingsSettings
from circleci_usage.analysis.savings.actions import Certainty, Kind, Lever, Number, Place
from circleci_usage.analysis.savings.evidence import FACTS
from circleci_usage.analysis.savings.ranking import rank
from circleci_usage.report import Report
from circleci_usage.schema.keys import JobClassKey, JobKey

TODAY: Final = date(2026, 4, 1)
DISMISSED: Final = "the <b>release</b> needs it"
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_SURE: Final[dict[Kind, tuple[Certainty, Lever]]] = {
    "next generation": ("certain", "rate"),
    "smaller class": ("likely", "rate"),
    "never passes": ("likely", "runs"),
    "schedule always fails": ("likely", "runs"),
    "reruns": ("likely", "runs"),
    "layer caching": ("likely", "rate"),
    "unused seats": ("likely", "runs"),
}
"""The others are only worth a look."""

_CHANGES: Final[dict[Kind, Change]] = {
    "next generation": Change("resource_class", "xlarge", "xlarge.gen2"),
    "smaller class": Change("resource_class", "xlarge", "medium"),
    "fewer containers": Change("parallelism", "8", "3"),
    "layer caching": Change("docker_layer_caching", "true", "false"),
}
_NAMES: Final[dict[Kind, int]] = {
    "schedule always fails": 5,
    "branch never passes": 5,
    "canceled late": 5,
    "unused seats": 2,
    "slow queue": 2,
}
"""How many names an action has that is not about a job on a class."""


def action(kind: Kind, job: JobKey, saved: int) -> Action:
    """An action on a job that costs 100 a month; the queue alone has no known saving."""
    key = JobClassKey(*job, "machine", "xlarge")
    credits, cost = Decimal(saved * 1000), Decimal(saved)
    part = Saved(Place(key, "compute"), Decimal(100_000), Decimal(100), credits, cost)
    names = key[: _NAMES.get(kind, len(key))]
    where = JobClassKey(*names, *[""] * (len(key) - len(names)))
    if kind == "slow queue":
        where = where._replace(executor="runner", resource_class="acme/metal")
    certainty, lever = _SURE.get(kind, ("worth a look", "runs"))
    return Action(
        kind=kind,
        where=where,
        certainty=certainty,
        effort="low" if kind in _CHANGES else "high",
        lever=lever,
        parts=() if kind == "slow queue" else (part,),
        evidence=_evidence(),
        change=_CHANGES.get(kind),
        branch="=1+1<b>" if kind == "branch never passes" else "",
    )


def _evidence() -> dict[str, Number]:
    """Every number that an action can be based on."""
    numbers: dict[str, Number] = {}
    for place, (name, fact) in enumerate(FACTS.items(), start=1):
        numbers[name] = place if fact.unit == "count" else Decimal(place)
    return numbers


def with_savings(report: Report) -> Report:
    """The report with an action of each kind on its jobs, a small one, and a dismissed one."""
    dismissals = (
        Dismissal(DISMISSED, date(2026, 12, 31), ("storage",)),
        Dismissal("for good", kinds=("network",)),
    )
    savings = rank(_actions(report), SavingsSettings(Decimal(1), dismissals), TODAY)
    return replace(report, findings=replace(report.findings, savings=savings))


def _actions(report: Report) -> Iterator[Action]:
    jobs = [JobKey(*each.key) for each in report.findings.durations.jobs]
    for place, kind in enumerate(KINDS):
        yield action(kind, jobs[place % len(jobs)], 20 + place)
    yield action("smaller class", jobs[0], 50)
    yield replace(action("reruns", jobs[-1], 0), parts=_small(jobs[-1]))


def _small(job: JobKey) -> tuple[Saved, ...]:
    place = Place(JobClassKey(*job, "", ""), "storage")
    return (Saved(place, Decimal(900), Decimal("0.9"), Decimal(400), Decimal("0.4")),)
