"""What to change in a configuration, what that saves, and what cannot be changed there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.savings.actions import Action, Certainty, Change, Setting
from circleci_usage.analysis.savings.ranking import RankedAction
from circleci_usage.circleci_config.jobs import ConfigJob, ConfigValue, Insertion, Span
from circleci_usage.core.decimals import total

Place = Span | Insertion

PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")
"""Values that YAML reads as they are; all classes that CircleCI documents are such."""

SETTINGS: Final[tuple[Setting, ...]] = ("resource_class", "parallelism", "docker_layer_caching")


@dataclass(frozen=True)
class Edit:
    """A value to write at a place.

    Attributes:
        place: where.
        setting: its key, which a place without one gets, too.
        value: to write.
        jobs: whose setting it is, as `workflow/job`.
    """

    place: Place
    setting: Setting
    value: str
    jobs: frozenset[str]


@dataclass(frozen=True)
class PlacedAction:
    """An action that the edits make.

    Attributes:
        ranked: the action, and what it adds to the others that are made.
        change: of the setting.
        places: where.
    """

    ranked: RankedAction
    change: Change
    places: tuple[Place, ...]

    @property
    def action(self) -> Action:
        """What is done."""
        return self.ranked.action


@dataclass(frozen=True)
class UnplacedAction:
    """An action that no edit of the files makes.

    Attributes:
        action: what to do.
        change: of the setting.
        reason: why not, and where to change it instead; without a period.
        is_done: whether the files have the new value already.
    """

    action: Action
    change: Change
    reason: str
    is_done: bool = False


@dataclass(frozen=True)
class Plan:
    """What to change.

    Attributes:
        placed: actions that the edits make, the largest saving first.
        unplaced: those that they do not make.
        done: those that the files have already: the usage is from before.
        edits: of the files, in the order of their places.
    """

    placed: Sequence[PlacedAction] = ()
    unplaced: Sequence[UnplacedAction] = ()
    done: Sequence[UnplacedAction] = ()
    edits: Sequence[Edit] = ()

    def saved(self, certainty: Certainty) -> Decimal:
        """Money a month that the changes of a certainty save, each dollar counted once."""
        return total(each.ranked.counted for each in self._of(certainty))

    def saved_credits(self, certainty: Certainty) -> Decimal:
        """Likewise, in credits."""
        return total(each.ranked.counted_credits for each in self._of(certainty))

    def _of(self, certainty: Certainty) -> Iterator[PlacedAction]:
        return (each for each in self.placed if each.action.certainty == certainty)


def value_of(job: ConfigJob, setting: Setting) -> ConfigValue:
    """A setting of a job."""
    values: Mapping[Setting, ConfigValue] = {
        "resource_class": job.resource_class,
        "parallelism": job.parallelism,
        "docker_layer_caching": job.layer_caching,
    }
    return values[setting]


def place_for(value: ConfigValue, then: str) -> Place | None:
    """Where a setting is written, if a new value may be there, too."""
    return value.place if not value.allowed or then in value.allowed else None


def full_name(job: ConfigJob) -> str:
    """A job as `ConfigValue.shared_with` names it."""
    return f"{job.workflow}/{job.name}"
