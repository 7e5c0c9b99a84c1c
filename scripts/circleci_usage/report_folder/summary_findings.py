"""What the analyses found, as keys of summary.json; what budgets are held against is read back by their check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from circleci_usage.analysis.breakdowns import JOB, PROJECT, WORKFLOW
from circleci_usage.analysis.numbered_jobs import NumberedJob
from circleci_usage.analysis.period_comparison import Changes
from circleci_usage.analysis.rightsizing import SAVINGS_ASSUME, RightSizing
from circleci_usage.config.job_group_settings import job_group_settings
from circleci_usage.core.decimals import plain
from circleci_usage.report import Report
from circleci_usage.report_folder import finding_tables as tables
from circleci_usage.report_folder.month_to_date_json import gaps_to_json, month_to_json

_Found = TypeVar("_Found")


def findings(report: Report) -> dict[str, Any]:
    """Additional keys of summary.json: money as decimal strings, times in seconds, peaks in percent.

    Lists that may be very long are not made yet (see `shortened`).
    """
    found = report.findings
    return {
        "month": found.month_to_date and month_to_json(found.month_to_date),
        "budget_periods": {
            per: month_to_json(month_to_date) for per, month_to_date in found.to_judge.items()
        },
        "budgets": [
            {**entry, "missing": gaps_to_json(state.month_to_date.missing)}
            for entry, state in zip(_entries(tables.budgets(report)), found.budgets, strict=True)
        ],
        "change": found.changes and _change(found.changes),
        "anomalies": _listed(found.anomalies, tables.anomalous),
        "waste": {
            "failed": plain(found.waste.total.failed),
            "canceled": plain(found.waste.total.canceled),
            "reruns": plain(found.waste.total.reruns),
            "job_runs": found.waste.total.runs,
            "failed_runs": found.waste.total.failed_runs,
            "canceled_runs": found.waste.total.canceled_runs,
            "never_started_runs": found.waste.total.never_started_runs,
            "rerun_runs": found.waste.total.rerun_runs,
            "queued_seconds": found.waste.total.queued_seconds,
            "always_failing": _listed(found.waste.always_failing, tables.wasted),
            "flaky": _listed(found.waste.flaky, tables.wasted),
        },
        "right_sizing": _right_sizing(found.right_sizing),
        "performance": {
            "workflows": _listed(found.durations.workflows, partial(tables.paces, WORKFLOW)),
            "jobs": _listed(found.durations.jobs, partial(tables.paces, JOB)),
        },
        "extra_costs": _entries(tables.extra_jobs(found.extras)),
        "suggested_job_groups": {
            "groups": _Listed(
                len(found.numbered_jobs),
                lambda most: [_numbered(job) for job in found.numbered_jobs[:most]],
            ),
            "settings": _job_group_settings(found.numbered_jobs),
        },
    }


def shortened(found: dict[str, Any], most: int) -> tuple[dict[str, Any], dict[str, int]]:
    """The keys with at most so many entries in each list, and by how many the lists were shortened, by their paths."""
    short: dict[str, Any] = {}
    left_out: dict[str, int] = {}
    for key, value in found.items():
        if isinstance(value, _Listed):
            short[key] = value.first(most)
            left_out |= {key: value.length - most} if value.length > most else {}
        elif isinstance(value, dict):
            short[key], inside = shortened(value, most)
            left_out |= {f"{key}.{path}": left for path, left in inside.items()}
        else:
            short[key] = value
    return short, left_out


@dataclass(frozen=True)
class _Listed:
    """A list that grows with the names of the export: how long it is, and its entries, made when they are wanted."""

    length: int
    first: Callable[[int], list[Any]]


def _listed(every: Sequence[_Found], table: Callable[[Sequence[_Found]], tables.Table]) -> _Listed:
    return _Listed(len(every), lambda most: _entries(table(every[:most])))


def _right_sizing(found: RightSizing) -> dict[str, Any]:
    """What is saved for certain, job by job in `savings`, whose amounts sum to the total; what may pay stands apart."""
    return {
        "rates": {
            "source": found.rates.source,
            "as_of": str(found.rates.as_of),
            "classes": _entries(tables.rated(found.classes)),
        },
        "assumption": SAVINGS_ASSUME,
        "saved_credits_a_month": plain(found.saved_credits),
        "saved_a_month": plain(found.saved),
        "savings": _listed(found.savings, tables.sized),
        "suggestions": _listed(found.suggestions, tables.sized),
        "migrations": _listed(found.migrations, tables.migrated),
        "larger_classes": _listed(found.speed_ups, tables.sped_up),
    }


def _change(changes: Changes) -> dict[str, Any]:
    """The total, and what drove it; all changes are in the tables."""
    (total,) = _entries(tables.changed((), [changes.total]))
    share, share_a_day = changes.total.share, changes.total.share_a_day
    return {
        "from": str(changes.before.first),
        "to": str(changes.before.last),
        "compared_through": str(changes.now.last),
        "without_seats": changes.without_seats,
        **total,
        "share": None if share is None else plain(share),
        "share_a_day": None if share_a_day is None else plain(share_a_day),
        "days_before": len(changes.before),
        "days_after": len(changes.now),
        "projects": _entries(tables.changed(PROJECT, changes.project_drivers)),
        "jobs": _entries(tables.changed(JOB, changes.job_drivers)),
    }


def _job_group_settings(jobs: Sequence[NumberedJob]) -> str:
    return job_group_settings({job.name: job.globs for job in jobs}) if jobs else ""


def _numbered(job: NumberedJob) -> dict[str, Any]:
    return {
        **dict(zip(WORKFLOW, job.key, strict=True)),
        "name": job.name,
        "jobs": [*job.jobs],
        "globs": [*job.globs],
        **job.machine._asdict(),
    }


def _entries(table: tables.Table) -> list[dict[str, Any]]:
    return [{name: _value(value) for name, value in entry.items()} for entry in table.entries]


def _value(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return str(value) if isinstance(value, date) else value
