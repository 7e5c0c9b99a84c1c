"""Events on what somebody should look at: a budget that is exceeded, a day that cost too much. Never one a job run."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final

from circleci_usage.core.decimals import rounded
from circleci_usage.cost_files.datadog_tags import DatadogTags
from circleci_usage.report_folder.reader import ReportFolder, number
from circleci_usage.schema.export_columns import NO_NAME, job_in_words

MAX_ANOMALIES: Final = 10
"""The largest of a report; more would be noise."""

_MAX_TITLE: Final = 200
_MAX_TEXT: Final = 4_000
_CENTS: Final = 2


@dataclass(frozen=True)
class Event:
    """Something to look at.

    Attributes:
        title: in one line.
        text: what is known of it.
        tags: of whom it is.
        key: the same for the same thing in every report, so that Datadog shows its events together.
        severity: Datadog's `alert_type`.
    """

    title: str
    text: str
    tags: tuple[str, ...]
    key: str
    severity: str = "warning"

    def body(self, now: datetime) -> dict[str, Any]:
        """As Datadog takes it; it takes none that happened longer than 18 hours ago, so they happen now."""
        return {
            "title": self.title[:_MAX_TITLE],
            "text": self.text[:_MAX_TEXT],
            "tags": [*self.tags],
            "aggregation_key": self.key,
            "alert_type": self.severity,
            "date_happened": int(now.timestamp()),
        }


def events_of(report: ReportFolder) -> tuple[Event, ...]:
    """The events of a report: exceeded budgets, then anomalies, the largest first.

    Raises:
        DataError: it is damaged.
    """
    try:
        return tuple(chain(_budgets(report), _anomalies(report)))
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        raise report.damaged_summary() from None


def _budgets(report: ReportFolder) -> Iterator[Event]:
    for budget in report.summary.get("budgets") or ():
        if budget["state"] == "over":
            name = str(budget["name"])
            spent, amount = (_money(budget[key], report) for key in ("spent", "amount"))
            more = f"{_ending(budget, report)}{_missing(budget)}"
            yield Event(
                f"CircleCI budget {name} is exceeded: {_used(budget)} of {amount}",
                f"{spent} of {amount} were spent from {budget['from']} to {budget['through']}.{more}{_see(report)}",
                _tags(budget=name, team=budget.get("team")),
                _key("budget", str(budget["from"]), name),
                "error",
            )


def _anomalies(report: ReportFolder) -> Iterator[Event]:
    for anomaly in (report.summary.get("anomalies") or ())[:MAX_ANOMALIES]:
        day, project = str(anomaly["date"]), anomaly.get("project")
        actual, expected = (_money(anomaly[key], report) for key in ("actual", "expected"))
        job = anomaly.get("job") if anomaly.get("subject") == "job" else None
        what = project or "all projects together"
        who = f"{_job(anomaly, report)} of {what}" if job else what
        yield Event(
            f"CircleCI cost of {who} was unusual on {day}: {actual}",
            f"{actual} instead of about {expected}.{'' if job else _cause(anomaly, report)}{_see(report)}",
            _tags(organization=anomaly.get("organization"), project=project),
            _key("anomaly", day, *_whose(anomaly, job)),
        )


def _used(budget: Mapping[str, Any]) -> str:
    """`132%`; with days missing it is at least that."""
    if budget["used"] is None:
        return "more than 100%"
    return f"{rounded(number(str(budget['used'])) * 100, 0)}%"


def _missing(budget: Mapping[str, Any]) -> str:
    return " Days are missing, so more may have been spent." if budget["missing"] else ""


def _whose(anomaly: Mapping[str, Any], job: object) -> tuple[str]:
    project = str(anomaly.get("project_id"))
    return (f"{project} {anomaly.get('workflow')} {job}" if job else project,)


def _ending(budget: Mapping[str, Any], report: ReportFolder) -> str:
    expected, spent = (number(str(budget[key] or 0)) for key in ("expected", "spent"))
    return (
        f" {_money(expected, report)} are expected by the end of the {budget['per']}."
        if expected > spent
        else ""
    )


def _cause(anomaly: Mapping[str, Any], report: ReportFolder) -> str:
    if not anomaly.get("job"):
        return ""
    actual, expected = (_money(anomaly[key], report) for key in ("job_actual", "job_expected"))
    job, workflow = _job(anomaly, report), anomaly["workflow"]
    of_workflow = (
        f" of the workflow {workflow}" if workflow not in {anomaly["job"], NO_NAME} else ""
    )
    return f" Most of it is {job}{of_workflow}: {actual} instead of about {expected}."


def _job(anomaly: Mapping[str, Any], report: ReportFolder) -> str:
    kinds = [entry["credit_type"] for entry in report.summary.get("by_credit_type") or ()]
    return job_in_words(anomaly["job"], kinds).format(anomaly["job"])


def _see(report: ReportFolder) -> str:
    link = report.summary.get("link")
    return f"\n\nThe report: {link}" if link else ""


def _money(amount: object, report: ReportFolder) -> str:
    value: Decimal = rounded(number(str(amount)), _CENTS)
    return f"{value:,} {report.currency}"


def _tags(**names: str | None) -> tuple[str, ...]:
    pairs = tuple((key, str(name)) for key, name in names.items() if name)
    return DatadogTags((pairs,)).of(pairs)


def _key(*parts: str) -> str:
    """At most the 100 characters that Datadog allows."""
    *words, name = parts
    return "-".join(("circleci-usage", *words, hashlib.sha256(name.encode()).hexdigest()[:16]))
