"""What the analyses found as tables in full; summary.json takes its lists from here too."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import pandas as pd

from circleci_usage.analysis.anomalies import Anomaly
from circleci_usage.analysis.breakdowns import JOB, PROJECT, WORKFLOW
from circleci_usage.analysis.durations import DurationStats
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.noncompute import Extra
from circleci_usage.analysis.period_comparison import Change
from circleci_usage.analysis.rightsizing import Migration, Recommendation, SpeedUp, UsedClass
from circleci_usage.analysis.trend import TrendPeriod
from circleci_usage.analysis.wasted_spend import Waste
from circleci_usage.report import Report
from circleci_usage.usage.job_run_rules import MACHINE_KEYS


class Table(NamedTuple):
    """The columns and the values of each line in their order: text, exact numbers, days, None.

    The lines are made while they are read, once: there may be a million.
    """

    columns: tuple[str, ...]
    lines: Iterable[tuple[Any, ...]]

    @property
    def frame(self) -> pd.DataFrame:
        """The table as the other tables are."""
        return pd.DataFrame([*self.lines], columns=self.columns, dtype="object")

    def pieces(self, at_a_time: int) -> Iterator[list[tuple[Any, ...]]]:
        """The values of the columns, of so many lines at a time."""
        lines = iter(self.lines)
        while some := [*islice(lines, at_a_time)]:
            yield [*zip(*some, strict=True)]

    @property
    def entries(self) -> Iterator[dict[str, Any]]:
        """Each line by the names of its columns."""
        return (dict(zip(self.columns, line, strict=True)) for line in self.lines)


def finding_tables(report: Report) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and lines of each table; one of which nothing is known has no lines."""
    return ((name, table.frame) for name, table in found_tables(report))


def found_tables(report: Report) -> Iterator[tuple[str, Table]]:
    """The same as they are read line by line."""
    found = report.findings
    changes, trend = found.changes, found.trend
    yield "forecast", forecasts(report)
    yield "budgets", budgets(report)
    yield "anomalies", anomalous(found.anomalies)
    yield "changes_by_project", changed(PROJECT, changes.projects if changes else ())
    yield "changes_by_job", changed(JOB, changes.jobs if changes else ())
    yield "trend", _trend(trend.weeks if trend else (), trend.months if trend else ())
    yield "waste", wasted(found.waste.jobs)
    yield "workflow_durations", paces(WORKFLOW, found.durations.workflows)
    yield "job_durations", paces(JOB, found.durations.jobs)
    yield "right_sizing", sized(found.right_sizing.recommendations)
    yield "migrations", migrated(found.right_sizing.migrations)
    yield "resource_rates", rated(found.right_sizing.classes)
    yield "extra_costs", extra_jobs(found.extras)


def forecasts(report: Report) -> Table:
    """What the month will cost: in all, in credits, by team; nothing if it is not known from its first day."""
    month = report.findings.month_to_date
    forecasts: list[tuple[str, str | None, Forecast]] = []
    if month and month.is_whole:
        forecasts += [("cost", None, month.everything)]
        forecasts += [("credits", None, month.credits)] if month.credits else []
        forecasts += [("cost", team, forecast) for team, forecast in sorted(month.teams.items())]
    return Table(
        ("measure", "team", "spent", "expected", "low", "high"),
        [
            (measure, team, each.spent, each.expected, each.low, each.high)
            for measure, team, each in forecasts
        ],
    )


def budgets(report: Report) -> Table:
    """How the budgets stand."""
    return Table(
        (
            *("name", "team", "per", "amount", "spent", "expected", "used", "state"),
            *("from", "to", "through", "missing"),
        ),
        (
            (
                *(each.budget.name, each.budget.team, each.budget.per, each.budget.amount),
                *(each.spent, each.expected, each.used, each.state),
                *(
                    each.month_to_date.month.first,
                    each.month_to_date.month.last,
                    each.month_to_date.through,
                ),
                ", ".join(map(str, each.month_to_date.missing)) or None,
            )
            for each in report.findings.budgets
        ),
    )


def anomalous(days: Iterable[Anomaly]) -> Table:
    """Days that cost too much: of a project, of a job alone, or of all projects together, as `subject` says."""
    return Table(
        (
            *(
                "date",
                *PROJECT,
                "expected",
                "actual",
                "workflow",
                "job",
                "job_expected",
                "job_actual",
            ),
            *("excess", "subject"),
        ),
        (
            (
                *(each.day, *(each.project or [None] * len(PROJECT)), each.expected, each.actual),
                *(
                    (cause.workflow, cause.job, cause.expected, cause.actual)
                    if (cause := each.cause)
                    else [None] * 4
                ),
                *(each.excess, each.subject),
            )
            for each in days
        ),
    )


def changed(keys: tuple[str, ...], changes: Iterable[Change]) -> Table:
    """Costs before and after, in all and per day, and how much of the difference is more or fewer runs."""
    return Table(
        (
            *(
                *keys,
                "before",
                "after",
                "difference",
                "by_runs",
                "job_runs_before",
                "job_runs_after",
            ),
            *("before_a_day", "after_a_day", "difference_a_day"),
            *("started_runs_before", "started_runs_after"),
        ),
        (
            (
                *(*each.key, each.before, each.after, each.difference),
                *(each.by_runs, each.runs_before, each.runs_after),
                *(each.before_a_day, each.after_a_day, each.difference_a_day),
                *(each.started_before, each.started_after),
            )
            for each in changes
        ),
    )


def wasted(wastes: Iterable[Waste]) -> Table:
    """What jobs wasted."""
    return Table(
        (
            *(*JOB, "failed", "canceled", "reruns", "job_runs"),
            *("failed_runs", "canceled_runs", "never_started_runs", "rerun_runs", "queued_seconds"),
        ),
        (
            (
                *(*each.key, each.failed, each.canceled, each.reruns, each.runs),
                *(each.failed_runs, each.canceled_runs, each.never_started_runs),
                *(each.rerun_runs, each.queued_seconds),
            )
            for each in wastes
        ),
    )


def paces(keys: tuple[str, ...], every: Iterable[DurationStats]) -> Table:
    """How long something takes and how often it ends well."""
    return Table(
        (
            *(
                *keys,
                "runs",
                "succeeded",
                "canceled",
                "never_started",
                "on_hold",
                "running",
                "success_rate",
            ),
            *(
                "p50_seconds",
                "p95_seconds",
                "p50_queued_seconds",
                "p95_queued_seconds",
                "credits",
                "cost",
            ),
        ),
        (
            (
                *(*each.key, each.runs, each.succeeded, each.canceled, each.never_started),
                *(
                    each.on_hold,
                    each.running,
                    each.success_rate,
                    each.p50_seconds,
                    each.p95_seconds,
                ),
                *(each.p50_queued, each.p95_queued, each.credits, each.cost),
            )
            for each in every
        ),
    )


def sized(recommendations: Iterable[Recommendation]) -> Table:
    """Jobs on resource classes, and which would do."""
    return Table(
        (
            *(*MACHINE_KEYS, "verdict", "suggested", "runs", "measured_runs", "p95_cpu", "p95_ram"),
            *("credits_a_month", "cost_a_month", "saved_credits_a_month", "saved_a_month"),
            *("recommended", "saved_by", "rate_source"),
            *("larger", "p50_median_cpu", "time_saved_up_to"),
        ),
        (
            (
                *(
                    *each.key,
                    each.verdict,
                    each.suggested,
                    each.runs,
                    each.measured_runs,
                    each.p95_cpu,
                    each.p95_ram,
                ),
                *(each.credits, each.cost, each.saved_credits, each.saved),
                *(each.recommended, each.saving, each.rate_source),
                *(
                    (faster.target, faster.median_cpu, faster.time_saved)
                    if (faster := each.speed_up)
                    else [None] * 3
                ),
            )
            for each in recommendations
        ),
    )


def extra_jobs(extras: Iterable[Extra]) -> Table:
    """The jobs behind each credit type that is not compute."""
    return Table(
        ("credit_type", *JOB, "cost"),
        ((extra.credit_type, *key, cost) for extra in extras for key, cost in extra.jobs),
    )


def migrated(migrations: Iterable[Migration]) -> Table:
    """Jobs that the next generation of their class pays for, or may."""
    return Table(
        (
            *(*MACHINE_KEYS, "target", "credits_per_minute", "target_credits_per_minute"),
            *("rate_change", "pays_if_faster_by", "credits_a_month", "cost_a_month", "pays"),
            *("saved_credits_a_month", "saved_a_month", "runs"),
        ),
        (
            (
                *(*each.key, each.target, each.rate, each.target_rate),
                *(
                    each.change,
                    each.pays_from,
                    each.credits,
                    each.cost,
                    "yes" if each.is_certain else "may",
                ),
                *(each.saved_credits, each.saved, each.runs),
            )
            for each in migrations
        ),
    )


def sped_up(speed_ups: Iterable[SpeedUp]) -> Table:
    """Jobs that a larger class may make faster; no savings."""
    return Table(
        (
            *(*MACHINE_KEYS, "larger", "median_runs", "p50_median_cpu"),
            *("time_saved_up_to", "cost_change_if_it_scales", "cost_a_month"),
        ),
        (
            (
                *(*each.key, each.target, each.median_runs, each.median_cpu),
                *(each.time_saved, each.cost_change, each.cost),
            )
            for each in speed_ups
        ),
    )


def rated(classes: Iterable[UsedClass]) -> Table:
    """The resource classes of the period: what they cost, who says so, and what the export says."""
    return Table(
        (
            *("executor", "resource_class", "credits_per_minute", "rate_source", "source", "as_of"),
            *(
                "vcpus",
                "ram_gb",
                "derived_credits_per_minute",
                "agreeing_runs",
                "runs_that_could_tell",
            ),
        ),
        (
            (
                each.executor,
                each.name,
                each.rate,
                each.rate_source,
                *_as_known(each),
                *_as_derived(each),
            )
            for each in classes
        ),
    )


def _as_known(used: UsedClass) -> tuple[Any, ...]:
    machine = used.machine
    return (
        (machine.source, machine.as_of, machine.vcpus, machine.ram_gb) if machine else (None,) * 4
    )


def _as_derived(used: UsedClass) -> tuple[Any, ...]:
    rate = used.derived
    return (rate.credits_per_minute, rate.runs, rate.of_runs) if rate else (None,) * 3


def _trend(weeks: Iterable[TrendPeriod], months: Iterable[TrendPeriod]) -> Table:
    trend_periods = [*(("week", each) for each in weeks), *(("month", each) for each in months)]
    return Table(
        ("stretch", "from", "to", "cost", "cost_a_day", "whole"),
        (
            (
                kind,
                each.days.first,
                each.days.last,
                each.cost,
                each.daily,
                "yes" if each.is_whole else "no",
            )
            for kind, each in trend_periods
        ),
    )
