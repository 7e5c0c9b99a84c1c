"""Savings as JSON: a key of summary.json, and what its keys mean."""

from typing import Any, Final

from circleci_usage.analysis.savings import Action, Dismissed, Savings
from circleci_usage.analysis.savings.evidence import FACTS
from circleci_usage.analysis.savings.ranking import RankedAction
from circleci_usage.report_folder.columns import Column, credit_amount, money
from circleci_usage.report_folder.json_values import named_values
from circleci_usage.report_folder.savings_tables import (
    ACTION_COLUMNS,
    DISMISSED_COLUMNS,
    EVIDENCE_COLUMNS,
    RANKED_COLUMNS,
    action_row,
    dismissed_row,
    evidence_row,
    ranked_row,
)
from circleci_usage.report_folder.summary_keys import (
    SummaryKey,
    list_key,
    object_key,
    plain_keys,
    texts_key,
)

_TOTALS: Final = (
    money("certain_a_month", "Monthly savings of all certain actions; each dollar counts once."),
    money("likely_a_month", "What all likely actions add to that."),
    credit_amount("certain_credits_a_month", "The certain ones in credits."),
    credit_amount("likely_credits_a_month", "The likely ones in credits."),
)

_ONLY: Final = "where the action is based on it"


def _label(column: Column) -> str:
    label = FACTS[column.name].label
    return f"{label[0].upper()}{label[1:]}."


_EVIDENCE: Final = object_key(
    "evidence",
    "The numbers that it is based on.",
    *(column._replace(meaning=_label(column), only=_ONLY) for column in EVIDENCE_COLUMNS),
)

_ACTION: Final = (*plain_keys(*ACTION_COLUMNS), _EVIDENCE)

SAVINGS_KEY: Final[SummaryKey] = object_key(
    "savings",
    "What to do to spend less.",
    *_TOTALS,
    list_key(
        "actions",
        "Actions in order of money; what is worth a look comes last.",
        *_ACTION,
        *RANKED_COLUMNS,
        texts_key(
            "excludes", "Ids of actions that count less, or not at all, because of this one."
        ),
    ),
    list_key("dismissed", "What the settings file dismisses.", *_ACTION, *DISMISSED_COLUMNS),
)


def savings_totals(savings: Savings) -> dict[str, Any]:
    """What all actions save together."""
    values = (
        savings.counted("certain"),
        savings.counted("likely"),
        savings.counted_credits("certain"),
        savings.counted_credits("likely"),
    )
    return named_values(_TOTALS, values)


def action_to_json(ranked: RankedAction) -> dict[str, Any]:
    """An action of the list."""
    return {
        **_action(ranked.action),
        **named_values(RANKED_COLUMNS, ranked_row(ranked)),
        "excludes": [*ranked.excludes],
    }


def dismissed_to_json(dismissed: Dismissed) -> dict[str, Any]:
    """An action that the settings file dismisses."""
    values = named_values(DISMISSED_COLUMNS, dismissed_row(dismissed))
    return {**_action(dismissed.action), **values}


def _action(action: Action) -> dict[str, Any]:
    evidence = named_values(EVIDENCE_COLUMNS, evidence_row(action))
    known = {name: value for name, value in evidence.items() if value is not None}
    return {**named_values(ACTION_COLUMNS, action_row(action)), "evidence": known}
