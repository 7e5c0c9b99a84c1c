"""Runs over time, computed the slow way: csv rows and `decimal`, sharing no tested code.

A workflow run belongs to the day of its first row, a job run and its credits to their own day.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from job_oracle import Key, key_of, nearest_rank
from run_oracle import WAITING, WORKFLOW, Fields, had_machine

WORKFLOW_DAY = ("JOB_RUN_DATE", *WORKFLOW)
JOB_NAMES = ("PROJECT_NAME", "WORKFLOW_NAME", "JOB_NAME")


def days_of(rows: Iterable[Fields]) -> list[date]:
    return sorted({date.fromisoformat(str(row["JOB_RUN_DATE"])) for row in rows})


def credits_by(rows: Iterable[Fields], names: Sequence[str]) -> dict[Key, Decimal]:
    """Credits by some columns, without those that used none."""
    sums: defaultdict[Key, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[key_of(row, names)] += Decimal(row["TOTAL_CREDITS"] or 0)
    return {key: credits for key, credits in sums.items() if credits}


def workflow_durations(rows: Iterable[Fields]) -> dict[Key, list[Decimal]]:
    """How long the workflow runs of each day and workflow took."""
    runs: defaultdict[Key, list[Fields]] = defaultdict(list)
    for row in rows:
        if row["WORKFLOW_ID"] is not None:
            runs[(*key_of(row, WORKFLOW), row["WORKFLOW_ID"])].append(row)
    found: defaultdict[Key, list[Decimal]] = defaultdict(list)
    for (*workflow, _), run in runs.items():
        day = min(str(row["JOB_RUN_DATE"]) for row in run)
        lengths = [length for row in run if (length := _length(row)) is not None]
        if lengths and _counts(run):
            found[day, *workflow].append(max(lengths))
    return found


def _counts(run: Sequence[Fields]) -> bool:
    """Whether the run ended, or is on hold, and any of its jobs had a machine."""
    statuses = {row["JOB_BUILD_STATUS"] for row in run}
    if "canceled" in statuses:
        return any(had_machine(row) for row in run)
    has_stopped = any(row["WORKFLOW_STOPPED_AT"] is not None for row in run)
    return has_stopped or not statuses & WAITING


def _length(row: Fields) -> Decimal | None:
    first, last = row["WORKFLOW_FIRST_JOB_STARTED_AT"], row["WORKFLOW_STOPPED_AT"]
    if first is None or last is None:
        return None
    taken = datetime.fromisoformat(last) - datetime.fromisoformat(first)
    return Decimal(taken.total_seconds()).quantize(Decimal("0.001"))


def percentile(values: Sequence[Decimal], percent: int, least: int = 1) -> Decimal | None:
    """The nearest-rank percentile of enough values."""
    return nearest_rank(values, percent) if len(values) >= least else None


def is_percentile(text: str, expected: Decimal | None) -> bool:
    """Whether a cell is the number, which is kept as a single-precision float."""
    if expected is None or text == "":
        return text == "" and expected is None
    return abs(Decimal(text) - expected) <= Decimal("0.06")


def costs_in(table: Mapping[Key, Mapping[str, str]]) -> Decimal:
    return sum((Decimal(row["cost"]) for row in table.values()), Decimal(0))
