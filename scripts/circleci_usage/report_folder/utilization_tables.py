"""Tables of CPU and RAM use: by job, and by resource class."""

from collections.abc import Iterable, Iterator
from typing import Final

from circleci_usage.analysis.utilization import TENTHS, ClassUse, JobUse, Use
from circleci_usage.report_folder.columns import (
    CREDITS,
    CatalogTable,
    Column,
    count,
    dimension,
    dimensions,
    exact,
    money,
    number,
    share,
)
from circleci_usage.report_folder.table import Row, Table
from circleci_usage.usage.job_run_rules import AT_LIMIT, MACHINE_KEYS

_RUNS: Final = (
    count("runs", "job runs", "Runs that ended."),
    count("measured_runs", "job runs", "Job runs with known peak usage."),
)
_MEDIAN_RUNS: Final = count("median_runs", "job runs", "Job runs with known median CPU usage.")
_CPU_LIMITED: Final = count(
    "cpu_limited_runs", "job runs", f"Runs with median CPU usage of {AT_LIMIT:.0f}% or more."
)
_RAM_LIMITED: Final = count(
    "ram_limited_runs", "job runs", f"Runs with peak RAM usage of {AT_LIMIT:.0f}% or more."
)
_LIMITED: Final = (
    _CPU_LIMITED,
    share("cpu_limited_share", "Their share of the runs whose median is known; empty if none is."),
    _RAM_LIMITED,
    share("ram_limited_share", "Their share of the measured runs; empty if there are none."),
    exact("containers_per_run", "containers", "Average parallelism; empty if not known."),
    CREDITS,
    money("cost", "What is charged for them."),
)
_MAX_CPU: Final = number("max_cpu", "percent", "Highest peak CPU usage; empty if not measured.")
_MAX_RAM: Final = number("max_ram", "percent", "Highest peak RAM usage; empty if not measured.")

AT_LIMIT_COUNTS: Final = (*_RUNS, _MEDIAN_RUNS, _CPU_LIMITED, _RAM_LIMITED)
"""Of all resource classes together; in summary.json only."""

UTILIZATION: Final = CatalogTable(
    "utilization",
    "CPU and RAM use",
    "A job on a resource class, with runs that ended.",
    (
        *dimensions(MACHINE_KEYS),
        *_RUNS,
        number("mean_cpu", "percent", "Mean of the runs' median CPU usage; empty if not measured."),
        _MAX_CPU,
        number("mean_ram", "percent", "Mean of the runs' median RAM usage; empty if not measured."),
        _MAX_RAM,
        *_LIMITED,
    ),
)


def _peak_columns(measure: str) -> Iterator[Column]:
    """The distribution of peaks of a measure."""
    for tenth in TENTHS:
        extent = (
            f"of {tenth}% or more" if tenth == TENTHS[-1] else f"of {tenth}% to below {tenth + 10}%"
        )
        meaning = f"Runs with peak {measure.upper()} usage {extent}."
        yield count(f"{measure}_from_{tenth}", "job runs", meaning)


CLASS_UTILIZATION: Final = CatalogTable(
    "class_utilization",
    "CPU and RAM use of resource classes",
    "A resource class, with the runs of all jobs that ended on it.",
    (
        dimension("executor"),
        dimension("resource_class"),
        count("jobs", "jobs", "Jobs that ran on it."),
        *_RUNS,
        _MAX_CPU,
        _MAX_RAM,
        *_LIMITED,
        *_peak_columns("cpu"),
        *_peak_columns("ram"),
    ),
)


def utilization_table(jobs: Iterable[JobUse]) -> Table:
    """CPU and RAM use of jobs."""
    return Table(UTILIZATION, (_job_row(each) for each in jobs))


def _job_row(each: JobUse) -> Row:
    return (
        *each.key,
        each.runs,
        each.measured_runs,
        each.mean_cpu,
        each.max_cpu,
        each.mean_ram,
        each.max_ram,
        *_limited(each),
    )


def class_utilization_table(classes: Iterable[ClassUse]) -> Table:
    """CPU and RAM use of resource classes."""
    return Table(CLASS_UTILIZATION, (_class_row(each) for each in classes))


def _class_row(each: ClassUse) -> Row:
    return (
        each.executor,
        each.resource_class,
        each.jobs,
        each.runs,
        each.measured_runs,
        each.max_cpu,
        each.max_ram,
        *_limited(each),
        *each.cpu_peaks,
        *each.ram_peaks,
    )


def _limited(each: Use) -> Row:
    return (
        each.cpu_limited,
        each.cpu_limited_share,
        each.ram_limited,
        each.ram_limited_share,
        each.containers_per_run,
        each.credits,
        each.cost,
    )
