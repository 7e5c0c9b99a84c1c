"""Jobs, budgets and savings, computed the slow way: csv and `decimal`, sharing no tested code."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fnmatch import fnmatchcase

from run_oracle import Fields

Key = tuple[str, ...]

ENDED = ("success", "failed", "canceled")
DAYS_A_MONTH = Decimal("30.4375")

JOB = ("PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME")
MACHINE = (*JOB, "EXECUTOR", "RESOURCE_CLASS")

# Credits a minute, virtual CPUs, GB of memory: from the public list, in the order of their size.
CLASSES: dict[str, dict[str, tuple[int, str, str]]] = {
    "docker": {
        "small": (5, "1", "2"),
        "medium": (10, "2", "4"),
        "medium+": (15, "3", "6"),
        "large": (20, "4", "8"),
        "xlarge": (40, "8", "16"),
    },
    "machine": {
        "medium": (10, "2", "7.5"),
        "large": (20, "4", "15"),
        "xlarge": (100, "8", "32"),
        "2xlarge": (200, "16", "64"),
    },
}
CLASSES["remote-docker"] = CLASSES["machine"]
# Newer classes that cost less a minute for as many CPUs, with what they cost.
CHEAPER: dict[tuple[str, str], tuple[str, int]] = {
    ("machine", "xlarge"): ("xlarge.gen2", 72),
    ("machine", "2xlarge"): ("2xlarge.gen2", 144),
    ("remote-docker", "xlarge"): ("xlarge.gen2", 72),
    ("remote-docker", "2xlarge"): ("2xlarge.gen2", 144),
}


def key_of(row: Fields, names: Sequence[str]) -> Key:
    return tuple(row[name] or "(none)" for name in names)


def grouped(rows: Iterable[Fields], names: Sequence[str]) -> dict[Key, list[Fields]]:
    groups: defaultdict[Key, list[Fields]] = defaultdict(list)
    for row in rows:
        groups[key_of(row, names)].append(row)
    return groups


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def nearest_rank(values: Iterable[Decimal], percent: int) -> Decimal:
    """The smallest value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    rank = -(-percent * len(ordered) // 100)
    return ordered[max(rank, 1) - 1]


# Jobs


@dataclass(frozen=True)
class JobRuns:
    """The runs of a job that have ended."""

    runs: int
    succeeded: int
    failed: int
    canceled: int
    p50_seconds: Decimal
    p95_seconds: Decimal
    p50_queued: Decimal | None
    p95_queued: Decimal | None
    queued_seconds: int

    @property
    def rate(self) -> Decimal | None:
        counted = self.runs - self.canceled
        return Decimal(self.succeeded) / counted if counted else None


def job_runs(rows: Iterable[Fields]) -> dict[Key, JobRuns]:
    ended = (row for row in rows if row["JOB_NAME"] and row["JOB_BUILD_STATUS"] in ENDED)
    return {key: _job_runs(runs) for key, runs in grouped(ended, JOB).items()}


def _job_runs(runs: Sequence[Fields]) -> JobRuns:
    started = [
        row for row in runs if row["JOB_BUILD_STATUS"] != "canceled" or row["JOB_RUN_SECONDS"]
    ]
    seconds = [Decimal(row["JOB_RUN_SECONDS"] or 0) for row in started]
    queued = [waited for row in runs if (waited := _queued(row)) is not None]
    statuses = [row["JOB_BUILD_STATUS"] for row in runs]
    return JobRuns(
        len(runs),
        statuses.count("success"),
        statuses.count("failed"),
        statuses.count("canceled"),
        nearest_rank(seconds, 50),
        nearest_rank(seconds, 95),
        nearest_rank(queued, 50) if queued else None,
        nearest_rank(queued, 95) if queued else None,
        int(sum(queued, Decimal(0)).quantize(Decimal(1), ROUND_HALF_EVEN)),
    )


def _queued(row: Fields) -> Decimal | None:
    asked, started = moment(row["JOB_RUN_QUEUED_AT"]), moment(row["JOB_RUN_STARTED_AT"])
    if asked is None or started is None:
        return None
    return Decimal((started - asked).total_seconds()).quantize(Decimal("0.001"))


# Budgets


def spent(
    rows: Iterable[Fields],
    price: Decimal,
    first: date,
    through: date,
    projects: Sequence[str] = ("*",),
) -> Decimal:
    """Cost of the projects' rows from a day through another."""
    total = Decimal(0)
    for row in rows:
        project = row["PROJECT_NAME"] or "(none)"
        is_owned = any(fnmatchcase(project, glob) for glob in projects)
        if is_owned and first <= date.fromisoformat(str(row["JOB_RUN_DATE"])) <= through:
            total += Decimal(row["TOTAL_CREDITS"] or 0) * price
    return total


def state_of(amount: Decimal, spent_so_far: Decimal, *, all_days_known: bool) -> str:
    """The state of a budget without a forecast."""
    if spent_so_far > amount:
        return "over"
    return "within" if all_days_known else "unknown"


# Savings


def savings(rows: Iterable[Fields], price: Decimal, days: int) -> dict[Key, tuple[str, Decimal]]:
    """Job and class → the recommended class and its certain monthly savings.

    A job that ran fewer than five times is left out.
    """
    ended = (row for row in rows if row["JOB_NAME"] and row["JOB_BUILD_STATUS"] in ENDED)
    found: dict[Key, tuple[str, Decimal]] = {}
    for key, runs in grouped(ended, MACHINE).items():
        *_, executor, name = key
        if name not in CLASSES.get(executor, {}) or len(runs) < 5:
            continue
        credits = sum((Decimal(row["COMPUTE_CREDITS"] or 0) for row in runs), Decimal(0))
        monthly = (credits * price * DAYS_A_MONTH / days).quantize(Decimal("0.01"))
        now = CLASSES[executor][name][0]
        ways = (smaller(executor, name, runs), CHEAPER.get((executor, name)))
        amounts = []
        for target, rate in filter(None, ways):
            saved = monthly * (1 - Decimal(rate) / now)
            amounts.append((target, saved.quantize(Decimal("0.01"))))
        if amounts:
            found[key] = max(amounts, key=lambda way: way[1])
    return found


def smaller(executor: str, name: str, runs: Sequence[Fields]) -> tuple[str, int] | None:
    """The cheapest smaller class that peaks plus 20% headroom of at least five runs fit."""
    measured = [
        row for row in runs if row["MAX_CPU_UTILIZATION_PCT"] and row["MAX_RAM_UTILIZATION_PCT"]
    ]
    cpu, ram = (
        peak(measured, column) if len(measured) >= 5 else Decimal(100)
        for column in ("MAX_CPU_UTILIZATION_PCT", "MAX_RAM_UTILIZATION_PCT")
    )
    if cpu >= 100:
        return None
    _, cpus_now, memory_now = CLASSES[executor][name]
    needed_cpus = Decimal(cpus_now) * cpu / 100 * Decimal("1.2")
    needed_memory = Decimal(memory_now) * ram / 100 * Decimal("1.2")
    names = [*CLASSES[executor]]
    choices = []
    for target in names[: names.index(name)]:
        rate, cpus, memory = CLASSES[executor][target]
        if needed_cpus <= Decimal(cpus) and needed_memory <= Decimal(memory):
            choices.append(CHEAPER.get((executor, target), (target, rate)))
    return min(choices, key=lambda choice: choice[1], default=None)


def peak(runs: Iterable[Fields], column: str) -> Decimal:
    return nearest_rank((Decimal(str(row[column])) for row in runs), 95)
