"""Rates that the runs of a period were charged."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from circleci_usage.analysis.rightsizing.resource_classes import UsedClass
from circleci_usage.costs.resource_rates import class_identity
from circleci_usage.schema.keys import JobClassKey


class ChargedRates:
    """Credits a minute of one container, by resource class."""

    def __init__(self, classes: Sequence[UsedClass]) -> None:
        """Take the classes of `RightSizing`."""
        self._rates: Mapping[tuple[str, str], Decimal | None] = {
            (each.executor, each.name): _charged(each) for each in classes
        }

    def of(self, key: JobClassKey) -> Decimal | None:
        """The rate of a job's class; None where it is not known, or the runner is self-hosted."""
        return self._rates.get(class_identity(key.executor, key.resource_class))


def _charged(used: UsedClass) -> Decimal | None:
    """What the export charges, where that is not what the rate table says."""
    return used.contradiction.credits_per_minute if used.contradiction else used.rate
