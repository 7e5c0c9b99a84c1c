"""Verdicts, recommendations and savings, calculated a second time with csv and Decimal."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from math import ceil
from pathlib import Path
from random import Random

import pytest

from circleci_usage.costs.pricing import PriceList
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.outputs import write_report
from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from report_factory import MARCH, report_of_usage
from rows import Row, job_run

PRICE = Decimal("0.0006")
A_MONTH = Decimal("30.4375") / 31

# What CircleCI charges here, also where its public list does not say: credits a minute, vCPUs, RAM.
MACHINES = {
    ("docker", "medium"): (10, 2, "4"),
    ("docker", "medium+"): (15, 3, "6"),
    ("docker", "large"): (20, 4, "8"),
    ("docker", "arm.xlarge"): (52, 8, "32"),
    ("docker", "arm.2xlarge"): (104, 16, "64"),
    ("machine", "large"): (20, 4, "15"),
    ("machine", "xlarge"): (100, 8, "32"),
    ("machine", "2xlarge"): (200, 16, "64"),
    ("remote-docker", "xlarge"): (100, 8, "32"),
    ("machine", "windows.medium"): (40, 4, "16"),
    ("machine", "windows.large"): (120, 8, "32"),
    ("machine", "windows.xlarge"): (240, 16, "64"),
}
Sizes = list[tuple[str, int | None, int, str]]
"""Class, credits a minute, CPUs, RAM."""
DOCKER: Sizes = [("small", 5, 1, "2"), ("medium", 10, 2, "4"), ("medium+", 15, 3, "6")]
DOCKER_2: Sizes = [
    ("small.gen2", 6, 1, "2"),
    ("medium.gen2", 12, 2, "4"),
    ("medium+.gen2", 18, 3, "6"),
]
DOCKER_ARM: Sizes = [
    ("arm.medium", 13, 2, "8"),
    ("arm.large", 26, 4, "16"),
    ("arm.xlarge", None, 8, "32"),
]
VM: Sizes = [("medium", 10, 2, "7.5"), ("large", 20, 4, "15"), ("xlarge", 100, 8, "32")]
VM_2: Sizes = [
    ("medium.gen2", 18, 2, "8"),
    ("large.gen2", 36, 4, "16"),
    ("xlarge.gen2", 72, 8, "32"),
]
WINDOWS: Sizes = [("windows.medium", 40, 4, "16"), ("windows.large", None, 8, "32")]
SMALLER: dict[tuple[str, str], tuple[Sizes, Sizes]] = {
    ("docker", "medium"): (DOCKER[:1], DOCKER_2[:1]),
    ("docker", "medium+"): (DOCKER[:2], DOCKER_2[:2]),
    ("docker", "large"): (DOCKER, DOCKER_2),
    ("docker", "arm.xlarge"): (DOCKER_ARM[:2], []),
    ("docker", "arm.2xlarge"): (DOCKER_ARM, []),
    ("machine", "large"): (VM[:1], VM_2[:1]),
    ("machine", "xlarge"): (VM[:2], VM_2[:2]),
    ("machine", "2xlarge"): (VM, VM_2),
    ("remote-docker", "xlarge"): (VM[:2], VM_2[:2]),
    ("machine", "windows.medium"): ([], []),
    ("machine", "windows.large"): (WINDOWS[:1], []),
    ("machine", "windows.xlarge"): (WINDOWS, []),
}
"""The smaller classes of this and the next generation; None is the export's rate."""
CHEAPER_GENERATION = {"xlarge": ("xlarge.gen2", 72), "2xlarge": ("2xlarge.gen2", 144)}
LARGER = {
    "medium": "medium+",
    "medium+": "large",
    "large": "xlarge",
    "xlarge": "2xlarge",
    "2xlarge": "2xlarge+",
    "arm.xlarge": "arm.2xlarge",
    "windows.medium": "windows.large",
    "windows.large": "windows.xlarge",
    "windows.xlarge": "windows.2xlarge",
}
UNCONFIRMED = {"arm.2xlarge", "windows.large", "windows.xlarge", ("docker", "arm.xlarge")}

Key = tuple[str, str, str]


def generated(chance: Random) -> list[Row]:
    rows = []
    for number in range(60):
        executor, name = chance.choice([*MACHINES])
        rate = MACHINES[executor, name][0]
        peak = chance.choice([8, 30, 48, 62, 75, 100])
        for _ in range(chance.choice([1, 3, 5, 8, 20])):
            seconds, containers = chance.randint(3, 900), chance.choice([1, 1, 1, 2, 4])
            lengths = [seconds, *(chance.randint(1, seconds) for _ in range(containers - 1))]
            peaks = {
                "MAX_CPU_UTILIZATION_PCT": str(min(100, peak + chance.randint(0, 5))),
                "MAX_RAM_UTILIZATION_PCT": str(min(100, peak + chance.randint(-8, 5))),
            }
            rows.append(
                job_run(
                    str(sum(-(-rate * each // 60) for each in lengths)),
                    JOB_NAME=f"job {number}",
                    JOB_RUN_DATE=f"2026-03-{chance.randint(1, 31):02}",
                    JOB_BUILD_STATUS=chance.choice(["success", "failed", "canceled", "running"]),
                    EXECUTOR=executor,
                    RESOURCE_CLASS=name,
                    PARALLELISM=str(containers),
                    JOB_RUN_SECONDS=str(seconds),
                    **(peaks if chance.random() < 0.8 else {}),
                )
            )
    return rows


def read_csv(part: Path) -> list[dict[str, str]]:
    with gzip.open(part, "rt", encoding="utf-8", newline="") as stream:
        return [*csv.DictReader(stream)]


def oracle_rates(rows: Sequence[dict[str, str]]) -> dict[tuple[str, str], int]:
    """The whole rate of most runs with one container, if at least five and over half agree."""
    possible: defaultdict[tuple[str, str], list[set[int]]] = defaultdict(list)
    for row in rows:
        seconds = int(row["JOB_RUN_SECONDS"])
        if row["JOB_BUILD_STATUS"] != "running" and row["PARALLELISM"] == "1" and seconds >= 60:
            fitting = {
                rate
                for rate in range(1, 500)
                if -(-rate * seconds // 60) == int(row["COMPUTE_CREDITS"])
            }
            possible[row["EXECUTOR"], row["RESOURCE_CLASS"]].append(fitting)
    rates = {}
    for key, sets in possible.items():
        rate, runs = Counter(rate for each in sets for rate in each).most_common(1)[0]
        if runs >= 5 and 2 * runs > len(sets):
            rates[key] = rate
    return rates


def nearest_rank(values: Sequence[str]) -> Decimal:
    ordered = sorted(map(Decimal, values))
    return ordered[ceil(Decimal("0.95") * len(ordered)) - 1]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def cheaper(fitting: dict[str, int | None], own: int | None) -> list[tuple[int, str]]:
    rates = [(rate, name) for name, rate in fitting.items() if rate is not None]
    return sorted((rate, name) for rate, name in rates if own is not None and rate < own)


def oracle_line(
    key: Key, runs: Sequence[dict[str, str]], rates: dict[tuple[str, str], int]
) -> tuple[str, str, str, Decimal]:
    """Verdict, suggested and recommended class, money saved a month."""
    _, executor, name = key
    ended = [run for run in runs if run["JOB_BUILD_STATUS"] != "running"]
    measured = [run for run in ended if run["MAX_CPU_UTILIZATION_PCT"] not in NULL_MARKS]
    month = sum((Decimal(run["COMPUTE_CREDITS"]) for run in runs), Decimal(0)) * PRICE * A_MONTH
    cost = cents(month)

    def known(other: str, rate: int | None) -> int | None:
        unconfirmed = other in UNCONFIRMED or (executor, other) in UNCONFIRMED
        return rates.get((executor, other)) if unconfirmed else rate

    own = known(name, MACHINES[executor, name][0])
    _, vcpus, ram = MACHINES[executor, name]
    verdict, suggested = "fits", ""
    choices: list[tuple[int, str]] = []
    if len(measured) < 5:
        verdict = "not enough data"
    else:
        cpu = nearest_rank([run["MAX_CPU_UTILIZATION_PCT"] for run in measured])
        used = nearest_rank([run["MAX_RAM_UTILIZATION_PCT"] for run in measured])

        def fitting(classes: Sizes) -> dict[str, int | None]:
            return {
                other: known(other, rate)
                for other, rate, cpus, memory in classes
                if cpu < 100
                and vcpus * cpu * 12 <= cpus * 1000
                and Decimal(ram) * used * 12 <= Decimal(memory) * 1000
            }

        smaller, newer = map(fitting, SMALLER[executor, name])
        choices = [*cheaper(smaller, own), *cheaper(newer, own)]
        if choices:
            verdict, suggested = "smaller", choices[0][1]
        elif smaller and None in (own, *smaller.values()):
            verdict = "unknown rate"
        elif cpu >= 100 and used > 90 and name in LARGER:
            verdict, suggested = "larger", LARGER[name]
    if name in CHEAPER_GENERATION and executor != "docker":
        choices.append(CHEAPER_GENERATION[name][::-1])
    if not choices or own is None or len(ended) < 5:
        return verdict, suggested, suggested, Decimal(0)
    rate, recommended = min(choices)
    return verdict, suggested, recommended, cents(cost * (1 - Decimal(rate) / own))


def have_ended(runs: Sequence[dict[str, str]]) -> bool:
    return any(run["JOB_BUILD_STATUS"] != "running" for run in runs)


@pytest.mark.parametrize("seed", range(6))
def test_the_report_says_what_a_pencil_does(tmp_path: Path, seed: int) -> None:
    part = tmp_path / "part.csv.gz"
    write_part(part, generated(Random(seed)))
    usage = read_daily_usage(find_parts([part]).parts, period=MARCH)
    report = report_of_usage(usage, prices=PriceList.flat(PRICE))
    write_report(report, tmp_path / "report")

    rows = read_csv(part)
    rates = oracle_rates(rows)
    jobs: defaultdict[Key, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        jobs[row["JOB_NAME"], row["EXECUTOR"], row["RESOURCE_CLASS"]].append(row)
    expected = {
        key: oracle_line(key, runs, rates) for key, runs in jobs.items() if have_ended(runs)
    }

    with (tmp_path / "report" / "tables" / "right_sizing.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        lines = [*csv.DictReader(stream)]
    found = {
        (line["job"], line["executor"], line["resource_class"]): (
            line["verdict"],
            line["suggested"],
            line["recommended"],
            max(Decimal(0), Decimal(line["saved_a_month"] or 0)),
        )
        for line in lines
    }
    assert found == expected
    assert {verdict for verdict, *_ in expected.values()} >= {"smaller", "fits", "not enough data"}
    assert report.findings.right_sizing.saved == sum(saved for *_, saved in expected.values())
    for each in report.findings.right_sizing.classes:
        if (each.executor, each.name) in rates:
            assert each.rate == rates[each.executor, each.name]
    assert report.warnings == ()
