"""What `estimate` tells with `--json`; `catalog` describes every key."""

from decimal import Decimal
from typing import Any, Final

from circleci_usage.core.decimals import plain
from circleci_usage.estimate.amounts import Amount
from circleci_usage.estimate.records import Estimate, EstimatedJob, Note
from circleci_usage.render.formatting import visible_name
from circleci_usage.render.text.estimate_words import note_in_words
from circleci_usage.report_folder.columns import count, credit_amount, exact, money, text, yes_no
from circleci_usage.report_folder.summary import period_to_json
from circleci_usage.report_folder.summary_keys import (
    DAYS,
    SummaryKey,
    list_key,
    object_key,
    plain_keys,
)

_AMOUNT: Final = (
    credit_amount("credits", "Credits a month."),
    money("cost", "What they cost, contracted."),
)

ESTIMATE: Final[tuple[SummaryKey, ...]] = (
    object_key("period", "The days of the usage that it is estimated from.", *DAYS),
    *plain_keys(
        text("organization", "Organization of the project."),
        text("project", "The project whose config it is."),
        text("currency", "Currency of all money, as in ISO 4217."),
    ),
    object_key("change", "What the change costs more a month; below zero, it saves.", *_AMOUNT),
    object_key("at_best", "The same with jobs as fast as CircleCI says.", *_AMOUNT),
    *plain_keys(
        money("fail_above", "The amount of `--fail-above`; null without it."),
        yes_no("exceeded", "Whether the change costs more than that, which is exit code 10."),
        count("unchanged_jobs", "jobs", "Jobs in which nothing differs that costs something."),
        count("unknown_jobs", "jobs", "Changed jobs whose cost is not known and not counted."),
    ),
    list_key(
        "jobs",
        "Jobs that differ: those that cost more first, those whose cost is not known last.",
        text("workflow", "Workflow of the job."),
        text("job", "Its name."),
        text("kind", "`changed`, `new` or `removed`."),
        exact("runs_before", "runs", "How often it ran a month; null for a new job."),
        exact("runs_after", "runs", "How often it will; null where that is not known."),
        list_key(
            "differences",
            "Settings that differ.",
            text(
                "setting",
                "Its key in the config, or `executor`, `schedule`, `branches`, `condition`.",
            ),
            text("before", "Its value; null where it is not known or not set."),
            text("after", "Likewise, after the change."),
        ),
        object_key("before", "What it costs a month; null where that is not known.", *_AMOUNT),
        object_key("after", "What it will cost; null where that is not known.", *_AMOUNT),
        object_key("change", "The difference; null where one is not known.", *_AMOUNT),
        object_key(
            "at_best", "What it will cost as fast as CircleCI says; null elsewhere.", *_AMOUNT
        ),
        list_key(
            "notes",
            "What is assumed, or why a cost is not known.",
            text("kind", "What it is about."),
            text("text", "The same in words."),
        ),
    ),
    list_key(
        "unread",
        "Parts of the changed config that could not be resolved.",
        text("file", "The file."),
        count("line", "", "The line, from 1."),
        text("reason", "What it is."),
    ),
)
"""The keys of the document."""


def estimate_members(found: Estimate, limit: Decimal | None) -> dict[str, Any]:
    """What the change costs, job by job."""
    return {
        "period": period_to_json(found.period),
        "organization": found.project.organization,
        "project": found.project.project,
        "currency": found.currency,
        "change": _amount(found.change),
        "at_best": _amount(found.at_best),
        "fail_above": None if limit is None else plain(limit),
        "exceeded": limit is not None and found.change.cost > limit,
        "unchanged_jobs": found.unchanged,
        "unknown_jobs": len(found.unknown),
        "jobs": [*map(_job, found.jobs)],
        "unread": [
            {"file": str(part.file), "line": part.line, "reason": part.reason}
            for part in found.unread
        ],
    }


def _job(job: EstimatedJob) -> dict[str, Any]:
    return {
        "workflow": job.workflow,
        "job": job.job,
        "kind": job.kind,
        "runs_before": _number(job.runs_before),
        "runs_after": _number(job.runs_after),
        "differences": [each._asdict() for each in job.differences],
        "before": _amount(job.before),
        "after": _amount(job.after),
        "change": _amount(job.change),
        "at_best": _amount(job.at_best),
        "notes": [*map(_note, job.notes)],
    }


def _note(note: Note) -> dict[str, str]:
    return {"kind": note.kind, "text": note_in_words(note).naming(visible_name)}


def _amount(amount: Amount | None) -> dict[str, str] | None:
    if amount is None:
        return None
    return {"credits": plain(amount.credits), "cost": plain(amount.cost)}


def _number(runs: Decimal | None) -> str | None:
    return None if runs is None else plain(runs)
