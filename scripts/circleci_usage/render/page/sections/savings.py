"""Savings: what to do to spend less, in order of money."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.analysis.savings import Action, Dismissed, Savings
from circleci_usage.analysis.savings.ranking import RankedAction
from circleci_usage.core.decimals import total
from circleci_usage.core.plurals import enumerated
from circleci_usage.render.formatting import (
    Shown,
    full_day,
    money,
    number_of,
    shortened,
    visible_name,
)
from circleci_usage.render.page.tables import (
    NAME_LENGTH,
    Cell,
    PageTable,
    PageTables,
    Row,
    more_rows,
    unknown,
)
from circleci_usage.render.text.savings_words import (
    CERTAINTIES,
    EFFORTS,
    action_in_words,
    evidence_in_words,
)
from circleci_usage.render.view.action_names import action_names
from circleci_usage.render.view.report_view import ReportView

_ROWS: Final = 15
_FEW_ROWS: Final = 10
_OF_A_KIND: Final = 2
"""Rows of each kind of action to look at, so that none of them hides the others."""

_NAMED: Final = 2
"""Actions that a note names; of more, their number is enough."""

_HEADINGS: Final = ("Action", "Monthly savings", "How sure", "Effort", "Evidence")
_LOOK_HEADINGS: Final = ("Action", "At most, a month", "Effort", "Evidence")
_DISMISSED_HEADINGS: Final = ("Action", "Monthly savings", "How sure", "Reason", "Until")
_TEXTS: Final = ("How sure", "Effort", "Evidence", "Reason")

_HINT: Final = (
    "Certain: the same runs at a lower rate. Likely: by the speed-up that CircleCI states, or by"
    " measured headroom or waste. Each dollar is counted once."
)
_LOOK_NOTE: Final = (
    "A person has to judge these: the amount is the most that there can be to save, and in no"
    " total."
)


@dataclass(frozen=True)
class _Ranks:
    """The place of each action in the list, and what makes it count less.

    Attributes:
        ranks: id → place.
        because: id → ids of the actions that it counts less because of.
    """

    ranks: Mapping[str, int]
    because: Mapping[str, Sequence[str]]


def savings_section(view: ReportView) -> PageTables | None:
    """All there is to save, what to look at, and what the settings file dismisses."""
    savings = view.report.findings.savings
    tables = [*_counting(view), *_to_look_at(view), *_dismissed(view)]
    if not tables:
        return None
    return PageTables(
        total=_total(savings, view.currency),
        hint=_HINT,
        tables=tables,
        files=["savings"],
    )


def _total(savings: Savings, currency: str) -> tuple[str, str] | None:
    certain, likely = savings.counted("certain"), savings.counted("likely")
    if not certain + likely:
        return None
    parts = [
        f"{money(amount, currency)} {word}"
        for amount, word in ((certain, "certain"), (likely, "likely"))
        if amount
    ]
    return money(certain + likely, currency), f"potential monthly savings: {enumerated(parts)}."


def _counting(view: ReportView) -> Iterator[PageTable]:
    """What is certain or likely; nothing where all of it is too little to be listed."""
    savings = view.report.findings.savings
    listed = [each for each in savings.listed if not _is_look(each)]
    small = [each for each in savings.small if not _is_look(each)]
    if not listed:
        return
    ranks = _ranks(savings)
    rows = [_row(each, ranks, view) for each in listed[:_ROWS]]
    notes = [
        _together(listed[_ROWS:], "more action", view.currency),
        _together(small, "smaller action", view.currency),
    ]
    note = " ".join(filter(None, notes))
    yield PageTable("Savings", _HEADINGS, rows, note, _TEXTS)


def _together(some: Sequence[RankedAction], noun: str, currency: str) -> str:
    """`3 smaller actions save $1.20 a month together.`; empty for none."""
    if not some:
        return ""
    saved = money(total(each.counted for each in some), currency)
    if len(some) == 1:
        return f"1 {noun} saves {saved} a month."
    return f"{number_of(len(some), noun)} save {saved} a month together."


def _to_look_at(view: ReportView) -> Iterator[PageTable]:
    savings = view.report.findings.savings
    found = [each for each in savings.listed if _is_look(each)]
    small = [each for each in savings.small if _is_look(each)]
    if not found:
        return
    rows = [_look_row(each, view) for each in _few_of_each_kind(found)]
    left = len(found) + len(small) - len(rows)
    more = f"{number_of(left, 'more action')}. " if left else ""
    yield PageTable("Worth a look", _LOOK_HEADINGS, rows, more + _LOOK_NOTE, _TEXTS)


def _few_of_each_kind(found: Sequence[RankedAction]) -> Iterator[RankedAction]:
    """The first of each kind, in their order."""
    shown: Counter[str] = Counter()
    for each in found:
        shown[each.action.kind] += 1
        if shown[each.action.kind] <= _OF_A_KIND:
            yield each


def _dismissed(view: ReportView) -> Iterator[PageTable]:
    found = view.report.findings.savings.dismissed
    if found:
        rows = [_dismissed_row(each, view) for each in found[:_FEW_ROWS]]
        note = more_rows(_FEW_ROWS, found, "action")
        yield PageTable("Dismissed", _DISMISSED_HEADINGS, rows, note, _TEXTS)


def _row(ranked: RankedAction, ranks: _Ranks, view: ReportView) -> Row:
    action = ranked.action
    return [
        _action_cell(action, view, ranks.ranks[action.id]),
        _saved(ranked, view.currency),
        CERTAINTIES[action.certainty],
        EFFORTS[action.effort],
        _evidence(ranked, ranks, view.currency),
    ]


def _look_row(ranked: RankedAction, view: ReportView) -> Row:
    action = ranked.action
    return [
        _action_cell(action, view),
        _alone(action, view.currency),
        EFFORTS[action.effort],
        evidence_in_words(action),
    ]


def _dismissed_row(dismissed: Dismissed, view: ReportView) -> Row:
    action, dismissal = dismissed.action, dismissed.dismissal
    until = Shown("for good", None)
    if dismissal.until:
        until = Shown(full_day(dismissal.until), dismissal.until)
    return [
        _action_cell(action, view),
        _alone(action, view.currency),
        CERTAINTIES[action.certainty],
        visible_name(dismissal.reason),
        until,
    ]


def _action_cell(action: Action, view: ReportView, rank: int | None = None) -> Cell:
    """What to do and where; with a rank, the column sorts by it."""
    names = action_names(action, view)
    sentence = action_in_words(action, names.subject)
    place = "" if rank is None else f"{rank}. "
    whole = f"{place}{sentence.naming(str)}"
    text = f"{place}{sentence.naming(_short)}"
    (around,) = shortened([names.around], NAME_LENGTH)
    shown = whole if rank is None else Shown(whole, rank)
    return Cell(text, shown, around, link=names.link, circleci=names.circleci)


def _short(name: str) -> str:
    (short,) = shortened([name], NAME_LENGTH)
    return short


def _saved(ranked: RankedAction, currency: str) -> Cell:
    """What an action adds to the total."""
    if ranked.action.cost is None:
        return Cell(unknown())
    return Cell(money(ranked.counted, currency), tone="less" if ranked.counted else "")


def _evidence(ranked: RankedAction, ranks: _Ranks, currency: str) -> Cell:
    """The numbers behind an action, and why it adds less to the total than it saves alone."""
    action, cost = ranked.action, ranked.action.cost
    shown = evidence_in_words(action)
    if cost is None or ranked.counted >= cost:
        return Cell(shown)
    earlier = sorted(ranks.ranks[each] for each in ranks.because.get(action.id, ()))
    alone, rest = money(cost, currency), money(cost - ranked.counted, currency)
    which = _numbered(earlier) if earlier else "another action"
    return Cell(shown, detail=f"Saves {alone} alone; {rest} of that is counted with {which}.")


def _numbered(ranks: Sequence[int]) -> str:
    """`number 1 and 2`; of many, how many."""
    if len(ranks) > _NAMED:
        return number_of(len(ranks), "other action")
    return f"number {enumerated(map(str, ranks))}"


def _alone(action: Action, currency: str) -> Shown:
    return unknown() if action.cost is None else money(action.cost, currency)


def _is_look(ranked: RankedAction) -> bool:
    return ranked.action.certainty == "worth a look"


def _ranks(savings: Savings) -> _Ranks:
    ranks = {each.action.id: rank for rank, each in enumerate(savings.actions, start=1)}
    because: dict[str, list[str]] = {}
    for each in savings.actions:
        for other in each.excludes if each.counted else ():
            because.setdefault(other, []).append(each.action.id)
    return _Ranks(ranks, because)
