"""What the analyses found, as keys of summary.json; what budgets are held against is read back by their check."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

from circleci_usage.analysis.breakdowns import JOB, PROJECT, WORKFLOW
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.analysis.numbered_jobs import NumberedJob
from circleci_usage.analysis.period_comparison import PeriodComparison
from circleci_usage.analysis.rightsizing import SAVINGS_ASSUME, RightSizing
from circleci_usage.config.job_group_settings import job_group_settings
from circleci_usage.core.decimals import plain
from circleci_usage.core.periods import CIRCLECI_BEGAN, END_OF_TIME, Period
from circleci_usage.report import Report
from circleci_usage.report_folder import finding_tables as tables

_Found = TypeVar("_Found")

_OUTLOOK: Final = ("spent", "expected", "low", "high")
_PLACES: Final = 60
"""Digits that an amount may have, and places before and behind its point: what is written has about half."""
_LONGEST: Final = 366


def findings(report: Report) -> dict[str, Any]:
    """Additional keys of summary.json: money as decimal strings, times in seconds, peaks in percent.

    Lists that may be very long are not made yet (see `shortened`).
    """
    found = report.findings
    return {
        "month": found.month_to_date and written(found.month_to_date),
        "budget_periods": {
            per: written(month_to_date) for per, month_to_date in found.budget_periods.items()
        },
        "budgets": [
            {**entry, "missing": gaps(state.month_to_date.missing)}
            for entry, state in zip(_entries(tables.budgets(report)), found.budgets, strict=True)
        ],
        "change": found.period_comparison and _change(found.period_comparison),
        "anomalies": _listed(found.anomalies, tables.anomalous),
        "waste": {
            "failed": plain(found.wasted_spend.total.failed),
            "canceled": plain(found.wasted_spend.total.canceled),
            "reruns": plain(found.wasted_spend.total.reruns),
            "job_runs": found.wasted_spend.total.runs,
            "failed_runs": found.wasted_spend.total.failed_runs,
            "canceled_runs": found.wasted_spend.total.canceled_runs,
            "never_started_runs": found.wasted_spend.total.never_started_runs,
            "rerun_runs": found.wasted_spend.total.rerun_runs,
            "queued_seconds": found.wasted_spend.total.queued_seconds,
            "always_failing": _listed(found.wasted_spend.always_failing, tables.wasted),
            "flaky": _listed(found.wasted_spend.flaky, tables.wasted),
        },
        "right_sizing": _right_sizing(found.right_sizing),
        "performance": {
            "workflows": _listed(found.durations.workflows, partial(tables.paces, WORKFLOW)),
            "jobs": _listed(found.durations.jobs, partial(tables.paces, JOB)),
        },
        "extra_costs": _entries(tables.extra_jobs(found.noncompute)),
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


def written(month_to_date: MonthToDate) -> dict[str, Any]:
    """A month's spending as JSON values."""
    return {
        "from": str(month_to_date.month.first),
        "to": str(month_to_date.month.last),
        "since": str(month_to_date.since),
        "through": str(month_to_date.through),
        "missing": gaps(month_to_date.missing),
        **_outlook(month_to_date.everything),
        "credits": month_to_date.credits and _outlook(month_to_date.credits),
        "by_team": [
            {"team": team, **_outlook(forecast)}
            for team, forecast in sorted(month_to_date.teams.items())
        ],
    }


def gaps(missing: Iterable[Period]) -> list[dict[str, str]]:
    """Missing days as JSON values."""
    return [{"from": str(gap.first), "to": str(gap.last)} for gap in missing]


def read_back(month: Mapping[str, Any]) -> MonthToDate:
    """What `written` wrote.

    Raises:
        AttributeError, KeyError, ValueError, TypeError, ArithmeticError: it is something else.
    """
    since, through = (date.fromisoformat(month[key]) for key in ("since", "through"))
    return MonthToDate(
        _period(month["from"], month["to"]),
        since,
        through,
        _read_outlook(month),
        {entry["team"]: _read_outlook(entry) for entry in month["by_team"]},
        tuple(_period(gap["from"], gap["to"]) for gap in month["missing"]),
        _read_outlook(month["credits"]) if month.get("credits") else None,
    )


def _outlook(forecast: Forecast) -> dict[str, str | None]:
    amounts = (forecast.spent, forecast.expected, forecast.low, forecast.high)
    return {
        key: None if amount is None else plain(amount)
        for key, amount in zip(_OUTLOOK, amounts, strict=True)
    }


def _read_outlook(entry: Mapping[str, Any]) -> Forecast:
    expected, low, high = (
        None if entry[key] is None else _amount(entry[key]) for key in _OUTLOOK[1:]
    )
    return Forecast(_amount(entry["spent"]), expected, low, high)


def _amount(text: str) -> Decimal:
    """An amount that can be added, compared and shown."""
    amount = Decimal(text)
    if (
        not amount.is_finite()
        or abs(amount.adjusted()) > _PLACES
        or len(amount.as_tuple().digits) > _PLACES
    ):
        raise ValueError(f"{text!r} is no amount")
    return amount


def _period(first: str, last: str) -> Period:
    """Days as a month or a cycle has them, which are walked through one by one."""
    period = Period.of_days(date.fromisoformat(first), date.fromisoformat(last))
    if not CIRCLECI_BEGAN <= period.start < period.stop < END_OF_TIME or len(period) > _LONGEST:
        raise ValueError(f"{period} is no month")
    return period


def _change(changes: PeriodComparison) -> dict[str, Any]:
    """The total, and what drove it; all changes are in the tables."""
    (total,) = _entries(tables.changed((), [changes.total]))
    share, share_a_day = changes.total.relative_change, changes.total.relative_change_per_day
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
