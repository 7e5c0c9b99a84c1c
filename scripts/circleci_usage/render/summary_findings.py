"""What the analyses found, as keys of summary.json; the month is read back by the budget check."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from circleci_usage.analysis.changes import Changes
from circleci_usage.analysis.forecast import Outlook
from circleci_usage.analysis.spending import Spending
from circleci_usage.analysis.totals import JOB, PROJECT, WORKFLOW
from circleci_usage.days import Period
from circleci_usage.money.exact import plain
from circleci_usage.render import finding_tables as tables
from circleci_usage.report import Report

_OUTLOOK: Final = ("spent", "expected", "low", "high")


def findings(report: Report) -> dict[str, Any]:
    """Additional keys of summary.json: money as decimal strings, times in seconds, peaks in percent."""
    found = report.findings
    suggested = [sizing for sizing in found.right_sizing.sizings if sizing.suggested]
    rates = found.right_sizing.rates
    return {
        "month": found.spending and written(found.spending),
        "budgets": _entries(tables.budgets(report)),
        "change": found.changes and _change(found.changes),
        "anomalies": _entries(tables.anomalies(report)),
        "waste": {
            "failed": plain(found.waste.total.failed),
            "canceled": plain(found.waste.total.canceled),
            "reruns": plain(found.waste.total.reruns),
            "queued_seconds": found.waste.total.queued_seconds,
            "always_failing": _entries(tables.wasted(found.waste.always_failing)),
            "flaky": _entries(tables.wasted(found.waste.flaky)),
        },
        "right_sizing": {
            "rates": {"source": rates.source, "as_of": str(rates.as_of)},
            "saved_credits_a_month": plain(found.right_sizing.saved_credits),
            "saved_a_month": plain(found.right_sizing.saved),
            "suggestions": _entries(tables.sized(suggested)),
        },
        "performance": {
            "workflows": _entries(tables.paces(WORKFLOW, found.durations.workflows)),
            "jobs": _entries(tables.paces(JOB, found.durations.jobs)),
        },
        "extra_costs": _entries(tables.extra_jobs(found.extras)),
    }


def written(spending: Spending) -> dict[str, Any]:
    """A month's spending as JSON values."""
    return {
        "from": str(spending.month.first),
        "to": str(spending.month.last),
        "since": str(spending.since),
        "through": str(spending.through),
        **_outlook(spending.everything),
        "credits": spending.credits and _outlook(spending.credits),
        "by_team": [{"team": team, **_outlook(outlook)} for team, outlook in sorted(spending.teams.items())],
    }


def read_back(month: Mapping[str, Any]) -> Spending:
    """What `written` wrote.

    Raises:
        KeyError, ValueError, TypeError, ArithmeticError: it is something else.
    """
    days = [date.fromisoformat(month[key]) for key in ("from", "to", "since", "through")]
    return Spending(
        Period.of_days(days[0], days[1]),
        days[2],
        days[3],
        _read_outlook(month),
        {entry["team"]: _read_outlook(entry) for entry in month["by_team"]},
        _read_outlook(month["credits"]) if month.get("credits") else None,
    )


def _outlook(outlook: Outlook) -> dict[str, str | None]:
    amounts = (outlook.spent, outlook.expected, outlook.low, outlook.high)
    return {key: None if amount is None else plain(amount) for key, amount in zip(_OUTLOOK, amounts, strict=True)}


def _read_outlook(entry: Mapping[str, Any]) -> Outlook:
    expected, low, high = (None if entry[key] is None else Decimal(entry[key]) for key in _OUTLOOK[1:])
    return Outlook(Decimal(entry["spent"]), expected, low, high)


def _change(changes: Changes) -> dict[str, Any]:
    """The total, and what drove it; all changes are in the tables."""
    (total,) = _entries(tables.changed((), [changes.total]))
    share = changes.total.share
    return {
        "from": str(changes.before.first),
        "to": str(changes.before.last),
        "compared_through": str(changes.now.last),
        "without_seats": changes.without_seats,
        **total,
        "share": None if share is None else plain(share),
        "projects": _entries(tables.changed(PROJECT, changes.project_drivers)),
        "jobs": _entries(tables.changed(JOB, changes.job_drivers)),
    }


def _entries(table: tables.Table) -> list[dict[str, Any]]:
    return [{name: _value(value) for name, value in entry.items()} for entry in table.entries]


def _value(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return str(value) if isinstance(value, date) else value
