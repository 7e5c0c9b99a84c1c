"""Large inputs in little memory: many rows, many names, many days, a large download.

The sizes are about a tenth of what is promised, with so little memory that excessive growth is
found. The full sizes take 15 minutes and 4 GB of disk:
`ATTACK_SIZE=full make test-attacks PYTEST_ARGS="-n0 -k size_attacks"`.
"""

import csv
import json
import os
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from benchmarks.generate import Size, generate

from attack import TOKEN, attacked
from days import today
from memory_limit import limited
from streaming_circleci import ORGANIZATION, Export, streaming

IS_FULL = os.environ.get("ATTACK_SIZE") == "full"
WITHIN = 1_800 if IS_FULL else 300
"""Seconds, on a busy machine."""

LISTS = ("by_organization", "by_project", "by_workflow", "by_job", "by_status")
"""Lists of summary.json in which each job run is in exactly one line."""


class Case(NamedTuple):
    """An export and the memory in MB that a report on it may take, reduced and in full size."""

    size: Size
    memory: int
    full: Size
    full_memory: int


REPORTS: Mapping[str, Case] = {
    "a month of rows": Case(Size(400_000), 512, Size(4_300_000), 2_000),
    "many jobs": Case(
        Size(60_000, projects=200, jobs=300, in_turn=True),
        400,
        Size(1_000_000, projects=2_000, jobs=500, in_turn=True),
        2_200,
    ),
    "many jobs of one project": Case(
        Size(60_000, projects=1, jobs=60_000, in_turn=True),
        400,
        Size(1_000_000, projects=1, jobs=1_000_000, in_turn=True),
        2_000,
    ),
    "many branches, workflows and users": Case(
        Size(
            60_000,
            projects=20,
            jobs=3_000,
            in_turn=True,
            workflows=3_000,
            branches=20_000,
            users=10_000,
        ),
        # Nearly every row has a workflow, a branch, a user and a day of its own.
        600,
        Size(
            600_000,
            projects=20,
            jobs=15_000,
            in_turn=True,
            workflows=15_000,
            branches=200_000,
            users=100_000,
        ),
        2_000,
    ),
    "thirteen months": Case(
        Size(80_000, projects=200, days=396, parts=13),
        400,
        Size(1_600_000, projects=2_000, days=396, parts=13),
        1_000,
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_takes_no_more_memory_than_promised(name: str, tmp_path: Path) -> None:
    case = REPORTS[name]
    size, memory = (case.full, case.full_memory) if IS_FULL else (case.size, case.memory)
    generate(tmp_path / "export", size)

    with limited(memory) as prefix:
        attacked("report", "export", cwd=tmp_path, codes={0}, prefix=prefix, within=WITHIN)

    _sums_to_the_totals(tmp_path / "usage-report", size)


@pytest.mark.parametrize("grain", ["week", "", "DAY", "day\x1b[2J", "\u2066month"])
def test_another_grain_is_refused(grain: str, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()

    refused = attacked("report", "export", "--focus-grain", grain, cwd=tmp_path, codes={2})

    assert "--focus-grain" in refused.err


def test_an_export_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    megabytes, memory = (1_024, 2_000) if IS_FULL else (160, 150)
    day = str(today() - timedelta(days=10))

    with streaming(Export(4, (megabytes << 20) // 4, day)) as url, limited(memory) as prefix:
        attacked(
            *("export", "--org-id", ORGANIZATION, "--from", day, "--to", day),
            *("--circleci-url", url, "--poll-seconds", "0"),
            cwd=tmp_path,
            env={"CIRCLECI_API_TOKEN": TOKEN},
            codes={0},
            prefix=prefix,
            within=WITHIN,
        )

    parts = [*(tmp_path / ".circleci-usage").rglob("*.csv.gz")]
    assert sum(part.stat().st_size for part in parts) > megabytes << 20


def _sums_to_the_totals(report: Path, size: Size) -> None:
    summary: dict[str, Any] = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    totals = summary["totals"]
    assert totals["job_runs"] == size.rows // size.parts * size.parts
    assert (report / "summary.json").stat().st_size < 20_000_000
    for name in LISTS:
        entries = summary[name]
        assert len(entries) <= 1_001
        for amount in ("credits", "cost", "job_runs"):
            assert sum(Decimal(entry[amount]) for entry in entries) == Decimal(totals[amount]), (
                name,
                amount,
            )
    with (report / "tables" / "jobs.csv").open(encoding="utf-8", newline="") as stream:
        jobs = [Decimal(line["cost"]) for line in csv.DictReader(stream)]
    assert sum(jobs) == Decimal(totals["cost"])
    assert len(jobs) == len(summary["by_job"]) + _left_out(summary)


def _left_out(summary: Mapping[str, Any]) -> int:
    """How many jobs are missing from the list, except for the entry that sums them up."""
    left_out: int = summary.get("left_out", {}).get("by_job", 0)
    return left_out - 1 if left_out else 0
