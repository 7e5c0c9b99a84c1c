"""All actions that there are to find."""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import chain
from typing import Final

from circleci_usage.analysis.savings.actions import Action
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.analysis.savings.ranking import Savings, rank
from circleci_usage.analysis.savings.resource_classes import (
    docker_instead_of_machine,
    next_generations,
    smaller_classes,
)
from circleci_usage.analysis.savings.savings_settings import SavingsSettings

Finder = Callable[[SavingsInput], Iterable[Action]]

FINDERS: Final[tuple[Finder, ...]] = (
    next_generations,
    smaller_classes,
    docker_instead_of_machine,
)
"""What looks for actions, one function per kind."""


def find_savings(known: SavingsInput, settings: SavingsSettings, today: date) -> Savings:
    """The actions of all finders, ranked.

    Args:
        known: about the period.
        settings: what to list.
        today: the day that decides whether a dismissal still holds.
    """
    found = (finder(known) for finder in FINDERS)
    return rank(chain.from_iterable(found), settings, today)
