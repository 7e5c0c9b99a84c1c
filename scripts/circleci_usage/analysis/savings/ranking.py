"""Actions in order of money, with each dollar counted once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from circleci_usage.analysis.rightsizing.monthly_costs import CENTS
from circleci_usage.analysis.savings.actions import (
    CERTAINTIES,
    Action,
    Certainty,
    Lever,
    Place,
)
from circleci_usage.analysis.savings.savings_settings import Dismissal, SavingsSettings
from circleci_usage.core.decimals import ZERO, estimating, rounded, total


@dataclass(frozen=True)
class RankedAction:
    """An action, and what it adds to the total.

    Attributes:
        action: what to do.
        counted_credits: what it saves a month beside the actions before it; 0 for what is only
            worth a look.
        counted: likewise, in money.
        excludes: ids of actions that count less, or not at all, because of this one.
    """

    action: Action
    counted_credits: Decimal
    counted: Decimal
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dismissed:
    """An action that the settings file dismisses."""

    action: Action
    dismissal: Dismissal


@dataclass(frozen=True)
class Savings:
    """All that there is to save.

    Attributes:
        actions: those that count most first, then what is only worth a look.
        dismissed: what the settings file dismisses; in no total.
        minimum: money a month: what saves less is summed up, not listed.
    """

    actions: Sequence[RankedAction] = ()
    dismissed: Sequence[Dismissed] = ()
    minimum: Decimal = ZERO

    @property
    def listed(self) -> Sequence[RankedAction]:
        """The actions that save the minimum, or an amount that is not known."""
        return [each for each in self.actions if not self._is_small(each)]

    @property
    def small(self) -> Sequence[RankedAction]:
        """The others, which are in the totals, too."""
        return [each for each in self.actions if self._is_small(each)]

    def counted(self, certainty: Certainty) -> Decimal:
        """Money a month that all actions of a certainty save together."""
        return total(each.counted for each in self._of(certainty))

    def counted_credits(self, certainty: Certainty) -> Decimal:
        """Likewise, in credits."""
        return total(each.counted_credits for each in self._of(certainty))

    def _of(self, certainty: Certainty) -> Iterator[RankedAction]:
        return (each for each in self.actions if each.action.certainty == certainty)

    def _is_small(self, ranked: RankedAction) -> bool:
        cost = ranked.action.cost
        return cost is not None and cost < self.minimum


def rank(actions: Iterable[Action], settings: SavingsSettings, today: date) -> Savings:
    """Put actions in order, and count each dollar once.

    Args:
        actions: in any order.
        settings: the minimum, and what is dismissed.
        today: the day that decides whether a dismissal still holds.
    """
    wanted, dismissed = [], []
    for action in sorted(actions, key=_surest_first):
        matching = (each for each in settings.dismissals if each.matches(action, today))
        dismissal = next(matching, None)
        if dismissal:
            dismissed.append(Dismissed(action, dismissal))
        else:
            wanted.append(action)
    counted = [*_counted(wanted)]
    counted.sort(key=_largest_first)
    return Savings(tuple(counted), tuple(dismissed), settings.minimum)


def _surest_first(action: Action) -> tuple[object, ...]:
    return (CERTAINTIES.index(action.certainty), -(action.cost or ZERO), action.kind, action.where)


def _largest_first(ranked: RankedAction) -> tuple[object, ...]:
    action, cost = ranked.action, ranked.action.cost
    is_judged = action.certainty == "worth a look"
    amounts = (-ranked.counted, cost is None, -(cost or ZERO))
    return (is_judged, *amounts, action.kind, action.where)


def _counted(actions: Iterable[Action]) -> Iterator[RankedAction]:
    """Each action, the surest first, with what it adds to those before it."""
    places: defaultdict[Place, _SavedThere] = defaultdict(_SavedThere)
    excludes: defaultdict[str, list[str]] = defaultdict(list)
    found = []
    for action in actions:
        ranked = _beside(action, places)
        found.append(ranked)
        if ranked.counted < (action.cost or ZERO):
            for earlier in _earlier(action, places):
                excludes[earlier].append(action.id)
    for ranked in found:
        others = excludes.get(ranked.action.id)
        yield replace(ranked, excludes=tuple(others)) if others else ranked


def _beside(action: Action, places: Mapping[Place, "_SavedThere"]) -> RankedAction:
    """What an action adds to those that have saved in its places before."""
    if action.certainty == "worth a look":
        return RankedAction(action, ZERO, ZERO)
    credits = cost = ZERO
    for part in action.parts:
        there = places[part.place]
        there.ids.append(action.id)
        credits += there.credits.save(action.lever, part.credits, part.all_credits)
        cost += there.cost.save(action.lever, part.cost, part.all_cost)
    return RankedAction(action, rounded(credits, 0), rounded(cost, CENTS))


def _earlier(action: Action, places: Mapping[Place, "_SavedThere"]) -> Iterable[str]:
    """The ids of the other actions that save in the same places, each once."""
    if action.certainty == "worth a look":
        return ()
    ids = (each for part in action.parts for each in places[part.place].ids)
    return dict.fromkeys(each for each in ids if each != action.id)


@dataclass
class _Amount:
    """What is saved of an amount by each lever.

    A rate applies to the runs that are left: of 100, a rate 28% lower and 20 less in runs save
    28 + 20 × 0.72.
    """

    whole: Decimal = ZERO
    saved: Decimal = ZERO
    by: dict[Lever, Decimal] = field(default_factory=lambda: {"rate": ZERO, "runs": ZERO})

    def save(self, lever: Lever, amount: Decimal, whole: Decimal) -> Decimal:
        """Save an amount, and say what that adds; of two by the same lever, the larger counts."""
        if whole > self.whole:
            self.whole = whole
            self.saved = self._together()
        before = self.saved
        self.by[lever] = max(self.by[lever], min(amount, self.whole))
        self.saved = self._together()
        return self.saved - before

    def _together(self) -> Decimal:
        rate, runs = self.by["rate"], self.by["runs"]
        if not rate or not runs:
            return rate or runs
        with estimating():
            return rate + runs - rate * runs / self.whole


@dataclass
class _SavedThere:
    """What is saved in one place so far, and by which actions."""

    credits: _Amount = field(default_factory=_Amount)
    cost: _Amount = field(default_factory=_Amount)
    ids: list[str] = field(default_factory=list)
