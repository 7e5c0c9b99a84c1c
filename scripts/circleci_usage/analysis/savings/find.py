"""All actions that there are to find."""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import chain
from typing import Final

from circleci_usage.analysis.savings.actions import Action
from circleci_usage.analysis.savings.canceled_runs import canceled_late
from circleci_usage.analysis.savings.failing_runs import (
    failing_branches,
    failing_schedules,
    never_passes,
)
from circleci_usage.analysis.savings.fewer_containers import fewer_containers
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.analysis.savings.layer_caching import layer_caching_that_does_not_pay
from circleci_usage.analysis.savings.ranking import Savings, rank
from circleci_usage.analysis.savings.reruns import reruns
from circleci_usage.analysis.savings.resource_classes import (
    docker_instead_of_machine,
    next_generations,
    smaller_classes,
)
from circleci_usage.analysis.savings.savings_settings import SavingsSettings
from circleci_usage.analysis.savings.seats import unused_seats
from circleci_usage.analysis.savings.slow_queues import slow_queues
from circleci_usage.analysis.savings.storage_and_network import network, storage

Finder = Callable[[SavingsInput], Iterable[Action]]

FINDERS: Final[tuple[Finder, ...]] = (
    next_generations,
    smaller_classes,
    docker_instead_of_machine,
    never_passes,
    failing_schedules,
    failing_branches,
    reruns,
    canceled_late,
    slow_queues,
    storage,
    network,
    unused_seats,
    layer_caching_that_does_not_pay,
    fewer_containers,
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
