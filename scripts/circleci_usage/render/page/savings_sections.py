"""The page's sections on what could be done with less: machine sizes, waste, durations, costs besides compute."""

from collections.abc import Iterator, Sequence
from typing import Final

from circleci_usage.analysis.durations import DurationStats
from circleci_usage.analysis.evidence import ENOUGH_FOR_P95
from circleci_usage.analysis.rightsizing import (
    SAVINGS_ASSUME,
    Migration,
    Recommendation,
    RightSizing,
    SpeedUp,
)
from circleci_usage.analysis.wasted_spend import Waste
from circleci_usage.config.job_group_settings import job_group_settings
from circleci_usage.core.decimals import ZERO, plain
from circleci_usage.costs.resource_rates import DERIVED
from circleci_usage.render.formatting import (
    Shown,
    counted,
    duration,
    money,
    number,
    percent,
    percent_change,
)
from circleci_usage.render.page.tables import (
    Cell,
    Grid,
    Grids,
    job_cell,
    more,
    name_cell,
    workflow_cell,
)
from circleci_usage.render.text.materiality import worth_saying
from circleci_usage.render.view.projects import ProjectNames, project_names
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import credit_type_name

_ROWS: Final = 10
_FEW_ROWS: Final = 5
_SETTABLE: Final = 100

_MAY_PAY: Final = (
    f"{SAVINGS_ASSUME} With a break-even speed-up, moving pays off only if runs become that much"
    " faster; CircleCI expects speed-ups, but they are not included in the total. A job that also"
    " fits a smaller class is counted once, with its largest saving."
)
_IF_IT_SCALES: Final = (
    "An option rather than a saving: the median run keeps its CPUs busy. Time and cost assume work"
    " that scales with the number of CPUs."
)
_DERIVED_BY: Final = (
    "Credits ÷ minutes ÷ containers of the matching runs, at least 5. The rate table has no rate for"
    " these classes."
)


def size_view(report: Report) -> Grids | None:
    """Machines of the wrong size, newer ones, larger ones, and rates that only the export tells."""
    recommendation = report.findings.right_sizing
    grids = [*_size_grids(report), *_derived_rates(recommendation)]
    if not grids:
        return None
    return Grids(
        total=_saved(report)
        if recommendation.savings and worth_saying(recommendation.saved)
        else None,
        hint=" ".join(_size_hints(recommendation)),
        grids=grids,
        tables=["right_sizing", "migrations", "resource_rates"],
    )


def _saved(report: Report) -> tuple[str, str]:
    recommendation = report.findings.right_sizing
    jobs = counted(len(recommendation.savings), "job")
    return (
        money(recommendation.saved, report.currency),
        f"potential monthly savings from smaller or newer resource classes ({jobs}). {SAVINGS_ASSUME}",
    )


def _size_hints(recommendation: RightSizing) -> Iterator[str]:
    yield "A smaller class is recommended when p95 peak usage plus 20% headroom fits."
    unmeasured, unpriced = (
        len(recommendation.of("not enough data")),
        len(recommendation.of("unknown rate")),
    )
    if unmeasured:
        yield f"{counted(unmeasured, 'job')} cannot be evaluated: too few measured runs, or a GPU class."
    if unpriced:
        yield f"{counted(unpriced, 'job')} would fit a smaller class, but one of the two rates is unknown."
    yield f"Rates as of {recommendation.rates.as_of.isoformat()}."


def _size_grids(report: Report) -> Iterator[Grid]:
    recommendation, names, currency = (
        report.findings.right_sizing,
        project_names(report),
        report.currency,
    )
    smaller = [each for each in recommendation.savings if each.verdict == "smaller"]
    larger, newer, faster = (
        recommendation.of("larger"),
        recommendation.migrations,
        recommendation.speed_ups,
    )
    headings = (
        "Job",
        "Current class",
        "Recommended",
        "Peak CPU",
        "Peak RAM",
        "Runs",
        "Monthly savings",
    )
    for title, found, limit in (
        ("Over-provisioned", smaller, _ROWS),
        ("Under-provisioned", larger, _FEW_ROWS),
    ):
        if found:
            rows = [_sizing(each, names, currency) for each in found[:limit]]
            yield Grid(title, headings, rows, _note(limit, found, SAVINGS_ASSUME), names=3)
    if newer:
        rows = [_migration(each, names, currency) for each in newer[:_FEW_ROWS]]
        moving = (
            "Job",
            "Current class",
            "Next generation",
            "Credits per minute",
            "New rate",
            "Break-even speed-up",
            "Runs",
            "Monthly cost",
            "Monthly savings",
        )
        yield Grid("Next generation", moving, rows, _note(_FEW_ROWS, newer, _MAY_PAY), names=3)
    if faster:
        rows = [_speed_up(each, names, currency) for each in faster[:_FEW_ROWS]]
        scaling = (
            "Job",
            "Current class",
            "Larger class",
            "Median CPU",
            "Time saved",
            "Cost change",
            "Monthly cost",
        )
        yield Grid(
            "Speed-up opportunities",
            scaling,
            rows,
            _note(_FEW_ROWS, faster, _IF_IT_SCALES),
            names=3,
        )


def _note(shown: int, every: Sequence[object], sentence: str) -> str:
    """How many lines are left out, and how to read the others."""
    left = more(shown, every, "job")
    return f"{left}. {sentence}" if left else sentence


def _sizing(recommendation: Recommendation, names: ProjectNames, currency: str) -> list[Cell | str]:
    return [
        job_cell(recommendation.key, names),
        name_cell(recommendation.resource_class, _derived(recommendation.rate_source)),
        name_cell(
            (
                recommendation.suggested
                if recommendation.verdict == "larger"
                else recommendation.recommended
            )
            or ""
        ),
        _peak(recommendation.p95_cpu, recommendation.measured_runs),
        _peak(recommendation.p95_ram, recommendation.measured_runs),
        number(recommendation.runs),
        _saving(recommendation, currency),
    ]


def _peak(percentage: float | None, runs: int) -> Cell:
    """A 95th percentile that a verdict rests on: where it is from few runs, these are told."""
    if percentage is None:
        return Cell("")
    few = f"({counted(runs, 'run')})" if runs < ENOUGH_FOR_P95 else ""
    return Cell(Shown(f"{percentage:.0f}%", percentage), detail=few)


def _saving(recommendation: Recommendation, currency: str) -> Cell:
    if recommendation.verdict == "larger" and (
        recommendation.recommended != recommendation.suggested or recommendation.saved is None
    ):
        return Cell(Shown("unknown", None) if recommendation.saved is None else "")
    saved = recommendation.saved or ZERO
    return Cell(money(saved, currency), tone="less" if saved > 0 else "more")


def _derived(rate_source: str | None) -> str:
    """Marks a class whose rate only the export tells."""
    return f"{rate_source} rate" if rate_source == DERIVED else ""


def _migration(migration: Migration, names: ProjectNames, currency: str) -> list[Cell | str]:
    return [
        job_cell(migration.key, names),
        name_cell(migration.key[-1]),
        name_cell(migration.target),
        f"{migration.rate.normalize():f}",
        f"{migration.new_rate.normalize():f}",
        Shown(
            "always cheaper"
            if migration.is_always_cheaper
            else percent(migration.break_even_speed_up),
            migration.break_even_speed_up,
        ),
        number(migration.runs),
        money(migration.cost, currency),
        "" if migration.saved is None else Cell(money(migration.saved, currency), tone="less"),
    ]


def _speed_up(speed_up: SpeedUp, names: ProjectNames, currency: str) -> list[Cell | str]:
    change = speed_up.cost_change
    return [
        job_cell(speed_up.key, names),
        name_cell(speed_up.key[-1]),
        name_cell(speed_up.target),
        Shown(f"{speed_up.median_cpu:.0f}%", speed_up.median_cpu),
        Shown(f"up to {percent(speed_up.time_saved)}", speed_up.time_saved),
        Shown(
            "unknown" if change is None else percent_change(change) if change else "none",
            change,
        ),
        money(speed_up.cost, currency),
    ]


def _derived_rates(recommendation: RightSizing) -> Iterator[Grid]:
    """The classes whose rate only the export tells."""
    rows: list[list[Cell | str]] = [
        [
            name_cell(each.name, each.executor),
            plain(each.derived.credits_per_minute),
            Shown(
                f"{number(each.derived.runs)} of {number(each.derived.of_runs)}", each.derived.runs
            ),
        ]
        for each in recommendation.classes
        if each.is_derived and each.derived
    ]
    if rows:
        headings = ("Class", "Credits per minute", "Matching runs")
        yield Grid("Rates derived from this export", headings, rows, _DERIVED_BY)


def waste_view(report: Report) -> Grids | None:
    """Failed, canceled and rerun work."""
    waste, names, currency = report.findings.wasted_spend, project_names(report), report.currency
    total = waste.total
    if not total.runs:
        return None
    headings = ("Job", "Failed", "Canceled", "Reruns", "Failed runs", "Runs", "Queue time")
    kinds = (
        ("Top jobs by wasted spend", waste.costly, _ROWS),
        ("Never succeeded", waste.always_failing, _FEW_ROWS),
        ("Flaky: failed, then passed in the same pipeline", waste.flaky, _FEW_ROWS),
    )
    return Grids(
        hint="Categories overlap (a rerun can also fail), so they do not sum to the total.",
        facts=[
            ("Failed runs", money(total.failed, currency), counted(total.failed_runs, "run")),
            ("Canceled runs", money(total.canceled, currency), _canceled_runs(total)),
            ("Reruns", money(total.reruns, currency), counted(total.rerun_runs, "run")),
            ("Queue time", duration(total.queued_seconds), "no credits charged"),
        ],
        grids=[
            Grid(
                title,
                headings,
                [_waste(each, names, currency) for each in found[:limit]],
                more(limit, found, "job"),
            )
            for title, found, limit in kinds
            if found
        ],
        tables=["waste"],
    )


def _canceled_runs(waste: Waste) -> str:
    """`9 runs stopped, 47 never started`: only the former cost something."""
    if not waste.never_started_runs:
        return counted(waste.canceled_runs, "run")
    return f"{counted(waste.stopped_runs, 'run')} stopped, {number(waste.never_started_runs)} never started"


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
    """Non-compute costs by credit type, and the jobs that cause them."""
    extras, names, currency = report.findings.noncompute, project_names(report), report.currency
    if not extras:
        return None
    return Grids(
        grids=[
            Grid(
                f"{credit_type_name(extra.credit_type)}: {money(extra.cost, currency)}",
                ("Job", "Cost"),
                [
                    [job_cell(key, names), money(cost, currency)]
                    for key, cost in extra.jobs[:_FEW_ROWS]
                ],
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
    workflows = [
        [
            workflow_cell(duration_stats.key, names),
            *_outcomes(duration_stats),
            *_open(duration_stats),
            *_pace(duration_stats, currency),
        ]
        for duration_stats in paces.workflows[:_ROWS]
    ]
    jobs = [
        [
            job_cell(duration_stats.key, names),
            *_outcomes(duration_stats),
            *_pace(duration_stats, currency),
            _percentile(duration_stats.p95_queued),
        ]
        for duration_stats in paces.jobs[:_ROWS]
    ]
    outcomes, amounts = ("Runs", "Success rate", "Canceled"), ("p50", "p95", "Credits", "Cost")
    return Grids(
        hint=(
            "50% / 95% of runs finished within p50 / p95; p95 is shown for"
            f" {ENOUGH_FOR_P95} runs or more. Canceled runs are excluded from the success rate; a workflow run"
            " is canceled when any of its jobs is. As in CircleCI Insights, runs on hold count as not"
            " successful (yet); running ones are not counted."
        ),
        grids=[
            Grid(
                "Workflows",
                ("Workflow", *outcomes, "On hold", "Running", *amounts),
                workflows,
                more(_ROWS, paces.workflows, "workflow"),
            ),
            Grid(
                "Jobs",
                ("Job", *outcomes, *amounts, "p95 queue time"),
                jobs,
                more(_ROWS, paces.jobs, "job"),
            ),
        ],
        tables=["workflow_durations", "job_durations"],
    )


def numbered_view(report: Report) -> Grids | None:
    """Jobs that are listed several times, and the settings that put them together."""
    found, names = report.findings.numbered_jobs, project_names(report)
    if not found:
        return None
    rows = [
        [
            name_cell(job.name, names.of(job.key)),
            name_cell(job.key[-1]),
            name_cell(", ".join(job.jobs)),
            name_cell(job.machine.resource_class, job.machine.executor),
        ]
        for job in found[:_ROWS]
    ]
    return Grids(
        hint=(
            "CircleCI numbers a job that a workflow uses several times. These run on the same resource class;"
            " to list each as one job, add this to the settings file:"
        ),
        text=job_group_settings({job.name: job.globs for job in found[:_SETTABLE]}),
        grids=[
            Grid(
                "Suggested job groups",
                ("Job", "Workflow", "Listed as", "Resource class"),
                rows,
                more(_ROWS, found, "job"),
                names=4,
            )
        ],
    )


def _outcomes(duration_stats: DurationStats) -> list[Cell | str]:
    rate = (
        percent(duration_stats.success_rate)
        if duration_stats.success_rate is not None
        else Cell("–", whole="every run was canceled")
    )
    never = (
        f"({number(duration_stats.never_started)} never started)"
        if duration_stats.never_started
        else ""
    )
    return [number(duration_stats.runs), rate, Cell(number(duration_stats.canceled), detail=never)]


def _open(duration_stats: DurationStats) -> list[Cell | str]:
    return [number(duration_stats.on_hold or 0), number(duration_stats.running or 0)]


def _percentile(seconds: float | None) -> Cell | str:
    return duration(seconds) if seconds is not None else Cell("–", whole="too few runs")


def _pace(duration_stats: DurationStats, currency: str) -> list[Cell | str]:
    return [
        _percentile(duration_stats.p50_seconds),
        _percentile(duration_stats.p95_seconds),
        number(duration_stats.credits),
        money(duration_stats.cost, currency),
    ]
