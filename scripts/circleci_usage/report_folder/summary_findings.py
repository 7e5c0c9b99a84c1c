"""What the analyses found, as keys of summary.json."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from circleci_usage.analysis.durations import Durations
from circleci_usage.analysis.insights_tests import InsightsTests
from circleci_usage.analysis.kpis import Kpi
from circleci_usage.analysis.numbered_jobs import NumberedJob
from circleci_usage.analysis.people import People, TriggerCost
from circleci_usage.analysis.period_comparison import PeriodComparison
from circleci_usage.analysis.rightsizing import SAVINGS_ASSUME, RightSizing
from circleci_usage.analysis.savings.realized import RealizedSavings
from circleci_usage.analysis.unit_costs import UnitCostChange
from circleci_usage.analysis.wasted_spend import WastedSpend
from circleci_usage.config.job_group_settings import job_group_settings
from circleci_usage.core.decimals import plain
from circleci_usage.insights.lookups import LeftOut
from circleci_usage.report import Report
from circleci_usage.report_folder.branch_tables import branch_kinds_table
from circleci_usage.report_folder.budget_spending_json import spending_to_json
from circleci_usage.report_folder.budgets_json import budgets_to_json
from circleci_usage.report_folder.change_tables import (
    CHANGE,
    CHANGES_BY_JOB,
    CHANGES_BY_PROJECT,
    anomalies_table,
    change_row,
    changes_table,
)
from circleci_usage.report_folder.columns import Column
from circleci_usage.report_folder.contract_tables import commitments_table, credit_balance_table
from circleci_usage.report_folder.insights_tables import (
    WASTE_OF_JOBS,
    flaky_tests_table,
    test_metrics_table,
)
from circleci_usage.report_folder.month_to_date_json import month_to_json
from circleci_usage.report_folder.people_tables import (
    COUNTS,
    STARTED_COLUMNS,
    TRIGGERS,
    counts_row,
    started_row,
    trigger_row,
    user_months_table,
)
from circleci_usage.report_folder.realized_savings_tables import (
    realized_savings_table,
    realized_totals,
)
from circleci_usage.report_folder.right_sizing_tables import (
    larger_classes_table,
    migrations_table,
    resource_rates_table,
    right_sizing_table,
)
from circleci_usage.report_folder.run_tables import (
    JOB_DURATIONS,
    WASTE_AMOUNTS,
    WORKFLOW_DURATIONS,
    durations_table,
    extra_costs_table,
    waste_amounts,
    waste_table,
)
from circleci_usage.report_folder.table import Row, Table
from circleci_usage.report_folder.utilization_tables import AT_LIMIT_COUNTS
from circleci_usage.schema.keys import WorkflowKey

_Found = TypeVar("_Found")


def findings(report: Report) -> dict[str, Any]:
    """Additional keys of summary.json; `summary_catalog` says what they mean.

    Lists that may be very long are not made yet (see `shorten_lists`).
    """
    found = report.findings
    month, changes = found.month_to_date, found.period_comparison
    return {
        "month": month_to_json(month) if month else None,
        **spending_to_json(found.budget_spending),
        "budgets": budgets_to_json(found.budgets),
        "credit_balance": _entries(credit_balance_table(found.contracts.balances)),
        "commitments": _entries(commitments_table(found.contracts.commitments)),
        "change": _change(changes) if changes else None,
        "anomalies": _listed(found.anomalies, anomalies_table),
        "waste": _waste(found.wasted_spend),
        "right_sizing": _right_sizing(found.right_sizing),
        "savings": {"realized": _realized(found.realized_savings)},
        "performance": _performance(found.durations),
        "extra_costs": _entries(extra_costs_table(found.noncompute)),
        "people": _people(report.people),
        "unit_costs": [_unit_cost(each) for each in found.unit_costs.period],
        "kpis": [_kpi(each) for each in found.kpis],
        "suggested_job_groups": _suggested_job_groups(found.numbered_jobs),
        "branch_kinds": _entries(branch_kinds_table(found.branch_kinds)),
        "runs_at_limit": _named(AT_LIMIT_COUNTS, found.utilization.runs_at_limit),
        **({"tests": _tests(found.tests)} if found.tests else {}),
    }


@dataclass(frozen=True)
class _Listed:
    """A list that grows with the names of the export.

    Attributes:
        length: how many entries it has.
        first: makes so many of them.
    """

    length: int
    first: Callable[[int], list[Any]]


def shorten_lists(found: Mapping[str, Any], most: int) -> tuple[dict[str, Any], dict[str, int]]:
    """The keys with at most so many entries in each list, and how many entries are left out.

    The second has the paths of the lists that are shortened: `{"waste.flaky": 12}`.
    """
    short: dict[str, Any] = {}
    left_out: dict[str, int] = {}
    for key, value in found.items():
        if isinstance(value, _Listed):
            short[key] = value.first(most)
            if value.length > most:
                left_out[key] = value.length - most
        elif isinstance(value, dict):
            short[key], inside = shorten_lists(value, most)
            left_out |= {f"{key}.{path}": left for path, left in inside.items()}
        else:
            short[key] = value
    return short, left_out


def _listed(every: Sequence[_Found], table: Callable[[Sequence[_Found]], Table]) -> _Listed:
    return _Listed(len(every), lambda most: _entries(table(every[:most])))


def _change(changes: PeriodComparison) -> dict[str, Any]:
    """The total and its main drivers; all changes are in the tables."""
    total = changes.total
    return {
        "from": str(changes.before.first),
        "to": str(changes.before.last),
        "compared_through": str(changes.now.last),
        "without_seats": changes.without_seats,
        **_named(CHANGE, change_row(total)),
        "share": _value(total.relative_change),
        "share_a_day": _value(total.relative_change_per_day),
        "days_before": len(changes.before),
        "days_after": len(changes.now),
        "projects": _entries(changes_table(CHANGES_BY_PROJECT, changes.project_drivers)),
        "jobs": _entries(changes_table(CHANGES_BY_JOB, changes.job_drivers)),
    }


def _waste(waste: WastedSpend) -> dict[str, Any]:
    return {
        **_named(WASTE_AMOUNTS, waste_amounts(waste.total)),
        "always_failing": _listed(waste.always_failing, waste_table),
        "flaky": _listed(waste.flaky, waste_table),
    }


def _right_sizing(found: RightSizing) -> dict[str, Any]:
    """`savings` sum to the totals; what saves only if runs become faster stands apart."""
    return {
        "rates": {
            "source": found.rates.source,
            "as_of": str(found.rates.as_of),
            "classes": _entries(resource_rates_table(found.classes)),
        },
        "assumption": SAVINGS_ASSUME,
        "saved_credits_a_month": plain(found.saved_credits),
        "saved_a_month": plain(found.saved),
        "savings": _listed(found.savings, right_sizing_table),
        "suggestions": _listed(found.suggestions, right_sizing_table),
        "migrations": _listed(found.migrations, migrations_table),
        "larger_classes": _listed(found.speed_ups, larger_classes_table),
    }


def _realized(found: RealizedSavings) -> dict[str, Any]:
    changes = _listed(found.changes, realized_savings_table)
    return {**realized_totals(found), "changes": changes}


def _performance(durations: Durations) -> dict[str, Any]:
    of_workflows = partial(durations_table, WORKFLOW_DURATIONS)
    of_jobs = partial(durations_table, JOB_DURATIONS)
    return {
        "workflows": _listed(durations.workflows, of_workflows),
        "jobs": _listed(durations.jobs, of_jobs),
    }


def _people(people: People) -> dict[str, Any]:
    """No user, neither id nor name: tables/users.csv has them."""
    return {
        "show": people.show,
        "hash": people.are_hashed,
        **_named(COUNTS, counts_row(people.counts)),
        **_named(STARTED_COLUMNS, started_row(people.started)),
        "triggers": _Listed(len(people.triggers), lambda most: _triggers(people.triggers[:most])),
        "months": _entries(user_months_table(people)),
    }


def _triggers(triggers: Sequence[TriggerCost]) -> list[dict[str, Any]]:
    return [_named(TRIGGERS, trigger_row(each)) for each in triggers]


def _unit_cost(each: UnitCostChange) -> dict[str, Any]:
    return {
        "unit": each.now.unit,
        "count": _value(each.now.count),
        "cost_per_unit": _value(each.now.cost_per_unit),
        "previous": _value(each.previous),
        "change": _value(each.change),
    }


def _kpi(kpi: Kpi) -> dict[str, Any]:
    return {
        "name": kpi.name,
        "unit": kpi.unit or None,
        "value": _value(kpi.value),
        "previous": _value(kpi.previous),
        "change": _value(kpi.change),
    }


def _tests(found: InsightsTests) -> dict[str, Any]:
    return {
        "projects": found.projects,
        "left_out": [_left_out(each) for each in found.left_out],
        "flaky_jobs": found.flaky_jobs,
        "flaky_jobs_without_runs": found.unknown_jobs,
        **_named(WASTE_OF_JOBS, found.waste),
        "flaky": _listed(found.flaky, flaky_tests_table),
        "metrics": _listed(found.measured, test_metrics_table),
    }


def _left_out(left_out: LeftOut) -> dict[str, Any]:
    return {"reason": left_out.why, "projects": [key._asdict() for key in left_out.projects]}


def _suggested_job_groups(jobs: Sequence[NumberedJob]) -> dict[str, Any]:
    groups = {job.name: job.globs for job in jobs}
    return {
        "groups": _Listed(len(jobs), lambda most: [_numbered(job) for job in jobs[:most]]),
        "settings": job_group_settings(groups) if groups else "",
    }


def _numbered(job: NumberedJob) -> dict[str, Any]:
    return {
        **WorkflowKey(*job.key)._asdict(),
        "name": job.name,
        "jobs": [*job.jobs],
        "globs": [*job.globs],
        **job.machine._asdict(),
    }


def _entries(table: Table) -> list[dict[str, Any]]:
    return [_named(table.described.columns, line) for line in table.lines]


def _named(columns: Sequence[Column], values: Row) -> dict[str, Any]:
    """Values by the names of their columns, as JSON values."""
    return {column.name: _value(value) for column, value in zip(columns, values, strict=True)}


def _value(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return str(value) if isinstance(value, date) else value
