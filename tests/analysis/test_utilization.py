"""CPU and RAM use, runs at their limit and parallelism, against csv and `decimal`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest

from branch_rows import PRICE, REAL, generated, real
from circleci_usage.analysis.utilization import TENTHS, ClassUse, JobUse, Use, utilization
from circleci_usage.core.decimals import ratio, total
from circleci_usage.report import Report
from handmade_costs import cost_line, costs_of
from handmade_statistics import KEYS, run_statistics
from run_oracle import Fields

ENDED = ("success", "failed", "canceled")
JOB = ("PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME", "EXECUTOR", "RESOURCE_CLASS")
CLASS = ("EXECUTOR", "RESOURCE_CLASS")
LIMIT = 95

Case = Callable[[], tuple[Report, Sequence[Fields]]]
Names = tuple[str, ...]

both = pytest.mark.parametrize(
    "case",
    [
        pytest.param(generated, id="generated"),
        pytest.param(
            real,
            id="real",
            marks=pytest.mark.skipif(not REAL, reason="the real export is not here"),
        ),
    ],
)


def grouped(rows: Iterable[Fields], columns: Sequence[str]) -> Mapping[Names, list[Fields]]:
    found: defaultdict[Names, list[Fields]] = defaultdict(list)
    for row in rows:
        found[tuple(row[column] or "(none)" for column in columns)].append(row)
    return found


def ended(rows: Iterable[Fields]) -> list[Fields]:
    return [row for row in rows if row["JOB_NAME"] and row["JOB_BUILD_STATUS"] in ENDED]


def values(rows: Iterable[Fields], column: str) -> list[Decimal]:
    return [Decimal(row[column] or 0) for row in rows if row[column] is not None]


def mean(numbers: Sequence[Decimal]) -> float | None:
    return float(sum(numbers) / len(numbers)) if numbers else None


def highest(numbers: Sequence[Decimal]) -> float | None:
    return float(max(numbers)) if numbers else None


def check(each: Use, runs: Sequence[Fields]) -> None:
    """What both a job and a class have."""
    medians, peaks = (
        values(runs, "MEDIAN_CPU_UTILIZATION_PCT"),
        values(runs, "MAX_RAM_UTILIZATION_PCT"),
    )
    cpu_limited = sum(value >= LIMIT for value in medians)
    ram_limited = sum(value >= LIMIT for value in peaks)
    containers = values(runs, "PARALLELISM")
    assert (each.runs, each.measured_runs) == (len(runs), len(peaks))
    assert (each.cpu_limited, each.ram_limited) == (cpu_limited, ram_limited)
    assert each.cpu_limited_share == share(cpu_limited, len(medians))
    assert each.ram_limited_share == share(ram_limited, len(peaks))
    assert each.containers_per_run == share(int(sum(containers)), len(containers))
    assert each.max_cpu == highest(values(runs, "MAX_CPU_UTILIZATION_PCT"))
    assert each.max_ram == highest(peaks)


def share(part: int, whole: int) -> Decimal | None:
    return ratio(Decimal(part), Decimal(whole)) if whole else None


@both
def test_the_use_of_each_job(case: Case) -> None:
    report, rows = case()
    runs_of, rows_of = grouped(ended(rows), JOB), grouped(rows, JOB)
    jobs = {(*each.key[3:],): each for each in report.findings.utilization.jobs}

    assert jobs.keys() == runs_of.keys()
    for name, each in jobs.items():
        runs = runs_of[name]
        check(each, runs)
        assert each.mean_cpu == pytest.approx(mean(values(runs, "MEDIAN_CPU_UTILIZATION_PCT")))
        assert each.mean_ram == pytest.approx(mean(values(runs, "MEDIAN_RAM_UTILIZATION_PCT")))
        assert each.credits == total(values(rows_of[name], "TOTAL_CREDITS"))
        assert each.cost == each.credits * Decimal(PRICE)


@both
def test_the_use_of_each_class(case: Case) -> None:
    report, rows = case()
    runs_of = grouped(ended(rows), CLASS)
    found = report.findings.utilization

    classes = {(each.executor, each.resource_class): each for each in found.classes}
    assert classes.keys() == runs_of.keys()
    for name, each in classes.items():
        runs = runs_of[name]
        check(each, runs)
        assert each.jobs == len(grouped(runs, JOB))
        assert each.cpu_peaks == tenths(values(runs, "MAX_CPU_UTILIZATION_PCT"))
        assert each.ram_peaks == tenths(values(runs, "MAX_RAM_UTILIZATION_PCT"))
        assert each.measured_runs == sum(each.cpu_peaks)
    assert total(each.cost for each in found.classes) == total(each.cost for each in found.jobs)
    assert found.runs_at_limit.runs == len(ended(rows))


def tenths(peaks: Sequence[Decimal]) -> tuple[int, ...]:
    below_next = [*TENTHS[1:], 10**6]
    return tuple(
        sum(first <= peak < after for peak in peaks)
        for first, after in zip(TENTHS, below_next, strict=True)
    )


@both
def test_the_most_expensive_come_first(case: Case) -> None:
    found = case()[0].findings.utilization

    every: tuple[Sequence[JobUse | ClassUse], ...] = (found.jobs, found.parallel, found.classes)
    for uses in every:
        assert [each.cost for each in uses] == sorted((each.cost for each in uses), reverse=True)
    assert {each.containers > each.container_runs for each in found.parallel} == {True}
    assert len(found.parallel) == sum(each.containers > each.container_runs for each in found.jobs)


MEASURED: dict[str, object] = {
    **KEYS,
    "runs": 4,
    "measured_runs": 2,
    "median_runs": 2,
    "cpu_limited": 1,
    "ram_limited": 0,
    "container_runs": 4,
    "containers": 10,
    "mean_cpu": 50.0,
    "mean_ram": 20.0,
    "max_cpu": 100.0,
    "max_ram": 30.0,
}
UNKNOWN: dict[str, object] = {
    "measured_runs": 0,
    "median_runs": 0,
    "cpu_limited": 0,
    "container_runs": 0,
    "containers": 0,
    "mean_cpu": float("nan"),
    "mean_ram": float("nan"),
    "max_cpu": float("nan"),
    "max_ram": float("nan"),
}


def use_of(*machines: dict[str, object]) -> Sequence[JobUse]:
    lines = pd.DataFrame([MEASURED | each for each in machines])
    statistics = replace(run_statistics(), machines=lines)
    return utilization(costs_of(cost_line(100, credits=10)), statistics).jobs


def test_what_is_not_measured_is_not_zero() -> None:
    (job,) = use_of(UNKNOWN)

    assert [job.mean_cpu, job.max_cpu, job.mean_ram, job.max_ram] == [None] * 4
    assert [job.cpu_limited_share, job.ram_limited_share, job.containers_per_run] == [None] * 3
    assert [job.runs, job.cost] == [4, 1]


def test_shares_and_containers_are_of_the_runs_that_say_them() -> None:
    (job,) = use_of({})

    assert (job.cpu_limited_share, job.ram_limited_share) == (Decimal("0.5"), Decimal(0))
    assert job.containers_per_run == Decimal("2.5")


def test_a_class_with_some_jobs_that_are_not_measured() -> None:
    lines = pd.DataFrame([MEASURED, MEASURED | UNKNOWN | {"job": "lint"}])
    statistics = replace(run_statistics(), machines=lines)

    (found,) = utilization(costs_of(cost_line(100)), statistics).classes

    assert (found.jobs, found.runs, found.measured_runs, found.max_cpu) == (2, 8, 2, 100.0)
    assert found.cpu_limited_share == Decimal("0.5")
    assert found.cpu_peaks == (0,) * 10
