"""Actions that save money, in words: the same on the page, in messages, tables and pull requests.

To add a kind of action, add its row here.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from circleci_usage.analysis.savings import Action
from circleci_usage.analysis.savings.actions import Certainty, Effort, Kind, Number
from circleci_usage.analysis.savings.evidence import FACTS, Fact
from circleci_usage.render.formatting import duration, number, number_of
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.schema.export_columns import NO_NAME


class KindWords(NamedTuple):
    """What an action of a kind is called.

    Attributes:
        label: the kind.
        do: what to do; `{}` is what it is about, such as the job.
        change: likewise where the change of the config is known; the second `{}` is the new value.
    """

    label: str
    do: str
    change: str = ""


KINDS: Final[Mapping[Kind, KindWords]] = MappingProxyType(
    {
        "next generation": KindWords(
            "Next generation", "Move {} to the next generation", "Move {} to {}"
        ),
        "smaller class": KindWords(
            "Smaller class", "Move {} to a smaller class", "Move {} down to {}"
        ),
        "docker instead of machine": KindWords(
            "Docker instead of machine", "Try {} in Docker", "Try {} in Docker on {}"
        ),
        "fewer containers": KindWords(
            "Fewer containers", "Run {} in fewer containers", "Run {} with a parallelism of {}"
        ),
        "never passes": KindWords("Never passes", "Fix or remove {}, which never passes"),
        "schedule always fails": KindWords(
            "Schedule always fails", "Fix or stop the schedule of {}, which always fails"
        ),
        "branch never passes": KindWords(
            "Branch never passes", "Fix or delete the branch {}, which never passes"
        ),
        "reruns": KindWords("Reruns", "Rerun {} less often"),
        "canceled late": KindWords(
            "Canceled late", "Cancel outdated runs of {} sooner with auto-cancel"
        ),
        "slow queue": KindWords("Slow queue", "Add runners for {}, whose jobs wait in the queue"),
        "layer caching": KindWords("Docker layer caching", "Turn off Docker layer caching in {}"),
        "storage": KindWords("Storage", "Store less in {}"),
        "network": KindWords("Network", "Transfer less from {}"),
        "unused seats": KindWords("Unused seats", "Remove seats of inactive users from {}"),
    }
)

CERTAINTIES: Final[Mapping[Certainty, str]] = MappingProxyType(
    {"certain": "Certain", "likely": "Likely", "worth a look": "Worth a look"}
)
EFFORTS: Final[Mapping[Effort, str]] = MappingProxyType(
    {"low": "Low", "medium": "Medium", "high": "High"}
)

_SETTINGS_OF_CHANGE: Final = frozenset({"true", "false"})
"""New values that say nothing in a sentence."""

_PLURAL: Final = re.compile(r"(?<=\w)s\b")
"""The end of the noun of a count: `runs with layer caching`, `user seats charged`."""


def action_in_words(action: Action, subject: str = "") -> Sentence:
    """What to do, such as `Move {} to {}` with the names of a job and a class.

    Args:
        action: what to do.
        subject: what it is about, as it is to be shown; by default, its name in the export.
    """
    words, about = KINDS[action.kind], subject or subject_of(action)
    then = action.change.then if action.change else ""
    if words.change and then and then not in _SETTINGS_OF_CHANGE:
        return Sentence(words.change, (about, then))
    return Sentence(words.do, (about,))


def subject_of(action: Action) -> str:
    """What an action is about: the finest thing that it names."""
    where = action.where
    names = (
        action.branch,
        where.job,
        where.workflow,
        where.resource_class,
        where.project,
        where.organization,
    )
    finest = next(filter(None, names), "")
    return "(no name)" if finest == NO_NAME else finest


def evidence_in_words(action: Action) -> str:
    """The numbers behind an action: `1,240 runs, p95 of CPU peaks 31%`."""
    return ", ".join(_facts(action))


def _facts(action: Action) -> Iterator[str]:
    for name, value in action.evidence.items():
        yield _fact(FACTS[name], value)


def _fact(fact: Fact, value: Number) -> str:
    if fact.unit == "percent":
        return f"{fact.label} {value:.0f}%"
    if fact.unit == "seconds":
        return f"{fact.label} {duration(float(value))}"
    if fact.unit == "times":
        return f"{fact.label} {float(value):.4g}×"
    exact = Decimal(str(value))
    if fact.unit == "credits":
        return f"{fact.label} {number_of(exact, 'credit')}"
    noun = _PLURAL.sub("", fact.label, count=1) if exact == 1 else fact.label
    return f"{number(exact)} {noun}"
