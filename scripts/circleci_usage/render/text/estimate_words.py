"""An estimate in words, the same on the terminal and in Markdown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.core.decimals import ZERO
from circleci_usage.core.plurals import agreeing
from circleci_usage.estimate.amounts import Amount
from circleci_usage.estimate.records import (
    Difference,
    Estimate,
    EstimatedJob,
    Note,
    NoteKind,
    Setting,
)
from circleci_usage.render.formatting import money, money_change, number, when
from circleci_usage.render.text.sentence import Sentence

UNKNOWN: Final = "–"

HEADINGS: Final = ("Job", "Change", "Runs a month", "Cost now", "Then", "Difference a month")
"""The first two have names."""

_SETTINGS: Final[Mapping[Setting, str]] = {
    "executor": "executor",
    "resource_class": "class",
    "parallelism": "containers",
    "docker_layer_caching": "layer caching",
    "schedule": "schedule",
    "branches": "branches",
    "condition": "runs",
}
_VALUES: Final = {"true": "on", "false": "off"}
_NOT_SET: Final[Mapping[Setting, str]] = {
    "resource_class": "default",
    "schedule": "none",
    "branches": "all",
}
_UNKNOWN_VALUE: Final = "unknown"

_NOTES: Final[Mapping[NoteKind, str]] = {
    "next generation": (
        "counted as if it took as long as now; CircleCI says up to {} times as fast"
    ),
    "more containers": (
        "counted as if each container took as long as now; where the work divides evenly, it costs"
        " no more"
    ),
    "fewer containers": (
        "counted as if the same work were done in fewer containers; it costs less only where"
        " containers now idle"
    ),
    "fewer CPUs": "counted as if it took as long on fewer CPUs; a busy job takes longer",
    "more CPUs": "counted as if it took as long on more CPUs; a busy job takes less time",
    "same runs": "counted as if it ran as often as now, though its filters or conditions change",
    "scheduled runs": "runs a month are those of its schedule, on one branch",
    "runs of the workflow": "runs a month are those of the other jobs of {}",
    "history of": "by the runs of {}",
    "no history": "there are no runs of it, or of a job of the same definition",
    "unknown executor": "its executor is not known",
    "unknown class": "its resource class is not known, such as CircleCI's default",
    "unknown rate": "the rate of {} is not known",
    "unknown containers": "the number of its containers is only known when it runs",
    "unknown runs": "how often it will run is not known",
}


@dataclass(frozen=True)
class ShownJob:
    """A job as people read it.

    Attributes:
        job: workflow and name.
        changes: what differs.
        numbers: in the columns of `HEADINGS`, after the first two.
        notes: what is assumed, or why its cost is not known.
    """

    job: Sentence
    changes: tuple[Sentence, ...]
    numbers: tuple[str, ...]
    notes: tuple[Sentence, ...]


def headline(estimate: Estimate) -> str:
    """What the change costs."""
    change = estimate.change
    amount, unknown = change.cost, len(estimate.unknown)
    if not estimate.jobs:
        return "This change does not affect the cost of any job."
    if len(estimate.known) == 0:
        return "What this change costs is not known."
    are_new = all(job.kind == "new" for job in estimate.unknown)
    least = " at least" if unknown and are_new else ""  # an unknown change may also save
    if amount > 0:
        return f"This change costs{least} {money(amount, estimate.currency)} more a month."
    if amount < 0:
        return f"This change saves {money(-amount, estimate.currency)} a month."
    if change.credits:
        return "This change costs less than a cent a month."
    return "This change costs no more than before."


def remarks(estimate: Estimate) -> Iterator[str]:
    """What belongs to the headline: how much is not known, and what may become better."""
    unknown = len(estimate.unknown)
    if unknown:
        costs = agreeing(unknown, "The cost of 1 job is", f"The costs of {unknown:,} jobs are")
        yield f"{costs} not known and not counted."
    best = estimate.at_best
    if best != estimate.change:
        shown = money_change(best.cost, estimate.currency)
        yield f"With jobs as fast as CircleCI says, the change is {shown}."


def basis(estimate: Estimate) -> Sentence:
    """What it is estimated from."""
    return Sentence(
        f"Estimated from the job runs of {{}} {when(estimate.period)}: as many runs, each as long,"
        " without included credits.",
        (estimate.project.project,),
    )


def unread(estimate: Estimate) -> Iterator[Sentence]:
    """What of the changed config could not be resolved."""
    for part in estimate.unread:
        yield Sentence("{}", (f"{part.file}:{part.line}: {part.reason}",))


def shown_job(job: EstimatedJob, currency: str) -> ShownJob:
    """A job in words."""
    changes = tuple(map(_difference, job.differences)) or (Sentence(f"{job.kind} job"),)
    change = job.change
    numbers = (
        _runs(job),
        _cost(job.before, currency),
        _cost(job.after, currency),
        UNKNOWN if change is None else money_change(change.cost, currency),
    )
    notes = tuple(map(note_in_words, job.notes))
    return ShownJob(Sentence("{}", (f"{job.workflow}/{job.job}",)), changes, numbers, notes)


def total_numbers(estimate: Estimate) -> tuple[str, ...]:
    """The numbers of all jobs whose change is known."""
    before = sum((job.before.cost for job in estimate.known if job.before), ZERO)
    after = sum((job.after.cost for job in estimate.known if job.after), ZERO)
    currency = estimate.currency
    amounts = (money(before, currency), money(after, currency))
    return ("", *amounts, money_change(estimate.change.cost, currency))


def _difference(each: Difference) -> Sentence:
    label = _SETTINGS[each.setting]
    names = (_value(each.setting, each.before), _value(each.setting, each.after))
    return Sentence(f"{label} {{}} → {{}}", names)


def _value(setting: Setting, value: str | None) -> str:
    if not value:
        return _NOT_SET.get(setting, _UNKNOWN_VALUE)
    return _VALUES.get(value, value)


def note_in_words(note: Note) -> Sentence:
    """What is assumed, or why a cost is not known."""
    text = _NOTES[note.kind]
    if note.kind == "next generation":
        return Sentence(text.format(note.name))
    return Sentence(text, (note.name,) if "{}" in text else ())


def _runs(job: EstimatedJob) -> str:
    before, after = job.runs_before, job.runs_after
    if job.kind == "removed" or before == after:
        return _count(before)
    return _count(after) if job.kind == "new" else f"{_count(before)} → {_count(after)}"


def _count(runs: Decimal | None) -> str:
    return UNKNOWN if runs is None else number(runs)


def _cost(amount: Amount | None, currency: str) -> str:
    return UNKNOWN if amount is None else money(amount.cost, currency)
