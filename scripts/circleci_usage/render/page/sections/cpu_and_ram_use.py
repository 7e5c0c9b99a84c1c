"""CPU and RAM use: of the most expensive jobs, of resource classes; and parallelism."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.utilization import TENTHS, ClassUse, JobUse, Utilization
from circleci_usage.core.plurals import amount_of
from circleci_usage.render.charts.day_bars import spark
from circleci_usage.render.formatting import Shown, money, number, number_of, percent
from circleci_usage.render.page.tables import (
    Cell,
    Histogram,
    PageTable,
    PageTables,
    Row,
    class_cell,
    job_cell,
    more_rows,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.usage.job_run_rules import AT_LIMIT

_ROWS: Final = 10
_CLASSES: Final = 8
_PARALLEL_ROWS: Final = 5
_FULL: Final = 100

_LIMITS: Final = ("At CPU limit", "At RAM limit")
_JOB_HEADINGS: Final = (
    *("Job", "Cost", "Class", "Average CPU", "Peak CPU", "Average RAM", "Peak RAM"),
    *(*_LIMITS, "Runs"),
)
_CLASS_HEADINGS: Final = (
    *("Class", "Cost", "Peak CPU, 0–100%", "Peak RAM, 0–100%", *_LIMITS),
    *("Measured runs", "Jobs"),
)
_PARALLEL_HEADINGS: Final = ("Job", "Cost", "Class", "Containers per run", "Runs")
_HINT: Final = (
    f"A run is at its limit when its median CPU use or its peak RAM use is {AT_LIMIT:.0f}% or more;"
    " shares are of measured runs. Averages are of the runs' medians. The export caps CPU peaks at"
    " 100%, which most runs reach. CircleCI measures every 15 seconds: shorter runs have no"
    " measurements."
)
_NOT_MEASURED: Final = "Not measured: no run of this period has CPU or RAM use in the export."


def cpu_and_ram_use_section(view: ReportView) -> PageTables | None:
    """How busy jobs and classes are, and the jobs that run in several containers."""
    found = view.report.findings.utilization
    if not found.jobs:
        return None
    tables = [*_use_tables(found, view), *_parallelism(found, view)]
    return PageTables(
        tables,
        hint=_HINT if found.is_measured else _NOT_MEASURED,
        facts=[*_facts(found)] if found.is_measured else (),
        files=["utilization", "class_utilization"],
    )


def _facts(found: Utilization) -> Iterator[tuple[str, str, str]]:
    limits = found.runs_at_limit
    for name, limited, measured in (
        ("CPU", limits.cpu_limited, limits.median_runs),
        ("RAM", limits.ram_limited, limits.measured_runs),
    ):
        shown = number(limited) if measured else "–"
        yield f"Runs at the {name} limit", shown, f"of {number_of(measured, 'measured run')}"
    not_measured = limits.runs - limits.measured_runs
    yield "Not measured", number(not_measured), f"of {number_of(limits.runs, 'run')}"


def _use_tables(found: Utilization, view: ReportView) -> Iterator[PageTable]:
    if not found.is_measured:
        return
    jobs = [_job_row(each, view) for each in found.jobs[:_ROWS]]
    yield PageTable("Jobs", _JOB_HEADINGS, jobs, more_rows(_ROWS, found.jobs, "job"), ("Class",))
    measured = [each for each in found.classes if each.measured_runs]
    classes = [_class_row(each, view) for each in measured[:_CLASSES]]
    left = len(measured) - _CLASSES
    more = amount_of(number(left), "more class", "more classes") if left > 0 else ""
    yield PageTable("Resource classes", _CLASS_HEADINGS, classes, more)


def _parallelism(found: Utilization, view: ReportView) -> Iterator[PageTable]:
    if found.parallel:
        rows = [_parallel_row(each, view) for each in found.parallel[:_PARALLEL_ROWS]]
        more = more_rows(_PARALLEL_ROWS, found.parallel, "job")
        yield PageTable("Parallelism", _PARALLEL_HEADINGS, rows, more, ("Class",))


def _job_row(each: JobUse, view: ReportView) -> Row:
    return [
        job_cell(each.key.job_key, view),
        money(each.cost, view.currency),
        class_cell(each.key.resource_class, view, each.key.executor),
        _average(each.mean_cpu),
        _peak(each.max_cpu),
        _average(each.mean_ram),
        _peak(each.max_ram),
        _limited(each.cpu_limited, each.cpu_limited_share),
        _limited(each.ram_limited, each.ram_limited_share),
        number(each.runs),
    ]


def _class_row(each: ClassUse, view: ReportView) -> Row:
    return [
        class_cell(each.resource_class, view, each.executor),
        money(each.cost, view.currency),
        _distribution("Peak CPU use", each.cpu_peaks),
        _distribution("Peak RAM use", each.ram_peaks),
        _limited(each.cpu_limited, each.cpu_limited_share),
        _limited(each.ram_limited, each.ram_limited_share),
        number(each.measured_runs),
        number(each.jobs),
    ]


def _parallel_row(each: JobUse, view: ReportView) -> Row:
    containers = each.containers_per_run or Decimal(1)
    return [
        job_cell(each.key.job_key, view),
        money(each.cost, view.currency),
        class_cell(each.key.resource_class, view, each.key.executor),
        Shown(f"{containers:.1f}", containers),
        number(each.runs),
    ]


def _average(percentage: float | None) -> Cell:
    """A part of the machine, with a bar."""
    if percentage is None:
        return Cell("–", whole="not measured")
    return Cell(_percentage(percentage), share=min(percentage / _FULL, 1.0))


def _peak(percentage: float | None) -> Cell:
    if percentage is None:
        return Cell("–", whole="not measured")
    return Cell(_percentage(percentage))


def _percentage(value: float) -> Shown:
    return Shown(f"{value:.0f}%", value)


def _limited(runs: int, share: Decimal | None) -> Cell:
    if share is None:
        return Cell("–", whole="not measured")
    return Cell(number(runs), detail=percent(share) if runs else "")


def _distribution(what: str, peaks: Sequence[int]) -> Cell:
    """Runs by tenths of the machine."""
    if not any(peaks):
        return Cell("–", whole="not measured")
    parts = [
        f"{tenth}–{tenth + 10}%: {number_of(runs, 'run')}"
        for tenth, runs in zip(TENTHS, peaks, strict=True)
        if runs
    ]
    label = f"{what}: {', '.join(parts)}"
    return Cell("", histogram=Histogram(spark([float(runs) for runs in peaks]), label))
