"""Layer caching that does not pay, and containers with nothing to do: by hand, and by an oracle."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from math import ceil
from pathlib import Path
from random import Random

import pytest

from circleci_usage.analysis.savings import Action
from circleci_usage.analysis.savings.actions import Change
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from report_factory import MARCH, report_of, report_of_usage
from rows import Row, job_run

PRICE = Decimal("0.0006")
A_MONTH = Decimal("30.4375") / 31
RATES = {
    ("docker", "medium"): 10,
    ("docker", "large"): 20,
    ("machine", "xlarge"): 100,
    ("machine", "2xlarge"): 200,
}


Changes = Mapping[str, str]
NONE: Changes = {}


def cached(
    seconds: int, runs: int, changes: Changes = NONE, charge: int = 200, rate: int = 20
) -> list[Row]:
    """Runs on a class for so many credits a minute, with layer caching or without."""
    fields = {
        "RESOURCE_CLASS": "large",
        "JOB_RUN_SECONDS": str(seconds),
        "DLC_CREDITS": str(charge),
        **changes,
    }
    return [job_run(str(ceil(seconds * rate / 60)), **fields) for _ in range(runs)]


def uncached(seconds: int, runs: int, changes: Changes = NONE, rate: int = 20) -> list[Row]:
    return cached(seconds, runs, changes, 0, rate)


def parallel(
    containers: Sequence[int], runs: int, changes: Changes = NONE, credits: str = ""
) -> list[Row]:
    """Runs on a class for 10 credits a minute in containers that take so many seconds."""
    used = credits or str(sum(ceil(each / 6) for each in containers))
    fields = {"PARALLELISM": str(len(containers)), "JOB_RUN_SECONDS": str(max(containers))}
    return [job_run(used, **fields, **changes) for _ in range(runs)]


DEAR = {"EXECUTOR": "machine", "RESOURCE_CLASS": "xlarge"}
UNKNOWN = {"RESOURCE_CLASS": "unknown"}
HALF_PRICE = {"RESOURCE_CLASS": "medium+"}
CASES = {
    "saves 10 of 200": [*cached(60, 10), *uncached(90, 6)],
    "pays: 601 s": [*cached(60, 10), *uncached(661, 6)],
    "long, nothing to compare": cached(601, 10),
    "too few runs with it": [*cached(60, 4), *uncached(90, 20)],
    "no run passed with it": [*cached(60, 20, {"JOB_BUILD_STATUS": "failed"}), *uncached(90, 20)],
    "no rate": cached(50, 20, UNKNOWN),
    "short": cached(60, 5),
    "short, too few without": [*cached(60, 5), *uncached(900, 4)],
    "no rate, nothing saved": [*cached(50, 5, UNKNOWN), *uncached(40, 5, UNKNOWN)],
    "loses on two classes": [
        *cached(60, 10),
        *uncached(90, 10),
        *cached(60, 5, DEAR, rate=100),
        *uncached(60, 5, DEAR, rate=100),
    ],
    "loses on one of two": [
        *cached(60, 10),
        *uncached(90, 10),
        *cached(60, 5, DEAR, rate=100),
        *uncached(300, 5, DEAR, rate=100),
    ],
    "work for 3.5 of 5": parallel([600, 400, 400, 400, 300], 5),
    "all are busy": parallel([600, 600, 600, 590], 9),
    "too few runs": parallel([600, 10], 4),
    "which number is set": [*parallel([600, 10], 9), *parallel([600, 10, 10], 9)],
    "nothing was billed": parallel([600, 10], 9, credits="0"),
    "other rate": parallel([600, 590], 9, HALF_PRICE, "60"),
    "other rate, alone": parallel([600], 99, HALF_PRICE, "30"),
}
"""Job → its runs, all on the second of March."""

JOB = EXPORT_COLUMNS.index("JOB_NAME")


@pytest.fixture(scope="module")
def actions() -> dict[str, Action]:
    """Job → what is to be done about layer caching or containers."""
    runs = [(name, run) for name, some in CASES.items() for run in some]
    rows = [(*run[:JOB], name, *run[JOB + 1 :]) for name, run in runs]
    every = report_of(rows).findings.savings.actions
    kinds = {"layer caching", "fewer containers"}
    found = [each.action for each in every if each.action.kind in kinds]
    assert len({each.where.job for each in found}) == len(found)
    return {each.where.job: each for each in found}


def test_only_what_does_not_pay_is_found(actions: Mapping[str, Action]) -> None:
    assert {name: (each.kind, each.certainty) for name, each in actions.items()} == {
        "saves 10 of 200": ("layer caching", "likely"),
        "no rate, nothing saved": ("layer caching", "likely"),
        "loses on two classes": ("layer caching", "likely"),
        "loses on one of two": ("layer caching", "likely"),
        "short": ("layer caching", "worth a look"),
        "short, too few without": ("layer caching", "worth a look"),
        "work for 3.5 of 5": ("fewer containers", "worth a look"),
    }


def test_what_is_lost_is_the_charge_without_the_time_that_it_saves(
    actions: Mapping[str, Action],
) -> None:
    """On large it costs 2,000 and saves 100; on xlarge it costs 1,000 and saves none, or twice."""
    saved = {name: each.credits for name, each in actions.items() if each.credits}

    assert saved == {
        "saves 10 of 200": round(a_month(2000) * 1900 / 2000),
        "no rate, nothing saved": a_month(1000),
        "loses on two classes": round(a_month(3000) * 2900 / 3000),
        "loses on one of two": round(a_month(3000) * 900 / 3000),
        "short": a_month(1000),
        "short, too few without": a_month(1000),
    }


def a_month(credits: int) -> Decimal:
    """Of a single day."""
    return (credits * Decimal("30.4375")).quantize(Decimal(1), ROUND_HALF_EVEN)


def test_layer_caching_says_what_it_was_judged_by(actions: Mapping[str, Action]) -> None:
    action = actions["saves 10 of 200"]

    assert action.where[6:] == ("", "")
    assert action.change == Change("docker_layer_caching", "true", "false")
    assert action.evidence == {
        "cached_runs": 10,
        "p50_cached": 60,
        "uncached_runs": 6,
        "p50_uncached": 90,
        "break_even_seconds": 600,
    }
    assert "break_even_seconds" not in actions["no rate, nothing saved"].evidence
    assert actions["loses on one of two"].evidence["cached_runs"] == 15


def test_containers_say_what_they_were_judged_by(actions: Mapping[str, Action]) -> None:
    action = actions["work for 3.5 of 5"]

    assert action.cost is None
    assert action.where[6:] == ("docker", "medium")
    assert action.change == Change("parallelism", "5", "4")
    busy = Decimal(100 + 67 + 67 + 67 + 50) / 500 * 100
    assert action.evidence == {"runs": 5, "containers": 5, "busy": busy}


def generated(chance: Random) -> list[Row]:
    """Runs of jobs that differ in how often they use layer caching, and in their containers."""
    rows = []
    for number in range(40):
        executor, name = chance.choice([*RATES])
        how_often, saving = chance.choice([0, 0.5, 1]), chance.choice([0, 20, 900])
        containers = chance.choice([[1], [4], [2, 3], [9]])
        for _ in range(chance.choice([4, 12, 30])):
            is_cached = chance.random() < how_often
            longest = chance.randint(60, 120) + (0 if is_cached else saving)
            lengths = [longest] * chance.choice(containers)
            lengths[1:] = [chance.randint(1, each) for each in lengths[1:]]
            rows.append(
                job_run(
                    str(sum(-(-RATES[executor, name] * each // 60) for each in lengths)),
                    JOB_NAME=f"job {number}",
                    JOB_RUN_DATE=f"2026-03-{chance.randint(1, 31):02}",
                    JOB_BUILD_STATUS=chance.choice(["success"] * 4 + ["failed", "running"]),
                    EXECUTOR=executor,
                    RESOURCE_CLASS=name,
                    PARALLELISM=str(len(lengths)),
                    JOB_RUN_SECONDS=str(longest),
                    DLC_CREDITS="200" if is_cached else "0",
                )
            )
    return rows


Runs = Sequence[Mapping[str, str]]


def amount(runs: Runs, column: str) -> Decimal:
    return sum((Decimal(run[column]) for run in runs), Decimal(0))


def median(runs: Runs) -> Decimal:
    seconds = sorted(Decimal(run["JOB_RUN_SECONDS"]) for run in runs)
    return seconds[ceil(len(seconds) / 2) - 1]


def oracle_caching(runs: Runs) -> tuple[str, Decimal] | None:
    """How sure it is that caching does not pay, and what that costs a month."""
    ended = [run for run in runs if run["JOB_BUILD_STATUS"] != "running"]
    passed = [run for run in ended if run["JOB_BUILD_STATUS"] == "success"]
    used = [run for run in ended if run["DLC_CREDITS"] != "0"]
    charged = amount(runs, "DLC_CREDITS")
    if not used:
        return None
    with_it = [run for run in passed if run["DLC_CREDITS"] != "0"]
    without = [run for run in passed if run["DLC_CREDITS"] == "0"]
    rate = Decimal(RATES[runs[0]["EXECUTOR"], runs[0]["RESOURCE_CLASS"]])
    of_used = rate / 60 * amount(ended, "PARALLELISM") / len(ended) * len(used)
    cost = (charged * PRICE * A_MONTH).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    if min(len(with_it), len(without)) >= 5:
        worth = max(Decimal(0), median(without) - median(with_it)) * of_used
        lost = (cost * (charged - worth) / charged).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        return ("likely", lost) if worth < charged else None
    if len(with_it) >= 5 and median(with_it) * of_used < charged:
        return "worth a look", cost
    return None


def oracle_containers(runs: Runs) -> str | None:
    """How many containers would do, if that is fewer."""
    some = [run for run in runs if run["JOB_BUILD_STATUS"] == "success"]
    some = [run for run in some if run["PARALLELISM"] != "1"]
    if len(some) < 5 or len({run["PARALLELISM"] for run in some}) > 1:
        return None
    containers = int(some[0]["PARALLELISM"])
    rate = Decimal(RATES[some[0]["EXECUTOR"], some[0]["RESOURCE_CLASS"]])
    whole = amount(some, "JOB_RUN_SECONDS")
    needed = ceil(amount(some, "COMPUTE_CREDITS") * 60 / rate / whole)
    return str(needed) if needed < containers else None


@pytest.mark.parametrize("seed", range(2))
def test_the_actions_are_those_of_a_pencil(tmp_path: Path, seed: int) -> None:
    part = tmp_path / "part.csv.gz"
    write_part(part, generated(Random(seed)))
    usage = read_daily_usage(find_parts([part]).parts, period=MARCH)
    found = [each.action for each in report_of_usage(usage).findings.savings.actions]

    jobs: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(part, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            jobs[row["JOB_NAME"]].append(row)
    with localcontext(prec=50):
        expected = {name: oracle_caching(runs) for name, runs in jobs.items()}
        fewer = {name: oracle_containers(runs) for name, runs in jobs.items()}

    assert {
        each.where.job: (each.certainty, each.cost)
        for each in found
        if each.kind == "layer caching"
    } == {name: line for name, line in expected.items() if line}
    assert {
        each.where.job: each.change.then
        for each in found
        if each.kind == "fewer containers" and each.change
    } == {name: needed for name, needed in fewer.items() if needed}
    assert {line[0] for line in expected.values() if line} == {"likely", "worth a look"}
    assert any(fewer.values())
    for part_of in (part_of for each in found for part_of in each.parts):
        assert 0 < part_of.cost <= part_of.all_cost
