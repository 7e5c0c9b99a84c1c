"""Actions on resource classes: the next generation, and the smallest class that fits."""

from collections.abc import Iterator

from circleci_usage.analysis.savings.actions import Action, Change
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.analysis.savings.monthly_places import saving_of


def next_generations(known: SavingsInput) -> Iterator[Action]:
    """Jobs that cost less on the next generation of their class, at the same duration."""
    for each in known.right_sizing.migrations:
        spent = known.places.of_class(each.key)
        if each.saved and each.saved_credits:
            yield Action(
                kind="next generation",
                where=each.key,
                certainty="certain",
                effort="low",
                lever="rate",
                parts=saving_of(spent, each.saved_credits, each.saved),
                evidence={"runs": each.runs},
                change=Change("resource_class", each.key.resource_class, each.target),
            )
