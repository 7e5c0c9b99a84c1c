"""What `optimize` tells with `--json`, and the catalog of its keys."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from circleci_usage.analysis.savings.actions import Action, Change
from circleci_usage.cli.savings_source import ProjectSavings
from circleci_usage.core.decimals import plain
from circleci_usage.optimize import Place, PlacedAction, Plan, UnplacedAction
from circleci_usage.report_folder.columns import count, credit_amount, money, text, yes_no
from circleci_usage.report_folder.summary import period_to_json
from circleci_usage.report_folder.summary_keys import DAYS, list_key, object_key, plain_keys

_ACTION: Final = (
    text("id", "Names the action; as in the report on the same usage."),
    text("kind", "Kind of action, such as `next generation`."),
    text("certainty", "`certain` or `likely`."),
    text("workflow", "The workflow."),
    text("job", "The job, or the group of jobs of the settings file."),
    text("setting", "`resource_class`, `parallelism` or `docker_layer_caching`."),
    text("now", "Value of the setting in the usage."),
    text("then", "New value."),
)

OPTIMIZE: Final = (
    object_key(
        "project",
        "The project.",
        text("organization", "Its organization."),
        text("project", "Its name."),
    ),
    object_key("period", "The days of the usage.", *DAYS),
    *plain_keys(
        text("currency", "Currency of all money, as in ISO 4217."),
        money("certain_a_month", "What certain changes save a month."),
        money("likely_a_month", "What likely ones save beside them."),
        credit_amount("certain_credits_a_month", "Likewise, in credits."),
        credit_amount("likely_credits_a_month", "Likewise, in credits."),
    ),
    list_key(
        "changes",
        "What changes, the largest saving first.",
        *_ACTION,
        money("saved_a_month", "What it saves a month beside the others."),
        credit_amount("saved_credits_a_month", "Likewise, in credits."),
        list_key(
            "places",
            "Where it is written.",
            text("file", "Path of the file, as it was given."),
            count("line", "", "Line of the file as it was, from 1."),
        ),
    ),
    list_key(
        "unplaced",
        "What cannot be changed in these files, the largest saving first.",
        *_ACTION,
        money("saved_a_month", "What it would save a month; null where that is not known."),
        text("reason", "Why it is not changed, and where to change it instead."),
    ),
    list_key("done", "What the files have already: the usage is from before.", *_ACTION),
    *plain_keys(
        text("diff", "The change as a unified diff; empty without any."),
        text("pull_request", "Body of its pull request, in Markdown."),
        yes_no("written", "Whether the files were changed."),
    ),
)
"""The keys of `optimize --json`."""


def plan_members(plan: Plan, savings: ProjectSavings) -> dict[str, Any]:
    """What changes, and what does not."""
    return {
        "project": savings.project._asdict(),
        "period": period_to_json(savings.period),
        "currency": savings.currency,
        "certain_a_month": plain(plan.saved("certain")),
        "likely_a_month": plain(plan.saved("likely")),
        "certain_credits_a_month": plain(plan.saved_credits("certain")),
        "likely_credits_a_month": plain(plan.saved_credits("likely")),
        "changes": [*map(_placed, plan.placed)],
        "unplaced": [*map(_unplaced, plan.unplaced)],
        "done": [_action(each.action, each.change) for each in plan.done],
    }


def _placed(each: PlacedAction) -> dict[str, Any]:
    return {
        **_action(each.action, each.change),
        "saved_a_month": plain(each.ranked.counted),
        "saved_credits_a_month": plain(each.ranked.counted_credits),
        "places": _places(each.places),
    }


def _unplaced(each: UnplacedAction) -> dict[str, Any]:
    return {
        **_action(each.action, each.change),
        "saved_a_month": _amount(each.action.cost),
        "reason": each.reason,
    }


def _action(action: Action, change: Change) -> Mapping[str, str]:
    return {
        "id": action.id,
        "kind": action.kind,
        "certainty": action.certainty,
        "workflow": action.where.workflow,
        "job": action.where.job,
        "setting": change.setting,
        "now": change.now,
        "then": change.then,
    }


def _places(places: Sequence[Place]) -> list[dict[str, Any]]:
    return [{"file": str(place.file), "line": place.line} for place in places]


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)
