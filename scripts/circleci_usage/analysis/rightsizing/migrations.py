"""Jobs that can run on the next generation of their resource class, and what that saves."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.rightsizing.monthly_costs import CENTS, saved_at_rate
from circleci_usage.analysis.rightsizing.resource_classes import ClassFacts
from circleci_usage.core.columnar import Cells, Records, Values, columns_of, order
from circleci_usage.core.decimals import ZERO, ratio
from circleci_usage.schema.keys import JobClassKey


@dataclass(frozen=True)
class Migration:
    """A job that can run on the next generation of its class unchanged, and that this may pay for.

    Attributes:
        key: the job and its class.
        target: the class of the next generation.
        rate: credits a minute now.
        new_rate: credits a minute of the next generation.
        credits: compute credits a month now.
        cost: their contracted cost.
        runs: that ended in the period.
        as_fast_as: how many times as fast the next generation is at best, according to CircleCI.
    """

    key: JobClassKey
    target: str
    rate: Decimal
    new_rate: Decimal
    credits: Decimal
    cost: Decimal
    runs: int
    as_fast_as: Decimal

    @property
    def change(self) -> Decimal:
        """The change of the rate as a share: -0.28 is 28% cheaper at the same duration."""
        return ratio(self.new_rate - self.rate, self.rate)

    @property
    def break_even_speed_up(self) -> Decimal:
        """How much faster a run has to be to cost no more, as a share of its time.

        0 where it is always cheaper.
        """
        return max(ZERO, ratio(self.new_rate - self.rate, self.new_rate))

    @property
    def is_always_cheaper(self) -> bool:
        """Whether it saves even if runs take as long as before."""
        return self.new_rate < self.rate

    @property
    def saved_credits(self) -> Decimal | None:
        """A month, by this change alone.

        None where it is not always cheaper, or the runs are too few to tell.
        """
        return self._saved(self.credits, 0)

    @property
    def saved(self) -> Decimal | None:
        """In money."""
        return self._saved(self.cost, CENTS)

    def _saved(self, amount: Decimal, places: int) -> Decimal | None:
        can_tell = self.is_always_cheaper and self.runs >= ENOUGH_RUNS
        return saved_at_rate(amount, self.rate, self.new_rate, places) if can_tell else None


def migrations(
    table: pd.DataFrame, numbers: Values, classes: Sequence[ClassFacts]
) -> Records[Migration]:
    """The migrations that may pay, those that always do first, then the most expensive.

    Args:
        table: of `monthly_table`.
        numbers: which of the classes each row of it is of.
        classes: what is known about them.
    """
    keys = [*JobClassKey._fields]
    may_pay = np.array([each.may_pay_to_migrate for each in classes], dtype=bool)
    always_pays = np.array([each.is_always_cheaper_to_migrate for each in classes], dtype=bool)
    costs_something = (table["credits"] != 0).to_numpy(dtype=bool)
    used = table[[*keys, "credits", "cost", "cents", "runs"]]
    some = used.assign(number=numbers)[may_pay[numbers] & costs_something]
    rows = order(some.assign(always=always_pays[some["number"]]), ("always", "cents"), keys)
    key_length = len(keys)

    def migration(values: Cells) -> Migration:
        number, credits, cost, runs = values[key_length:]
        facts, key = classes[number], JobClassKey(*values[:key_length])
        return Migration(key, *facts.migration, credits, cost, runs, facts.as_fast_as)

    columns = columns_of(some, [*keys, "number", "credits", "cost", "runs"])
    return Records(migration, columns, rows)
