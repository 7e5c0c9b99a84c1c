"""What a report says about runs, budgets and savings, compared with simple oracles.

It goes through the command line, on synthetic rows always and on real rows if they are available.
"""

import csv
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import job_oracle
import run_oracle
import time_oracle
from circleci_usage.demo.company.exportfile import Dialect, write_part
from commandline import circleci_usage
from job_oracle import Key, key_of
from paths import SHARED
from rows import job_run
from run_oracle import Fields

REAL_ROWS = SHARED / "data"
PRICE = Decimal("0.001")
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
NULL = "\\\\N"

SETTINGS = """
pricing: [{from: 2020-01-01, price_per_credit: 0.001}]
teams:
  - {name: web, projects: [web], budget: {per: month, amount: 10}}
  - {name: api, projects: [api], budget: {per: month, amount: 100000}}
budgets: [{name: everything, per: month, amount: 50}]
"""


@dataclass(frozen=True)
class Case:
    """The rows of export files, their number of days, and the report on them.

    The synthetic rows cover their month from its first day, the real ones do not.
    """

    rows: list[Fields]
    days: int
    month: date
    report: Path

    def table(self, name: str, columns: Sequence[str]) -> dict[Key, dict[str, str]]:
        with (self.report / "tables" / f"{name}.csv").open(newline="") as file:
            rows = [*csv.DictReader(file)]
        return {key_of(row, columns): row for row in rows}

    @property
    def summary(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.report / "summary.json").read_text())
        return loaded


@pytest.fixture(scope="module", params=["synthetic", "real"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("case")
    (folder / "usage.yml").write_text(SETTINGS)
    if request.param == "real":
        files = sorted(REAL_ROWS.glob("*.csv.gz"))
        if not files:
            pytest.skip("the real export is not here")
        first, last = date(2024, 11, 10), date(2024, 11, 18)
    else:
        files = [folder / "part-0.csv.gz", folder / "part-1.csv"]
        rows = list(synthetic_rows(random.Random(12)))
        write_part(files[0], rows[::2])
        write_part(files[1], rows[1::2], Dialect(quoted=True, null="\\N", compress=False))
        first, last = FIRST, LAST
    period = ("--from", first, "--to", last)
    done = circleci_usage(
        "report",
        *files,
        *period,
        "--config",
        "usage.yml",
        "--output",
        "out",
        "--no-merged",
        cwd=folder,
    )
    assert done.code == 0, done.err
    return Case(
        run_oracle.read(files), (last - first).days + 1, first.replace(day=1), folder / "out"
    )


def synthetic_rows(dice: random.Random) -> Iterator[tuple[str, ...]]:
    """A month of three projects, with everything that makes rates difficult.

    Unnamed canceled rows, runs on hold, runs without an end.
    """
    for number in range(700):
        project = dice.choice(["web", "web", "api", "ml"])
        workflow = dice.choice(["build", "deploy"])
        started = datetime.combine(FIRST, datetime.min.time()) + timedelta(
            minutes=dice.randrange(31 * 1440 - 200)
        )
        fate = dice.choices(
            ["success", "failed", "canceled", "on hold", "running"], [60, 15, 15, 5, 5]
        )[0]
        run = {
            "PROJECT_NAME": project,
            "PROJECT_ID": f"id-{project}",
            "WORKFLOW_NAME": workflow,
            "WORKFLOW_ID": str(UUID(int=dice.getrandbits(128))),
            "PIPELINE_ID": f"pipeline-{number}",
            "JOB_RUN_DATE": str(started.date()),
            "WORKFLOW_FIRST_JOB_STARTED_AT": stamp(started),
            "WORKFLOW_STOPPED_AT": NULL
            if fate == "running"
            else stamp(started + timedelta(minutes=50)),
            "IS_WORKFLOW_SUCCESSFUL": "true" if fate == "success" else "false",
        }
        yield from rows_of_run(dice, fate, started, run)


MACHINES = {
    "lint": ("docker", "medium"),
    "test": ("docker", "large"),
    "package": ("machine", "xlarge"),
}
UNFINISHED = {"canceled": "canceled", "on hold": "blocked", "running": "running"}
"""Fate of a workflow run → status of its jobs that did not run."""


def rows_of_run(
    dice: random.Random, fate: str, started: datetime, run: dict[str, str]
) -> Iterator[tuple[str, ...]]:
    for position, job in enumerate(MACHINES):
        row = finished_row(dice, job, started, run)
        is_last = position == dice.randrange(1, 3)
        status = "failed" if is_last and fate == "failed" else "success"
        yield job_run(str(int(row["JOB_RUN_SECONDS"]) // 7), **row, JOB_BUILD_STATUS=status)
        if is_last and fate != "success":
            break
    if fate in UNFINISHED:
        for _ in range(dice.randrange(1, 4)):
            yield unfinished_row(dice, UNFINISHED[fate], run)


def finished_row(
    dice: random.Random, job: str, started: datetime, run: dict[str, str]
) -> dict[str, str]:
    """A job run that ended, without its status."""
    executor, resource_class = MACHINES[job]
    queued = timedelta(milliseconds=dice.randrange(90_000))
    is_measured = dice.random() < 0.6
    return {
        **run,
        "JOB_ID": str(UUID(int=dice.getrandbits(128))),
        "JOB_NAME": job,
        "JOB_RUN_NUMBER": str(dice.randrange(10**6)),
        "EXECUTOR": executor,
        "RESOURCE_CLASS": resource_class,
        "JOB_RUN_SECONDS": str(dice.randrange(20, 2000)),
        "JOB_RUN_QUEUED_AT": stamp(started),
        "JOB_RUN_STARTED_AT": stamp(started + queued) if dice.random() < 0.9 else NULL,
        "MAX_CPU_UTILIZATION_PCT": str(dice.randrange(1, 40)) if is_measured else NULL,
        "MAX_RAM_UTILIZATION_PCT": str(dice.randrange(1, 40)) if is_measured else NULL,
    }


def unfinished_row(dice: random.Random, status: str, run: dict[str, str]) -> tuple[str, ...]:
    """A job run that never had a machine; mostly without a name."""
    has_name = dice.random() < 0.1 and status == "canceled"
    return job_run(
        "0",
        JOB_ID=str(UUID(int=dice.getrandbits(128))),
        JOB_NAME="lint" if has_name else NULL,
        EXECUTOR=NULL,
        RESOURCE_CLASS=NULL,
        JOB_RUN_SECONDS=NULL,
        PARALLELISM=NULL,
        JOB_BUILD_STATUS=status,
        **run,
    )


def stamp(moment: datetime) -> str:
    return moment.isoformat(" ", "milliseconds")


def is_share(text: str, share: Decimal | None) -> bool:
    """Whether a text is a share as the tables write it, to six places."""
    return text == "" if share is None else abs(Decimal(text) - share) <= Decimal("0.0000005")


def test_workflow_success_rates_are_those_of_insights(case: Case) -> None:
    table = case.table("workflow_durations", ("organization_id", "project_id", "workflow"))

    for key, counts in run_oracle.workflows(case.rows).items():
        row = table[tuple(name or "(none)" for name in key)]
        told = (int(row["runs"]), int(row["canceled"]), int(row["on_hold"]), int(row["running"]))
        assert told == (counts.runs, counts.canceled, counts.on_hold, counts.running), key
        assert is_share(row["success_rate"], counts.success_rate), key


def test_job_runs_have_the_rates_queue_times_and_durations_of_the_oracle(case: Case) -> None:
    table = case.table("job_durations", ("project", "workflow", "job"))
    waste = case.table("waste", ("project", "workflow", "job"))
    expected = job_oracle.job_runs(case.rows)

    assert table.keys() == expected.keys()
    for key, runs in expected.items():
        row = table[key]
        assert int(row["runs"]) == runs.runs
        assert is_share(row["success_rate"], runs.rate), key
        assert Decimal(row["p50_seconds"]) == runs.p50_seconds
        if row["p95_seconds"]:
            assert Decimal(row["p95_seconds"]) == runs.p95_seconds
        if row["p50_queued_seconds"]:
            assert runs.p50_queued is not None
            assert abs(Decimal(row["p50_queued_seconds"]) - runs.p50_queued) < Decimal("0.06")
        assert int(waste[key]["queued_seconds"]) == runs.queued_seconds
        assert int(waste[key]["failed_runs"]) == runs.failed


def test_budgets_are_judged_by_actual_spend(case: Case) -> None:
    is_known = case.month == FIRST
    through = date.fromisoformat(case.summary["complete_through"])
    expected = {
        ("everything",): (Decimal(50), ("*",)),
        ("web",): (Decimal(10), ("web",)),
        ("api",): (Decimal(100_000), ("api",)),
    }
    table = case.table("budgets", ("name",))

    for key, (amount, projects) in expected.items():
        spent = job_oracle.spent(case.rows, PRICE, case.month, through, projects)
        assert Decimal(table[key]["spent"]) == spent, key
        assert table[key]["state"] == job_oracle.state_of(amount, spent, all_days_known=is_known), (
            key
        )


def test_the_total_saving_is_the_sum_of_certain_savings(case: Case) -> None:
    expected = job_oracle.savings(case.rows, PRICE, case.days)

    total = sum((amount for _, amount in expected.values()), Decimal(0))
    assert Decimal(case.summary["right_sizing"]["saved_a_month"]) == total


def test_workflow_days_are_those_of_the_rows(case: Case) -> None:
    names = ("date", "organization_id", "project_id", "workflow")
    table = case.table("workflow_days", names)
    durations = time_oracle.workflow_durations(case.rows)
    credits = time_oracle.credits_by(case.rows, time_oracle.WORKFLOW_DAY)
    expected = {}
    for day in map(str, time_oracle.days_of(case.rows)):
        for key, counts in run_oracle.workflows(case.rows, day, day).items():
            expected[day, *(name or "(none)" for name in key)] = counts

    assert table.keys() == expected.keys() | credits.keys()
    for key, row in table.items():
        counts = expected.get(key, run_oracle.Counts())
        told = [int(row[name]) for name in ("runs", "succeeded", "canceled", "on_hold")]
        assert told == [counts.runs, counts.succeeded, counts.canceled, counts.on_hold], key
        assert int(row["failed"]) == told[0] - sum(told[1:])
        assert is_share(row["success_rate"], counts.success_rate), key
        seconds = durations.get(key, [])
        p50, p95 = time_oracle.percentile(seconds, 50), time_oracle.percentile(seconds, 95, 20)
        assert time_oracle.is_percentile(row["p50_seconds"], p50), key
        assert time_oracle.is_percentile(row["p95_seconds"], p95), key
        assert Decimal(row["credits"]) == credits.get(key, 0), key
        assert Decimal(row["cost"]) == credits.get(key, 0) * PRICE, key


def test_job_months_are_those_of_the_rows(case: Case) -> None:
    table = case.table("job_months", ("project", "workflow", "job"))
    expected = job_oracle.job_runs(case.rows)
    credits = time_oracle.credits_by(case.rows, time_oracle.JOB_NAMES)

    assert table.keys() == expected.keys() | credits.keys()
    for key, row in table.items():
        assert Decimal(row["credits"]) == credits.get(key, 0), key
        assert Decimal(row["cost"]) == credits.get(key, 0) * PRICE, key
        if key not in expected:
            assert (row["runs"], row["success_rate"], row["p50_seconds"]) == ("0", "", ""), key
            continue
        runs = expected[key]
        told = [int(row[name]) for name in ("runs", "succeeded", "failed", "canceled")]
        assert told == [runs.runs, runs.succeeded, runs.failed, runs.canceled], key
        assert is_share(row["success_rate"], runs.rate), key
        assert int(row["queued_seconds"]) == runs.queued_seconds, key
        assert time_oracle.is_percentile(row["p50_seconds"], runs.p50_seconds), key
        assert time_oracle.is_percentile(row["p50_queued_seconds"], runs.p50_queued), key
        if row["p95_seconds"]:
            assert time_oracle.is_percentile(row["p95_seconds"], runs.p95_seconds), key


def test_runs_over_time_sum_to_the_cost_of_the_report(case: Case) -> None:
    total = Decimal(case.summary["totals"]["cost"])

    for of_what, names in (("workflow", ["workflow"]), ("job", ["workflow", "job"])):
        for grain, day in (("days", "date"), ("weeks", "from"), ("months", "from")):
            keys = (day, "organization_id", "organization", "project_id", "project", *names)
            table = case.table(f"{of_what}_{grain}", keys)
            assert time_oracle.costs_in(table) == total, (of_what, grain)
