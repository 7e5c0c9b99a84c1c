"""The change of one project, one job or the total between two periods."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.core.decimals import ZERO, estimating, exact_arithmetic, ratio, rounded

_CENTS: Final = 2


@dataclass(frozen=True)
class Change:
    """What something cost in the previous period and costs now.

    Attributes:
        key: the names of the project or job; empty for the total.
        before: cost in the previous period.
        after: cost now.
        runs_before: job runs in the previous period.
        runs_after: job runs now.
        days_before: how many days are compared.
        days_after: likewise.
        seats_before: the part of the cost that is charged once a month, not by the day.
        seats_after: likewise.
        has_same_seats: whether it is nothing but as many seats as before, whatever they cost: no
            reason for a change.
        started_before: how many of the runs before took time or cost something.
        started_after: likewise.
    """

    key: tuple[str, ...]
    before: Decimal
    after: Decimal
    runs_before: int
    runs_after: int
    days_before: int = 1
    days_after: int = 1
    seats_before: Decimal = ZERO
    seats_after: Decimal = ZERO
    has_same_seats: bool = False
    started_before: int = 0
    started_after: int = 0

    @property
    def difference(self) -> Decimal:
        """How much more it costs now; negative when it costs less."""
        with exact_arithmetic():
            return self.after - self.before

    @property
    def relative_change(self) -> Decimal | None:
        """The difference as a share of the cost before; None for what is new."""
        return ratio(self.difference, self.before) if self.before else None

    @property
    def before_per_day(self) -> Decimal:
        """What a day cost before, excluding seats, to the cent."""
        with estimating():
            return rounded((self.before - self.seats_before) / self.days_before, _CENTS)

    @property
    def after_per_day(self) -> Decimal:
        """What a day costs now, excluding seats, to the cent."""
        with estimating():
            return rounded((self.after - self.seats_after) / self.days_after, _CENTS)

    @property
    def difference_per_day(self) -> Decimal:
        """How much more a day costs now, excluding seats, to the cent."""
        with estimating():
            now = (self.after - self.seats_after) / self.days_after
            past = (self.before - self.seats_before) / self.days_before
            return rounded(now - past, _CENTS)

    @property
    def relative_change_per_day(self) -> Decimal | None:
        """The difference per day as a share of the cost per day before; None for what is new."""
        with exact_arithmetic():
            past = (self.before - self.seats_before) * self.days_after
            now = (self.after - self.seats_after) * self.days_before
        return ratio(now - past, past) if past else None

    @property
    def volume_effect(self) -> Decimal | None:
        """The change in runs at the previous cost per run, to the cent; None for new or gone.

        The rest of the difference is the rate effect: what a run costs more or less than before.
        """
        if not (self.started_before and self.started_after and self.before):
            return None
        more_runs = self.started_after - self.started_before
        with estimating():
            return rounded(self.before / self.started_before * more_runs, _CENTS)
