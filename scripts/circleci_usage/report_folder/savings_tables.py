"""The table of savings: actions in order of money, and what the settings file dismisses."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.savings import Action, Dismissed, Savings
from circleci_usage.analysis.savings.actions import Number
from circleci_usage.analysis.savings.evidence import FACTS, Fact, Unit
from circleci_usage.analysis.savings.ranking import RankedAction
from circleci_usage.report_folder.columns import (
    CatalogTable,
    Column,
    count,
    credit_amount,
    day,
    dimension,
    dimensions,
    money,
    number,
    text,
)
from circleci_usage.report_folder.table import Row, Table
from circleci_usage.usage.job_run_rules import MACHINE_KEYS

_UNITS: Final[Mapping[Unit, Column]] = {
    "count": count("", "", ""),
    "percent": number("", "percent", ""),
    "seconds": number("", "seconds", ""),
    "times": number("", "times", ""),
    "credits": credit_amount("", ""),
}
"""The columns of evidence by their unit, without name and meaning."""

ACTION_COLUMNS: Final = (
    text("id", "Names the action in each report on the same usage."),
    text("kind", "What is to be done, or looked into."),
    *dimensions(MACHINE_KEYS),
    dimension("branch"),
    text(
        "certainty",
        "`certain` (cheaper at the same duration), `likely` (by CircleCI's stated speed-up, or"
        " measured headroom or waste) or `worth a look`.",
    ),
    text("effort", "`low`, `medium` or `high`."),
    credit_amount(
        "saved_credits_a_month",
        "Monthly savings in credits if it is the only action; of what is worth a look, the most"
        " that there can be to save; empty if unknown.",
    ),
    money("saved_a_month", "Monthly savings, likewise."),
    text("setting", "The key of the config that is the whole action; empty where there is none."),
    text("now", "Its value."),
    text("then", "The value to write."),
)
"""What is known of every action."""

RANKED_COLUMNS: Final = (
    credit_amount(
        "counted_credits_a_month",
        "What it adds to the total in credits, beside the actions before it; 0 for what is worth a"
        " look.",
    ),
    money("counted_a_month", "Likewise, in money."),
)

DISMISSED_COLUMNS: Final = (
    text("dismissed_reason", "Why the settings file dismisses it; empty if it does not."),
    day("dismissed_until", "Last day of that; empty if it is for good."),
)

_RANK: Final = count("rank", "", "Place in the list, from 1; empty if dismissed.")
_EXCLUDES: Final = text(
    "excludes", "Ids of the actions that count less, or not at all, because of this one."
)


def _evidence_columns() -> Iterator[Column]:
    """A column for each number that an action can be based on."""
    for name, fact in FACTS.items():
        meaning = f"Evidence: {fact.label}; empty where the action is not based on it."
        yield _UNITS[fact.unit]._replace(name=name, meaning=meaning)


EVIDENCE_COLUMNS: Final = tuple(_evidence_columns())

SAVINGS: Final = CatalogTable(
    "savings",
    "Savings",
    "An action that saves money, those that count most first.",
    (
        _RANK,
        *ACTION_COLUMNS,
        *RANKED_COLUMNS,
        _EXCLUDES,
        *DISMISSED_COLUMNS,
        *EVIDENCE_COLUMNS,
    ),
)


def savings_table(savings: Savings) -> Table:
    """All actions, also the small ones, then the dismissed ones."""
    return Table(SAVINGS, _rows(savings))


def _rows(savings: Savings) -> Iterator[Row]:
    for rank, ranked in enumerate(savings.actions, start=1):
        evidence = evidence_row(ranked.action)
        yield (
            rank,
            *action_row(ranked.action),
            *ranked_row(ranked),
            " ".join(ranked.excludes),
            *(None for _ in DISMISSED_COLUMNS),
            *evidence,
        )
    for dismissed in savings.dismissed:
        evidence = evidence_row(dismissed.action)
        yield (
            None,
            *action_row(dismissed.action),
            *(None for _ in RANKED_COLUMNS),
            None,
            *dismissed_row(dismissed),
            *evidence,
        )


def action_row(action: Action) -> Row:
    """The values of `ACTION_COLUMNS`."""
    change = action.change
    of_change: Row = (None, None, None)
    if change:
        of_change = (change.setting, change.now, change.then)
    return (
        action.id,
        action.kind,
        *action.where,
        action.branch,
        action.certainty,
        action.effort,
        action.credits,
        action.cost,
        *of_change,
    )


def ranked_row(ranked: RankedAction) -> Row:
    """The values of `RANKED_COLUMNS`."""
    return (ranked.counted_credits, ranked.counted)


def dismissed_row(dismissed: Dismissed) -> Row:
    """The values of `DISMISSED_COLUMNS`."""
    return (dismissed.dismissal.reason, dismissed.dismissal.until)


def evidence_row(action: Action) -> Row:
    """The values of `EVIDENCE_COLUMNS`."""
    known = action.evidence
    return tuple(
        _value(fact, known[name]) if name in known else None for name, fact in FACTS.items()
    )


def _value(fact: Fact, value: Number) -> Number:
    """A number as the type of its column has it."""
    if fact.unit == "count":
        return int(value)
    return Decimal(str(value)) if fact.unit == "credits" else float(value)
