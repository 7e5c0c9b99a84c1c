"""The page's sections on what could be done with less: machine sizes, waste, durations, costs besides compute."""

from typing import Final

from circleci_usage.analysis.durations import Pace
from circleci_usage.analysis.rightsizing import Migration, Sizing
from circleci_usage.analysis.waste import Waste
from circleci_usage.columns import CREDIT_TYPE_NAMES
from circleci_usage.render.grids import Cell, Grid, Grids, job_cell, more, name_cell, workflow_cell
from circleci_usage.render.projects import ProjectNames, project_names
from circleci_usage.render.shown import Shown, counted, duration, money, number, percent
from circleci_usage.report import Report

_ROWS: Final = 10
_FEW_ROWS: Final = 5


def size_view(report: Report) -> Grids | None:
    """Machines of the wrong size, and newer ones."""
    sizing, names, currency = report.findings.right_sizing, project_names(report), report.currency
    smaller, larger = sizing.of("smaller"), sizing.of("larger")
    if not (smaller or larger or sizing.migrations):
        return None
    headings = ("Job", "Runs on", "Would do", "Peak CPU", "Peak RAM", "Runs", "Saves a month")
    grids = []
    for title, found, limit in (("Too large", smaller, _ROWS), ("Too small", larger, _FEW_ROWS)):
        rows = [_sizing(each, names, currency) for each in found[:limit]]
        if rows:
            grids.append(Grid(title, headings, rows, more(limit, found, "job"), names=3))
    if sizing.migrations:
        rows = [_migration(each, names, currency) for each in sizing.migrations[:_FEW_ROWS]]
        moving = ("Job", "Runs on", "Newer", "Credits a minute", "Then", "Pays if faster by", "Costs a month")
        grids.append(Grid("Newer generations", moving, rows, more(_FEW_ROWS, sizing.migrations, "job"), 3))
    unknown = len(sizing.of("not enough data"))
    return Grids(
        title="Machines of the right size",
        total=(
            f"{money(sizing.saved, currency)} a month",
            f"could be saved with smaller machines for {counted(len(smaller), 'job')}",
        )
        if smaller
        else None,
        hint=(
            "A smaller class fits when the 95th percentile of the runs’ peaks, and a fifth more, fits it."
            f" {counted(unknown, 'job')} with too few measured runs to say. Rates of {sizing.rates.as_of.isoformat()}."
        ),
        grids=grids,
        tables=["right_sizing", "migrations"],
    )


def _sizing(sizing: Sizing, names: ProjectNames, currency: str) -> list[Cell | str]:
    return [
        job_cell(sizing.key, names),
        name_cell(sizing.resource_class),
        name_cell(sizing.suggested or ""),
        _peak(sizing.p95_cpu),
        _peak(sizing.p95_ram),
        number(sizing.runs),
        Cell(money(sizing.saved, currency), tone="less" if sizing.saved > 0 else "more"),
    ]


def _peak(percent: float | None) -> str:
    return Shown(f"{percent:.0f}%", percent) if percent is not None else ""


def _migration(migration: Migration, names: ProjectNames, currency: str) -> list[Cell | str]:
    return [
        job_cell(migration.key, names),
        name_cell(migration.key[-1]),
        name_cell(migration.target),
        f"{migration.rate.normalize():f}",
        f"{migration.target_rate.normalize():f}",
        percent(migration.pays_from) if migration.pays_from else Shown("anyway", migration.pays_from),
        money(migration.cost, currency),
    ]


def waste_view(report: Report) -> Grids | None:
    """What was paid for nothing."""
    waste, names, currency = report.findings.waste, project_names(report), report.currency
    total = waste.total
    if not total.runs:
        return None
    headings = ("Job", "Failed", "Canceled", "Run again", "Failed runs", "Runs", "Waited")
    kinds = (
        ("Most wasted by job", [job for job in waste.jobs if job.most], _ROWS),
        ("Never succeeded", waste.always_failing, _FEW_ROWS),
        ("Flaky: failed, then passed in the same pipeline", waste.flaky, _FEW_ROWS),
    )
    return Grids(
        title="Paid for nothing",
        hint="The kinds overlap, a run again may fail too, so they do not add up.",
        facts=[
            ("Failed runs", money(total.failed, currency), counted(total.failed_runs, "run")),
            ("Canceled runs", money(total.canceled, currency), counted(total.canceled_runs, "run")),
            ("Runs again", money(total.reruns, currency), counted(total.rerun_runs, "run")),
            ("Waited in queues", duration(total.queued_seconds), "costs nothing but time"),
        ],
        grids=[
            Grid(title, headings, [_waste(each, names, currency) for each in found[:limit]], more(limit, found, "job"))
            for title, found, limit in kinds
            if found
        ],
        tables=["waste"],
    )


def _waste(waste: Waste, names: ProjectNames, currency: str) -> list[Cell | str]:
    return [
        job_cell(waste.key, names),
        money(waste.failed, currency),
        money(waste.canceled, currency),
        money(waste.reruns, currency),
        number(waste.failed_runs),
        number(waste.runs),
        duration(waste.queued_seconds),
    ]


def extra_view(report: Report) -> Grids | None:
    """What is paid besides compute, and which jobs cause it."""
    extras, names, currency = report.findings.extras, project_names(report), report.currency
    if not extras:
        return None
    return Grids(
        title="Besides compute",
        grids=[
            Grid(
                f"{CREDIT_TYPE_NAMES[extra.credit_type]}: {money(extra.cost, currency)}",
                ("Job", "Cost"),
                [[job_cell(key, names), money(cost, currency)] for key, cost in extra.jobs[:_FEW_ROWS]],
                more(_FEW_ROWS, range(extra.all_jobs), "job"),
            )
            for extra in extras
        ],
        tables=["extra_costs"],
    )


def duration_view(report: Report) -> Grids | None:
    """How long workflows and jobs take, and how reliable they are."""
    paces, names, currency = report.findings.durations, project_names(report), report.currency
    if not paces.workflows and not paces.jobs:
        return None
    workflows = [[workflow_cell(pace.key, names), *_pace(pace, currency)] for pace in paces.workflows[:_ROWS]]
    jobs = [[job_cell(pace.key, names), *_pace(pace, currency), _queued(pace)] for pace in paces.jobs[:_ROWS]]
    headings = ("Runs", "Succeeded", "p50", "p95", "Credits", "Cost")
    return Grids(
        title="How long, how reliable",
        hint=(
            "Half of the runs took at most p50, 95 of 100 at most p95. Canceled runs are neither success nor failure."
        ),
        grids=[
            Grid("Workflows", ("Workflow", *headings), workflows, more(_ROWS, paces.workflows, "workflow")),
            Grid("Jobs", ("Job", *headings, "p95 queued"), jobs, more(_ROWS, paces.jobs, "job")),
        ],
        tables=["workflow_durations", "job_durations"],
    )


def _pace(pace: Pace, currency: str) -> list[Cell | str]:
    return [
        number(pace.runs),
        percent(pace.success_rate) if pace.success_rate is not None else "",
        duration(pace.p50_seconds),
        duration(pace.p95_seconds),
        number(pace.credits),
        money(pace.cost, currency),
    ]


def _queued(pace: Pace) -> str:
    return duration(pace.p95_queued) if pace.p95_queued is not None else ""
