"""An action: something to do to spend less."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Final, Literal, NamedTuple

from circleci_usage.core.decimals import total
from circleci_usage.schema.keys import JobClassKey

Kind = Literal[
    "next generation",
    "smaller class",
    "docker instead of machine",
    "fewer containers",
    "never passes",
    "schedule always fails",
    "branch never passes",
    "reruns",
    "canceled late",
    "slow queue",
    "layer caching",
    "storage",
    "network",
    "unused seats",
]
"""What is to be done, or what to look at."""

Certainty = Literal["certain", "likely", "worth a look"]
CERTAINTIES: Final[tuple[Certainty, ...]] = ("certain", "likely", "worth a look")
"""The surest first."""

Effort = Literal["low", "medium", "high"]
"""`low`: a line of the config or a setting. `medium`: some lines, and a try. `high`: work."""

Lever = Literal["rate", "runs"]
"""Whether the same runs cost less, or there are fewer of them. Two actions on the same costs by the
same lever are alternatives; by different levers, one applies to what the other leaves."""

Setting = Literal["resource_class", "parallelism", "docker_layer_caching"]
"""A setting of a job in CircleCI's config, by its key there."""

Number = int | Decimal | float

_ID_LENGTH: Final = 12


class Place(NamedTuple):
    """Costs that an action can save from.

    Attributes:
        key: the job on its class. Of other credit types than compute, `executor` and
            `resource_class` are empty; what no job causes has empty names from `project` on.
        credit_type: of the costs.
    """

    key: JobClassKey
    credit_type: str


@dataclass(frozen=True)
class Saved:
    """What an action saves in one place a month.

    Attributes:
        place: the costs that it saves from.
        all_credits: what they are a month now.
        all_cost: likewise, in money.
        credits: what is saved of them; at most all.
        cost: likewise.
    """

    place: Place
    all_credits: Decimal
    all_cost: Decimal
    credits: Decimal
    cost: Decimal


@dataclass(frozen=True)
class Change:
    """A change of the config that is the whole action.

    Attributes:
        setting: the key of the job's setting.
        now: its value; a resource class is spelled as in the export.
        then: the value to write.
    """

    setting: Setting
    now: str
    then: str


@dataclass(frozen=True)
class Action:
    """Something to do, and what it saves a month.

    Attributes:
        kind: what is to be done.
        where: the job on its class; names that say nothing here are empty, such as the job of what
            concerns a workflow, or the class of what concerns a job on all classes.
        certainty: how sure the saving is.
        effort: how much work it is.
        lever: whether the same runs cost less, or there are fewer of them.
        parts: what it saves where; without any, the saving is not known.
        evidence: numbers that it is based on, by the names in `evidence.FACTS`, in their order.
        change: of the config, where that is all there is to do.
        branch: that it concerns, if it is about one.
    """

    kind: Kind
    where: JobClassKey
    certainty: Certainty
    effort: Effort
    lever: Lever
    parts: tuple[Saved, ...]
    evidence: Mapping[str, Number] = field(default_factory=dict)
    change: Change | None = None
    branch: str = ""

    @cached_property
    def id(self) -> str:
        """Names it in each report on the same usage; 12 hexadecimal digits."""
        text = "\n".join(
            (self.kind, *self.where, self.branch, self.change.then if self.change else "")
        )
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_ID_LENGTH]

    @cached_property
    def credits(self) -> Decimal | None:
        """What it saves a month if it is the only action; None where that is not known."""
        return total(part.credits for part in self.parts) if self.parts else None

    @cached_property
    def cost(self) -> Decimal | None:
        """Likewise, in money."""
        return total(part.cost for part in self.parts) if self.parts else None
