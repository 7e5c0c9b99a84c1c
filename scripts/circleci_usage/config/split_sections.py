"""The section of the settings file that splits costs among several teams."""

from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from circleci_usage.config.rule_sections import RuleSection
from circleci_usage.config.sections import Name
from circleci_usage.costs.splits import Split

PERCENT_PLACES: Final = 4

Percentage = Annotated[Decimal, Field(gt=0, le=100, decimal_places=PERCENT_PLACES)]

_WHOLE: Final = Decimal(100)


class SplitSection(RuleSection):
    """Job runs that several teams own by percentages: those that match in each of the lists."""

    among: Annotated[dict[Name, Percentage], Field(min_length=1)]
    """Team → its percentage, with at most 4 decimal places; they must sum to 100."""

    @model_validator(mode="after")
    def _of_the_whole(self) -> Self:
        whole = sum(self.among.values(), Decimal(0))
        if whole != _WHOLE:
            raise ValueError(f"the percentages sum to {whole:f}; they must sum to 100")
        return self

    def split(self) -> Split:
        """The split as allocation uses it."""
        return Split(self.rule_for(""), self.among)
