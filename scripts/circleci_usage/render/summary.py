"""summary.json: the report's numbers for programs. Its keys are a contract; `SCHEMA_VERSION` says which."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from circleci_usage.analysis.totals import Amount, Breakdown
from circleci_usage.days import Period
from circleci_usage.exact import plain
from circleci_usage.report import SCHEMA_VERSION, PastPeriod, Report

LISTS: Final = {
    "by_credit_type": "credit_types",
    "by_organization": "organizations",
    "by_project": "projects",
    "by_workflow": "workflows",
    "by_job": "jobs",
    "by_resource_class": "resource_classes",
    "by_team": "teams",
    "daily": "daily",
}
"""Key of summary.json → the breakdown it lists."""


def summary_json(report: Report) -> str:
    """The report as a JSON text.

    Credits and money are decimal strings with all their digits, so that no reader's floating point rounds them; days
    are ISO dates, both ends of a period included.
    """
    return json.dumps(summary(report), ensure_ascii=False, indent=2) + "\n"


def summary(report: Report) -> dict[str, Any]:
    """The document before it is written down."""
    return {
        "schema_version": SCHEMA_VERSION,
        "period": _period(report.period),
        "complete_through": _day(report.complete_through),
        "currency": report.currency,
        "totals": _amount(report.totals),
        **{key: list(_entries(report.breakdowns[name])) for key, name in LISTS.items()},
        "previous_period": _past(report.previous),
        "warnings": list(report.warnings),
    }


def _period(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _amount(amount: Amount) -> dict[str, str | int]:
    return {"credits": plain(amount.credits), "cost": plain(amount.cost), "job_runs": amount.job_runs}


def _past(previous: PastPeriod | None) -> dict[str, Any] | None:
    return {**_period(previous.period), "totals": _amount(previous.totals)} if previous else None


def _entries(breakdown: Breakdown) -> Iterator[dict[str, str | int]]:
    columns = [*breakdown.keys, "credits", "cost", "job_runs"]
    for values in zip(*(breakdown.lines[column] for column in columns), strict=True):
        yield {column: _json_value(value) for column, value in zip(columns, values, strict=True)}


def _json_value(value: object) -> str | int:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return value if isinstance(value, str) else int(str(value))
