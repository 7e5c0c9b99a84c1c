"""Outcomes of workflow and job runs, computed the slow way: csv, loops and `decimal`.

It shares no code with what it checks. The rule is CircleCI's (insights glossary): successful runs
÷ (all runs − canceled runs). A workflow run belongs to the day of its first row; it is canceled if
one of its rows is. It has ended if it has a stop time, or if all of its rows have ended. If no row
says whether it was successful, it was if all of its rows were.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

NULLS = ("\\N", "\\\\N")
WAITING = {"running", "queued", "blocked"}
ENDED = {"success", "failed", "canceled"}
WORKFLOW = ("ORGANIZATION_ID", "PROJECT_ID", "WORKFLOW_NAME")

Fields = Mapping[str, str | None]
Key = tuple[str | None, ...]


@dataclass
class Counts:
    """How many runs ended in which way."""

    runs: int = 0
    succeeded: int = 0
    canceled: int = 0
    never_started: int = 0
    on_hold: int = 0
    running: int = 0

    @property
    def success_rate(self) -> Decimal | None:
        finished = self.runs - self.canceled
        if not finished:
            return None
        return (Decimal(self.succeeded) / finished).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)


def read(files: Iterable[Path]) -> list[Fields]:
    """The rows of CSV files, compressed or not; None for null."""
    rows: list[Fields] = []
    for file in files:
        opened = gzip.open if file.suffix == ".gz" else open
        with opened(file, "rt", encoding="utf-8-sig", newline="") as stream:
            rows += map(_without_nulls, csv.DictReader(stream))
    return rows


def _without_nulls(row: Mapping[str, str]) -> Fields:
    return {name: None if cell in NULLS else cell for name, cell in row.items()}


def workflows(rows: Iterable[Fields], first: str = "", last: str = "9999") -> dict[Key, Counts]:
    """The workflow runs of some days, by organization, project and name."""
    runs: defaultdict[tuple[Key, str], list[Fields]] = defaultdict(list)
    for row in rows:
        if row["WORKFLOW_ID"] is not None:
            runs[tuple(row[name] for name in WORKFLOW), row["WORKFLOW_ID"]].append(row)
    found: defaultdict[Key, Counts] = defaultdict(Counts)
    for (key, _), run in runs.items():
        if first <= min(str(row["JOB_RUN_DATE"]) for row in run) <= last:
            _count(found[key], run)
    return dict(found)


def _count(counts: Counts, run: list[Fields]) -> None:
    statuses = {row["JOB_BUILD_STATUS"] for row in run}
    told = {
        str(row["IS_WORKFLOW_SUCCESSFUL"]).lower()
        for row in run
        if row.get("IS_WORKFLOW_SUCCESSFUL")
    }
    successful = "true" in told if told else statuses == {"success"}
    stopped = any(row.get("WORKFLOW_STOPPED_AT") is not None for row in run) or statuses <= ENDED
    if "canceled" in statuses:
        counts.canceled += 1
        counts.never_started += not any(had_machine(row) for row in run)
    elif successful:
        counts.succeeded += 1
    elif not stopped:
        counts.running += 1
        return
    elif statuses & WAITING and "failed" not in statuses:
        counts.on_hold += 1
    counts.runs += 1


def canceled_rows(rows: Iterable[Fields]) -> tuple[int, int]:
    """How many job runs were canceled, and how many of these never had a machine."""
    canceled = [row for row in rows if row["JOB_BUILD_STATUS"] == "canceled"]
    return len(canceled), sum(not had_machine(row) for row in canceled)


def had_machine(row: Fields) -> bool:
    return Decimal(row["JOB_RUN_SECONDS"] or 0) != 0 or Decimal(row["TOTAL_CREDITS"] or 0) != 0
