"""Actions on resource classes, calculated a second time from the rows with csv and Decimal."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

from circleci_usage.analysis.savings.actions import Action, Kind
from circleci_usage.core.periods import Period
from circleci_usage.report import Report
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from paths import SHARED
from report_factory import report_of, report_of_usage
from rows import Row, job_run

PRICE = Decimal("0.0006")
A_MONTH = Decimal("30.4375")
"""All runs are on one day."""
REAL = sorted((SHARED / "data").glob("real-export-part-*.csv.gz"))


def runs(
    job: str,
    executor: str,
    resource_class: str,
    peak: int | None = 90,
    *,
    credits: int = 100_000,
    number: int = 5,
    **changes: str,
) -> list[Row]:
    """Some runs of a job; its peaks are percent of its class."""
    fields = {"JOB_NAME": job, "EXECUTOR": executor, "RESOURCE_CLASS": resource_class}
    if peak is not None:
        names = ("MAX_CPU_UTILIZATION_PCT", "MAX_RAM_UTILIZATION_PCT")
        fields |= dict.fromkeys(names, str(peak))
    return [job_run(str(credits), **fields, **changes) for _ in range(number)]


def saved(credits: int, rate: str, new_rate: str) -> Decimal:
    """What these credits of March save a month at another rate."""
    cost = cents(Decimal(credits) * PRICE * A_MONTH)
    return cents(cost * (1 - Decimal(new_rate) / Decimal(rate)))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def actions(report: Report, kind: Kind) -> list[Action]:
    found = (each.action for each in report.findings.savings.actions)
    return [each for each in found if each.kind == kind]


def in_short(found: Iterable[Action]) -> dict[str, tuple[str, Decimal | None, str]]:
    """Job → how sure, what it saves, and the new class."""
    return {
        each.where.job: (each.certainty, each.cost, each.change.then if each.change else "")
        for each in found
    }


@pytest.fixture(scope="module")
def report() -> Report:
    return report_of(
        [
            *runs("generation", "machine", "xlarge", None),
            *runs("one run", "machine", "2xlarge", None, number=1),
            *runs("if faster", "docker", "large"),
            *runs("if faster, one run", "docker", "large", number=1),
            *runs("two sizes", "docker", "large", 40),
            *runs("three sizes", "docker", "large", 10),
            *runs("both", "machine", "2xlarge", 40),
            *runs("full", "docker", "large", 100),
            *runs("unmeasured", "docker", "large", 5, number=4),
            *runs("gpu", "machine", "gpu.nvidia.small.multi", 5),
            *runs("unknown", "machine", "windows.large", 60, OPERATING_SYSTEM="windows"),
            *runs("mac", "macos", "m4pro.large", 90),
            *runs("arm", "machine", "arm.xlarge", 90),
            *runs("container", "machine", "xlarge", 30),
            *runs("much RAM", "machine", "xlarge", 60),
            *runs("images", "machine", "xlarge", 30, DLC_CREDITS="200"),
            *runs("second generation", "machine", "large.gen2", 40),
        ]
    )


def test_the_next_generation_is_certain_at_a_lower_rate_and_likely_if_it_is_as_fast_as_stated(
    report: Report,
) -> None:
    found = in_short(actions(report, "next generation"))
    vm = ("certain", saved(500_000, "100", "72"), "xlarge.gen2")
    two = ("certain", saved(500_000, "200", "144"), "2xlarge.gen2")
    docker = ("likely", saved(500_000, "28", "24"), "large.gen2")

    assert found == {
        **dict.fromkeys(("generation", "container", "much RAM", "images"), vm),
        "one run": ("certain", saved(100_000, "200", "144"), "2xlarge.gen2"),
        "both": two,
        **dict.fromkeys(("if faster", "two sizes", "three sizes", "full"), docker),
    }


def test_the_smallest_class_that_fits_is_likely(report: Report) -> None:
    found = in_short(actions(report, "smaller class"))

    assert found == {
        "two sizes": ("likely", saved(500_000, "20", "10"), "medium"),
        "three sizes": ("likely", saved(500_000, "20", "5"), "small"),
        "both": ("likely", saved(500_000, "200", "72"), "xlarge.gen2"),
        "container": ("likely", saved(500_000, "100", "20"), "large"),
        "images": ("likely", saved(500_000, "100", "20"), "large"),
        "second generation": ("likely", saved(500_000, "36", "18"), "medium.gen2"),
    }


def test_docker_is_worth_a_look_where_it_holds_the_job_and_no_images_are_built(
    report: Report,
) -> None:
    found = in_short(actions(report, "docker instead of machine"))

    assert found == {
        "container": ("worth a look", saved(500_000, "100", "40"), ""),
        # 60% of 32 GB do not fit 16, so that it takes twice the CPUs.
        "much RAM": ("worth a look", saved(500_000, "100", "80"), ""),
        "both": ("worth a look", saved(500_000, "200", "80"), ""),
        "second generation": ("worth a look", saved(500_000, "36", "24"), ""),
    }
    assert report.findings.savings.counted("worth a look") == 0


def test_of_the_smaller_class_only_what_the_next_generation_leaves_counts(report: Report) -> None:
    ranked = {
        each.action.kind: each
        for each in report.findings.savings.actions
        if each.action.where.job == "both"
    }
    generation, smaller = ranked["next generation"], ranked["smaller class"]

    assert generation.counted == generation.action.cost
    assert smaller.counted + generation.counted == smaller.action.cost
    assert generation.excludes == (smaller.action.id,)


def test_the_evidence_says_what_was_measured() -> None:
    found = report_of(
        [
            *runs("busy", "docker", "large", 40, MEDIAN_CPU_UTILIZATION_PCT="12"),
            *runs("without a median", "docker", "large", 40),
        ]
    )
    peaks = {"runs": 5, "measured_runs": 5, "p95_cpu": 40, "p95_ram": 40}
    evidence = {each.where.job: each.evidence for each in actions(found, "smaller class")}

    assert evidence == {"busy": {**peaks, "median_cpu": 12}, "without a median": peaks}
    for each in actions(found, "next generation"):
        assert each.evidence == {
            "runs": 5,
            "speed_up": Decimal("1.4"),
            "break_even_speed_up": Decimal("1.2"),
        }


def test_a_job_on_two_classes_is_looked_at_on_each() -> None:
    found = report_of([*runs("test", "docker", "large", 60), *runs("test", "docker", "xlarge", 30)])

    assert {
        each.where.resource_class: each.change.then
        for each in actions(found, "smaller class")
        if each.change
    } == {"large": "medium+", "xlarge": "medium+"}


def test_what_costs_nothing_saves_nothing() -> None:
    found = report_of([*runs("free", "machine", "xlarge", 10, credits=0)])

    assert found.findings.savings.actions == ()


@pytest.mark.skipif(not REAL, reason="the real export is not here")
def test_the_real_rows_save_what_a_pencil_finds() -> None:
    """Every job on a large VM costs 28% less on gen2, whatever the number of its runs."""
    period = Period.of_days(date(2024, 11, 10), date(2024, 11, 18))
    costs: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for part in REAL:
        with gzip.open(part, "rt", encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                is_vm = row["EXECUTOR"] in {"machine", "remote-docker"}
                if is_vm and row["RESOURCE_CLASS"] in {"xlarge", "2xlarge"}:
                    names = ("PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME", "RESOURCE_CLASS")
                    key = tuple(row[name] for name in names)
                    costs[key] += Decimal(row["COMPUTE_CREDITS"]) * PRICE
    a_month = Decimal("30.4375") / 9
    expected = {key: cents(cents(cost * a_month) * 28 / 100) for key, cost in costs.items()}

    usage = read_daily_usage(find_parts(REAL).parts, period=period)
    savings = report_of_usage(usage, period).findings.savings
    certain = [each.action for each in savings.actions if each.action.certainty == "certain"]
    found = {
        (each.where.project, each.where.workflow, each.where.job, each.where.resource_class): (
            each.cost
        )
        for each in certain
    }

    assert found == {key: cost for key, cost in expected.items() if cost}
    assert savings.counted("certain") == sum(expected.values()) == Decimal("68.66")
