"""What somebody should look at: exceeded budgets and cost anomalies, never a single job run."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from circleci_usage.core.decimals import rounded
from circleci_usage.push.budget_tags import budget_tags
from circleci_usage.push.samples import TagPairs
from circleci_usage.report_folder.reader import ReportFolder, decimal_from
from circleci_usage.schema.export_columns import NO_NAME, job_in_words

MAX_ANOMALIES: Final = 10
"""The largest of a report; more would be noise."""

_CENTS: Final = 2
_DIGITS: Final = 16


@dataclass(frozen=True)
class Event:
    """Something to look at.

    Attributes:
        title: one line.
        text: the details.
        tags: what it is about.
        key: the same for the same cause in every report, so that a target can group its events; at
            most 100 characters.
        severity: `warning` or `error`.
    """

    title: str
    text: str
    tags: TagPairs
    key: str
    severity: str = "warning"


def events_of(report: ReportFolder) -> tuple[Event, ...]:
    """The events of a report: exceeded budgets, then anomalies, the largest first.

    Raises:
        DataError: the report is damaged.
    """
    try:
        return (*_budgets(report), *_anomalies(report))
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        raise report.damaged_summary() from None


def _budgets(report: ReportFolder) -> Iterator[Event]:
    for budget in report.summary.get("budgets") or ():
        if budget["state"] == "over":
            yield _exceeded(budget, report)


def _exceeded(budget: Mapping[str, Any], report: ReportFolder) -> Event:
    name = str(budget["name"])
    spent, amount = (_limited(budget[key], budget, report) for key in ("spent", "amount"))
    sentences = [f"{spent} of {amount} spent from {budget['from']} through {budget['through']}."]
    if _will_grow(budget):
        forecast = _limited(budget["expected"], budget, report)
        sentences.append(f"Forecast for the end of the {budget['per']}: {forecast}.")
    if budget["missing"]:
        sentences.append("Data is incomplete, so actual spend may be higher.")
    return Event(
        title=f"CircleCI budget {name} is exceeded: {_used(budget)} of {amount}",
        text=" ".join(sentences) + _link(report),
        tags=tuple(sorted(budget_tags(budget))),
        key=_key("budget", str(budget["from"]), name),
        severity="error",
    )


def _anomalies(report: ReportFolder) -> Iterator[Event]:
    for anomaly in (report.summary.get("anomalies") or ())[:MAX_ANOMALIES]:
        yield _anomaly(anomaly, report)


def _anomaly(anomaly: Mapping[str, Any], report: ReportFolder) -> Event:
    day, project = str(anomaly["date"]), anomaly.get("project")
    actual, expected = _money(anomaly["actual"], report), _money(anomaly["expected"], report)
    subject = project or "all projects"
    cause = str(anomaly.get("project_id"))
    sentences = [f"{actual} vs. about {expected} expected."]
    if anomaly.get("subject") == "job":
        subject = f"{_job(anomaly, report)} of {subject}"
        cause = f"{cause} {anomaly.get('workflow')} {anomaly.get('job')}"
    elif anomaly.get("job"):
        sentences.append(_main_driver(anomaly, report))
    return Event(
        title=f"CircleCI cost anomaly on {day}: {actual} for {subject}",
        text=" ".join(sentences) + _link(report),
        tags=_tags(organization=anomaly.get("organization"), project=project),
        key=_key("anomaly", day, cause),
    )


def _used(budget: Mapping[str, Any]) -> str:
    """`132%`; with days missing it is at least that."""
    if budget["used"] is None:
        return "more than 100%"
    return f"{rounded(decimal_from(str(budget['used'])) * 100, 0)}%"


def _will_grow(budget: Mapping[str, Any]) -> bool:
    """Whether the forecast is above what is spent already."""
    expected, spent = (
        decimal_from(str(budget["expected"] or 0)),
        decimal_from(str(budget["spent"] or 0)),
    )
    return expected > spent


def _main_driver(anomaly: Mapping[str, Any], report: ReportFolder) -> str:
    """`Main driver: the job e2e of the workflow nightly (65 USD vs. about 4 USD expected)`."""
    driver, workflow = _job(anomaly, report), anomaly["workflow"]
    if workflow not in {anomaly["job"], NO_NAME}:
        driver = f"{driver} of the workflow {workflow}"
    actual = _money(anomaly["job_actual"], report)
    expected = _money(anomaly["job_expected"], report)
    return f"Main driver: {driver} ({actual} vs. about {expected} expected)."


def _job(anomaly: Mapping[str, Any], report: ReportFolder) -> str:
    kinds = [entry["credit_type"] for entry in report.summary.get("by_credit_type") or ()]
    return job_in_words(anomaly["job"], kinds).format(anomaly["job"])


def _link(report: ReportFolder) -> str:
    link = report.summary.get("link")
    return f"\n\nReport: {link}" if link else ""


def _money(amount: object, report: ReportFolder) -> str:
    value: Decimal = rounded(decimal_from(str(amount)), _CENTS)
    return f"{value:,} {report.currency}"


def _limited(amount: object, budget: Mapping[str, Any], report: ReportFolder) -> str:
    """An amount in the unit of the budget."""
    if budget.get("measure") == "credits":
        return f"{rounded(decimal_from(str(amount)), 0):,} credits"
    return _money(amount, report)


def _tags(**names: str | None) -> TagPairs:
    return tuple((key, str(name)) for key, name in names.items() if name)


def _key(kind: str, day: str, name: str) -> str:
    """`circleci-usage-budget-2026-03-01-` and a checksum, because a name may be long."""
    checksum = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"circleci-usage-{kind}-{day}-{checksum}"
