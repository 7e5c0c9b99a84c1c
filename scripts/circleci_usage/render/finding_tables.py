"""What the analyses found as tables in full; summary.json takes its lists from here too."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pandas as pd

from circleci_usage.analysis.changes import Change
from circleci_usage.analysis.durations import Pace
from circleci_usage.analysis.extras import Extra
from circleci_usage.analysis.forecast import Outlook
from circleci_usage.analysis.rightsizing import Migration, Sizing
from circleci_usage.analysis.totals import JOB, PROJECT, WORKFLOW
from circleci_usage.analysis.trend import Stretch
from circleci_usage.analysis.waste import Waste
from circleci_usage.report import Report
from circleci_usage.usage.answers import MACHINE_KEYS


class Table(NamedTuple):
    """The columns and the values of each line in their order: text, exact numbers, days, None."""

    columns: tuple[str, ...]
    lines: list[tuple[Any, ...]]

    @property
    def frame(self) -> pd.DataFrame:
        """The table as the other tables are."""
        return pd.DataFrame(self.lines, columns=self.columns, dtype="object")

    @property
    def entries(self) -> Iterator[dict[str, Any]]:
        """Each line by the names of its columns."""
        return (dict(zip(self.columns, line, strict=True)) for line in self.lines)


def finding_tables(report: Report) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and lines of each table; one of which nothing is known has no lines."""
    found = report.findings
    changes, trend = found.changes, found.trend
    yield "forecast", forecasts(report).frame
    yield "budgets", budgets(report).frame
    yield "anomalies", anomalies(report).frame
    yield "changes_by_project", changed(PROJECT, changes.projects if changes else ()).frame
    yield "changes_by_job", changed(JOB, changes.jobs if changes else ()).frame
    yield "trend", _trend(trend.weeks if trend else (), trend.months if trend else ()).frame
    yield "waste", wasted(found.waste.jobs).frame
    yield "workflow_durations", paces(WORKFLOW, found.durations.workflows).frame
    yield "job_durations", paces(JOB, found.durations.jobs).frame
    yield "right_sizing", sized(found.right_sizing.sizings).frame
    yield "migrations", _migrations(found.right_sizing.migrations).frame
    yield "extra_costs", extra_jobs(found.extras).frame


def forecasts(report: Report) -> Table:
    """What the month will cost: in all, in credits, by team; nothing if it is not known from its first day."""
    month = report.findings.spending
    outlooks: list[tuple[str, str | None, Outlook]] = []
    if month and month.is_whole:
        outlooks += [("cost", None, month.everything)]
        outlooks += [("credits", None, month.credits)] if month.credits else []
        outlooks += [("cost", team, outlook) for team, outlook in sorted(month.teams.items())]
    return Table(
        ("measure", "team", "spent", "expected", "low", "high"),
        [(measure, team, each.spent, each.expected, each.low, each.high) for measure, team, each in outlooks],
    )


def budgets(report: Report) -> Table:
    """How the budgets stand."""
    return Table(
        ("name", "team", "per", "amount", "spent", "expected", "used", "state"),
        [
            (
                *(each.budget.name, each.budget.team, "month", each.budget.amount),
                *(each.spent, each.expected, each.used, each.state),
            )
            for each in report.findings.budgets
        ],
    )


def anomalies(report: Report) -> Table:
    """Days that cost too much: of a project, of a job alone, or of all projects together, as `subject` says."""
    return Table(
        (
            *("date", *PROJECT, "expected", "actual", "workflow", "job", "job_expected", "job_actual"),
            *("excess", "subject"),
        ),
        [
            (
                *(each.day, *(each.project or [None] * len(PROJECT)), each.expected, each.actual),
                *((cause.workflow, cause.job, cause.expected, cause.actual) if (cause := each.cause) else [None] * 4),
                *(each.excess, each.subject),
            )
            for each in report.findings.anomalies
        ],
    )


def changed(keys: tuple[str, ...], changes: Iterable[Change]) -> Table:
    """Costs before and after, and how much of the difference is more or fewer runs."""
    return Table(
        (*keys, "before", "after", "difference", "by_runs", "job_runs_before", "job_runs_after"),
        [
            (*each.key, each.before, each.after, each.difference, each.by_runs, each.runs_before, each.runs_after)
            for each in changes
        ],
    )


def wasted(wastes: Iterable[Waste]) -> Table:
    """What jobs wasted."""
    return Table(
        (
            *(*JOB, "failed", "canceled", "reruns", "job_runs"),
            *("failed_runs", "canceled_runs", "rerun_runs", "queued_seconds"),
        ),
        [
            (
                *(*each.key, each.failed, each.canceled, each.reruns, each.runs),
                *(each.failed_runs, each.canceled_runs, each.rerun_runs, each.queued_seconds),
            )
            for each in wastes
        ],
    )


def paces(keys: tuple[str, ...], every: Iterable[Pace]) -> Table:
    """How long something takes and how often it ends well."""
    return Table(
        (
            *(*keys, "runs", "success_rate", "p50_seconds", "p95_seconds"),
            *("p50_queued_seconds", "p95_queued_seconds", "credits", "cost"),
        ),
        [
            (
                *(*each.key, each.runs, each.success_rate, each.p50_seconds, each.p95_seconds),
                *(each.p50_queued, each.p95_queued, each.credits, each.cost),
            )
            for each in every
        ],
    )


def sized(sizings: Iterable[Sizing]) -> Table:
    """Jobs on resource classes, and which would do."""
    return Table(
        (
            *(*MACHINE_KEYS, "verdict", "suggested", "runs", "measured_runs", "p95_cpu", "p95_ram"),
            *("credits_a_month", "cost_a_month", "saved_credits_a_month", "saved_a_month"),
        ),
        [
            (
                *(*each.key, each.verdict, each.suggested, each.runs, each.measured_runs, each.p95_cpu, each.p95_ram),
                *(each.credits, each.cost, each.saved_credits, each.saved),
            )
            for each in sizings
        ],
    )


def extra_jobs(extras: Iterable[Extra]) -> Table:
    """The jobs behind each credit type that is not compute."""
    return Table(
        ("credit_type", *JOB, "cost"), [(extra.credit_type, *key, cost) for extra in extras for key, cost in extra.jobs]
    )


def _migrations(migrations: Iterable[Migration]) -> Table:
    return Table(
        (
            *(*MACHINE_KEYS, "target", "credits_per_minute", "target_credits_per_minute"),
            *("rate_change", "pays_if_faster_by", "credits_a_month", "cost_a_month"),
        ),
        [
            (*each.key, each.target, each.rate, each.target_rate, each.change, each.pays_from, each.credits, each.cost)
            for each in migrations
        ],
    )


def _trend(weeks: Iterable[Stretch], months: Iterable[Stretch]) -> Table:
    stretches = [*(("week", each) for each in weeks), *(("month", each) for each in months)]
    return Table(
        ("stretch", "from", "to", "cost", "cost_a_day", "whole"),
        [
            (kind, each.days.first, each.days.last, each.cost, each.daily, "yes" if each.is_whole else "no")
            for kind, each in stretches
        ],
    )
