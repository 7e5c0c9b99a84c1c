"""Jobs that store or transfer most."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Final, Literal

from circleci_usage.analysis.savings.actions import Action
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.analysis.savings.monthly_places import Spent
from circleci_usage.core.decimals import estimating, ratio, rounded

MOST_JOBS: Final = 10
"""Jobs that are listed of a credit type, as among the non-compute costs."""

LEAST_SHARE: Final = Decimal("0.05")
"""Of the costs of the credit type: what causes less is not where to begin."""

CREDITS_A_GIGABYTE: Final = 420
"""What CircleCI charges for a GB transferred, and for a GB stored for a month."""


def _jobs_with_most(known: SavingsInput, kind: Literal["storage", "network"]) -> Iterator[Action]:
    """The jobs that cause most of the costs of a credit type: all that it costs there."""
    whole = known.places.cost_of(kind)
    for each in known.places.most_of(kind, MOST_JOBS):
        share = ratio(each.cost, whole)
        if share >= LEAST_SHARE:
            yield Action(
                kind=kind,
                where=each.place.key,
                certainty="worth a look",
                effort="medium",
                lever="runs",
                parts=(each.saved(Decimal(1)),),
                evidence={"gigabytes": _gigabytes(each), "share": rounded(share * 100, 1)},
            )


storage = partial(_jobs_with_most, kind="storage")
network = partial(_jobs_with_most, kind="network")


def _gigabytes(spent: Spent) -> int:
    with estimating():
        return round(spent.credits / CREDITS_A_GIGABYTE)
