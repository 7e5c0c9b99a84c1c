"""The change of a CircleCI configuration, in words: for a terminal and for its pull request."""

from collections.abc import Iterator
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from circleci_usage.analysis.savings.actions import Action, Certainty, Change, Kind
from circleci_usage.circleci_config.jobs import Insertion
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import agreeing
from circleci_usage.optimize import Place, Plan, UnplacedAction
from circleci_usage.render.formatting import days, money, number_of, visible_name
from circleci_usage.render.text.markdown import code, escaped
from circleci_usage.render.text.savings_words import CERTAINTIES, KINDS, evidence_in_words

_SURE: Final[tuple[Certainty, ...]] = ("certain", "likely")
_UNKNOWN: Final = "–"
_LINES: Final = 100
"""Of a table: what GitHub takes as the body of a pull request is limited."""

_ASSUMED: Final = MappingProxyType[tuple[Kind, Certainty], str](
    {
        ("next generation", "certain"): (
            "the same runs, as long as before: the next generation costs less a minute."
        ),
        ("next generation", "likely"): (
            "the next generation costs more a minute and is as fast as CircleCI states. Compare the"
            " durations of the first runs."
        ),
        ("smaller class", "likely"): (
            "the same runs, as long as before: 95% of peaks, and 20% headroom, fit the smaller"
            " class. Compare the durations of the first runs."
        ),
        ("layer caching", "likely"): (
            "runs without Docker layer caching take as long as those that had none; what they cost"
            " more is subtracted."
        ),
    }
)
"""What an amount of a kind assumes."""

_OLD_IMAGES: Final = (
    "CircleCI rejects a gen2 class of a Linux VM with an image from before that generation, such as"
    " `ubuntu-2204:2024.08.1`. If a job does not start, use a newer tag, or `current`."
)


class ChangedProject(NamedTuple):
    """What a plan is for.

    Attributes:
        name: organization and project.
        period: the days of the usage.
        currency: of all money.
    """

    name: str
    period: Period
    currency: str


def change_summary(plan: Plan, currency: str) -> Iterator[str]:
    """What changes and what does not, line by line, for a terminal."""
    yield total_in_words(plan, currency)
    for each in plan.placed:
        amount = _a_month(each.ranked.counted, currency)
        where = ", ".join(map(_place, each.places))
        sure = each.action.certainty
        yield f"  {amount}, {sure}: {_what(each.action, each.change)}  ({where})"
    if plan.done:
        yield _done_in_words(plan)
    if plan.unplaced:
        yield f"Not changed, {_unplaced_total(plan, currency)}:"
    for missed in plan.unplaced:
        amount = _a_month(missed.action.cost, currency)
        yield f"  {amount}: {_what(missed.action, missed.change)}: {visible_name(missed.reason)}"


def total_in_words(plan: Plan, currency: str) -> str:
    """What the changes save: `2 changes save $50.00 a month: $40.00 certain, $10.00 likely.`."""
    if not plan.placed:
        return "There is nothing to change."
    count = len(plan.placed)
    saved = money(plan.saved("certain") + plan.saved("likely"), currency)
    shares = [f"{money(plan.saved(each), currency)} {each}" for each in _SURE if plan.saved(each)]
    changes = f"{number_of(count, 'change')} {agreeing(count, 'saves', 'save')} {saved} a month"
    return f"{changes}: {', '.join(shares)}." if shares else f"{changes}."


def _done_in_words(plan: Plan) -> str:
    count = len(plan.done)
    made = f"{number_of(count, 'change')} {agreeing(count, 'is', 'are')} made already"
    return f"{made}: the usage is from before, or of other branches."


def pull_request(plan: Plan, changed: ChangedProject) -> str:
    """The body of the pull request that makes the change, as GitHub-flavored Markdown."""
    saved = money(plan.saved("certain") + plan.saved("likely"), changed.currency)
    source = f"{code(changed.name)}, {days(changed.period)}"
    paragraphs = [
        f"## Spend {saved} a month less on CircleCI" if plan.placed else "## No change",
        f"{total_in_words(plan, changed.currency)} Projected from the usage of {source}.",
        "\n".join(_placed_table(plan, changed.currency)),
        "\n".join(_assumptions(plan)),
        "\n".join(_unplaced_table(plan, changed.currency)),
        "Written by `circleci-usage optimize`; amounts are contracted costs a month.",
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _placed_table(plan: Plan, currency: str) -> Iterator[str]:
    if plan.placed:
        yield "| Job | Change | Monthly savings | How sure | Evidence |"
        yield "| --- | --- | ---: | --- | --- |"
    for each in plan.placed[:_LINES]:
        action = each.action
        yield _row(
            code(_job(action)),
            _change(each.change),
            _amount(each.ranked.counted, currency),
            CERTAINTIES[action.certainty],
            escaped(evidence_in_words(action)) or _UNKNOWN,
        )
    yield from _more(len(plan.placed))


def _unplaced_table(plan: Plan, currency: str) -> Iterator[str]:
    if plan.unplaced:
        yield "### Not changed"
        yield ""
        yield f"{_unplaced_total(plan, currency).capitalize()}, to change by hand:"
        yield ""
        yield "| Job | Change | Monthly savings | Why |"
        yield "| --- | --- | ---: | --- |"
    for each in plan.unplaced[:_LINES]:
        yield _row(
            code(_job(each.action)),
            _change(each.change),
            _amount(each.action.cost, currency),
            escaped(each.reason),
        )
    yield from _more(len(plan.unplaced))


def _more(count: int) -> Iterator[str]:
    if count > _LINES:
        yield ""
        yield f"And {number_of(count - _LINES, 'more change')}."


def _assumptions(plan: Plan) -> Iterator[str]:
    """What the amounts assume, and what to know about the change."""
    kinds = dict.fromkeys((each.action.kind, each.action.certainty) for each in plan.placed)
    known = [(kind, _ASSUMED[kind, sure]) for kind, sure in kinds if (kind, sure) in _ASSUMED]
    if known:
        yield "Assumed:"
        yield ""
    for kind, text in known:
        yield f"- {KINDS[kind].label}: {text}"
    if any(_is_new_machine(each.action, each.change) for each in plan.placed):
        yield ""
        yield _OLD_IMAGES


def _is_new_machine(action: Action, change: Change) -> bool:
    return action.where.executor == "machine" and ".gen" in change.then.replace("-gen", ".gen")


def _unplaced_total(plan: Plan, currency: str) -> str:
    """What the actions that are not made would save at most."""
    amount = sum((_cost(each) for each in plan.unplaced), ZERO)
    count = number_of(len(plan.unplaced), "change")
    return f"{count} of up to {money(amount, currency)} a month"


def _cost(unplaced: UnplacedAction) -> Decimal:
    return unplaced.action.cost or ZERO


def _amount(cost: Decimal | None, currency: str) -> str:
    return _UNKNOWN if cost is None else money(cost, currency)


def _a_month(cost: Decimal | None, currency: str) -> str:
    return "unknown saving" if cost is None else f"{money(cost, currency)} a month"


def _what(action: Action, change: Change) -> str:
    now, then = (visible_name(value) for value in (change.now, change.then))
    return f"{visible_name(_job(action))} {change.setting} {now} → {then}"


def _change(change: Change) -> str:
    return f"`{change.setting}`: {code(change.now)} → {code(change.then)}"


def _job(action: Action) -> str:
    return f"{action.where.workflow}/{action.where.job}"


def _place(place: Place) -> str:
    added = "added before " if isinstance(place, Insertion) else ""
    return f"{added}{visible_name(str(place.file))}:{place.line}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
