"""Success rates as CircleCI Insights has them: which runs count, which are canceled, which wait."""

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import run_oracle
from circleci_usage.analysis.durations import DurationStats
from circleci_usage.core.periods import Period
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import tables
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.schema.keys import WorkflowKey
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from hypothesis_profiles import examples
from paths import SHARED
from rendered import page
from report_factory import report_of_usage
from rows import Row, job_run

NULL = NULL_MARKS[1]
NOVEMBER = Period.of_days(date(2024, 11, 1), date(2024, 11, 30))
REAL = sorted((SHARED / "data").glob("real-export-part-*.csv.gz"))
NAMELESS = {
    **dict.fromkeys(
        ("JOB_NAME", "RESOURCE_CLASS", "EXECUTOR", "OPERATING_SYSTEM", "PARALLELISM"), NULL
    ),
    "JOB_RUN_SECONDS": NULL,
}
NUMBERS = count(1)


def job(status: str = "success", **changes: str) -> Row:
    """A job that ran."""
    number = {"JOB_RUN_NUMBER": str(next(NUMBERS)), "JOB_RUN_DATE": "2024-11-12"}
    return job_run(**({"JOB_BUILD_STATUS": status} | number | changes))


def never_ran(status: str, **changes: str) -> Row:
    """A job that never had a machine: of it the export tells not even the name."""
    return job_run(
        "0", **({"JOB_BUILD_STATUS": status, "JOB_RUN_DATE": "2024-11-12"} | NAMELESS | changes)
    )


def of_run(
    identity: str,
    rows: Sequence[Row],
    *,
    stopped: str | None = "20:00",
    successful: bool | None = False,
) -> list[Row]:
    """The rows of one workflow run."""
    shared = {
        "WORKFLOW_ID": identity,
        "WORKFLOW_FIRST_JOB_STARTED_AT": "2024-11-12 19:00:00.000" if stopped else NULL,
        "WORKFLOW_STOPPED_AT": f"2024-11-12 {stopped}:00.000" if stopped else NULL,
        "IS_WORKFLOW_SUCCESSFUL": NULL if successful is None else str(successful).lower(),
    }
    places = {EXPORT_COLUMNS.index(name): cell for name, cell in shared.items()}
    return [tuple(places.get(place, cell) for place, cell in enumerate(row)) for row in rows]


def report(folder: Path, parts: Iterable[list[Row]], period: Period = NOVEMBER) -> Report:
    for number, rows in enumerate(parts):
        write_part(folder / f"part-{number}.csv.gz", rows)
    return report_on([folder], period)


def report_on(paths: Sequence[Path], period: Period = NOVEMBER) -> Report:
    usage = read_daily_usage(find_parts(paths).parts, period=period)
    return report_of_usage(usage, period)


def only(paces: Sequence[DurationStats]) -> DurationStats:
    (duration_stats,) = paces
    return duration_stats


def outcomes(duration_stats: DurationStats) -> tuple[int | None, ...]:
    return (
        duration_stats.runs,
        duration_stats.succeeded,
        duration_stats.canceled,
        duration_stats.never_started,
        duration_stats.on_hold,
        duration_stats.running,
    )


def longrunning() -> list[Row]:
    """As many runs of each kind as the real workflow `test-e2e-longrunning` had in nine days."""
    canceled = [
        row
        for number in range(33)
        for row in of_run(
            f"canceled {number}", [*[job()] * (number < 24), *[never_ran("canceled")] * 4]
        )
    ]
    waiting = [
        row
        for number in range(11)
        for row in of_run(f"on hold {number}", [job(), never_ran("running"), never_ran("blocked")])
    ]
    return [*canceled, *waiting, *of_run("passed", [job(), job()], successful=True)]


def test_the_success_rate_is_that_of_insights(tmp_path: Path) -> None:
    rows = longrunning()

    made = report(tmp_path, [rows[::2], rows[1::2]])

    workflow = only(made.findings.durations.workflows)
    assert outcomes(workflow) == (45, 1, 33, 9, 11, 0)
    assert workflow.success_rate == Decimal("0.083333")
    (entry,) = json.loads(summary_json(made))["performance"]["workflows"]
    assert (entry["runs"], entry["canceled"], entry["on_hold"], entry["success_rate"]) == (
        45,
        33,
        11,
        "0.083333",
    )
    (line,) = dict(tables(made))["workflow_durations"].to_dict("records")
    assert (line["runs"], line["canceled"], line["success_rate"]) == (45, 33, Decimal("0.083333"))
    assert ">8.3%</td>" in page(made)


@pytest.mark.parametrize(
    ("rows", "stopped", "expected"),
    [
        pytest.param(
            [never_ran("canceled")], "20:00", (1, 0, 1, 1, 0, 0), id="canceled before any job ran"
        ),
        pytest.param(
            [never_ran("canceled")], None, (1, 0, 1, 1, 0, 0), id="canceled before it began"
        ),
        pytest.param(
            [job(), never_ran("canceled")], "20:00", (1, 0, 1, 0, 0, 0), id="canceled on the way"
        ),
        pytest.param(
            [job("failed"), never_ran("canceled")],
            "20:00",
            (1, 0, 1, 0, 0, 0),
            id="failed and canceled",
        ),
        pytest.param(
            [job("failed"), never_ran("blocked")], "20:00", (1, 0, 0, 0, 0, 0), id="failed"
        ),
        pytest.param([job(), never_ran("running")], "20:00", (1, 0, 0, 0, 1, 0), id="on hold"),
        pytest.param([never_ran("blocked")], None, (0, 0, 0, 0, 0, 1), id="not begun"),
        pytest.param([job("running")], None, (0, 0, 0, 0, 0, 1), id="running"),
        pytest.param(
            [job(), never_ran("blocked")], None, (0, 0, 0, 0, 0, 1), id="waiting, no end told"
        ),
        pytest.param(
            [job("failed"), job("running")], None, (0, 0, 0, 0, 0, 1), id="failed, still running"
        ),
        pytest.param([job("failed"), job()], None, (1, 0, 0, 0, 0, 0), id="failed, no end told"),
    ],
)
def test_what_becomes_of_a_run(
    tmp_path: Path, rows: list[Row], stopped: str | None, expected: tuple[int, ...]
) -> None:
    made = report(tmp_path, [of_run("w", rows, stopped=stopped)])

    workflow = only(made.findings.durations.workflows)
    assert outcomes(workflow) == expected
    assert workflow.success_rate == (None if expected[0] == expected[2] else 0)


def test_a_run_whose_rows_have_all_ended_has_ended_also_where_no_end_is_told(
    tmp_path: Path,
) -> None:
    passed = [
        row
        for number in range(3)
        for row in of_run(f"p{number}", [job()], stopped=None, successful=True)
    ]
    failed = [
        row for number in range(7) for row in of_run(f"f{number}", [job("failed")], stopped=None)
    ]

    workflow = only(report(tmp_path, [passed, failed]).findings.durations.workflows)

    assert outcomes(workflow) == (10, 3, 0, 0, 0, 0)
    assert workflow.success_rate == Decimal("0.3")


@pytest.mark.parametrize(
    "missing", [{"WORKFLOW_STOPPED_AT"}, {"WORKFLOW_STOPPED_AT", "IS_WORKFLOW_SUCCESSFUL"}]
)
def test_without_the_columns_the_rows_tell_what_became_of_a_run(
    tmp_path: Path, missing: set[str]
) -> None:
    passed = [
        row for number in range(3) for row in of_run(f"p{number}", [job(), job()], successful=True)
    ]
    failed = [row for number in range(7) for row in of_run(f"f{number}", [job(), job("failed")])]
    waiting = of_run("w", [job(), never_ran("blocked")])
    kept = [place for place, name in enumerate(EXPORT_COLUMNS) if name not in missing]
    with (tmp_path / "part.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerows(
            [row[place] for place in kept] for row in (EXPORT_COLUMNS, *passed, *failed, *waiting)
        )

    made = report_on([tmp_path])

    workflow = only(made.findings.durations.workflows)
    assert outcomes(workflow) == (10, 3, 0, 0, 0, 1)
    assert workflow.success_rate == Decimal("0.3")
    assert_as_the_oracle_says(
        made, run_oracle.read([tmp_path / "part.csv"]), ("2024-11-01", "2024-11-30")
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([job(), job()], (1, 1, 0, 0, 0, 0), id="all passed"),
        pytest.param([job(), job("failed")], (1, 0, 0, 0, 0, 0), id="one failed"),
        pytest.param([job(), never_ran("blocked")], (1, 0, 0, 0, 1, 0), id="on hold"),
    ],
)
def test_jobs_tell_of_success_where_no_row_does(
    tmp_path: Path, rows: list[Row], expected: tuple[int, ...]
) -> None:
    made = report(tmp_path, [of_run("w", rows, successful=None)])

    assert outcomes(only(made.findings.durations.workflows)) == expected


def test_a_run_with_a_canceled_row_is_canceled_whatever_else_is_said_of_it(tmp_path: Path) -> None:
    made = report(tmp_path, [of_run("w", [job(), never_ran("canceled")], successful=True)])

    assert outcomes(only(made.findings.durations.workflows)) == (1, 0, 1, 0, 0, 0)


def test_without_a_run_that_counts_there_is_no_rate(tmp_path: Path) -> None:
    made = report(tmp_path, [of_run("w", [job("canceled"), never_ran("canceled")])])

    (entry,) = json.loads(summary_json(made))["performance"]["workflows"]
    assert entry["success_rate"] is None
    assert '<bdi title="every run was canceled">–</bdi>' in page(made)


def test_runs_that_never_started_take_no_part_in_durations(tmp_path: Path) -> None:
    passed = [row for number in range(3) for row in of_run(f"{number}", [job()], successful=True)]
    at_once = [
        row
        for number in range(9)
        for row in of_run(f"n{number}", [never_ran("canceled")], stopped="19:00")
    ]

    made = report(tmp_path, [passed, at_once])

    assert only(made.findings.durations.workflows).p50_seconds == 60 * 60


def test_a_rerun_from_failed_is_a_run_of_its_own(tmp_path: Path) -> None:
    first = of_run("first", [job("failed", PIPELINE_ID="p"), never_ran("blocked", PIPELINE_ID="p")])
    again = of_run(
        "again", [job(PIPELINE_ID="p"), job(PIPELINE_ID="p", JOB_NAME="deploy")], successful=True
    )

    made = report(tmp_path, [first, again])

    assert only(made.findings.durations.workflows).success_rate == Decimal("0.5")
    assert made.findings.wasted_spend.total.rerun_runs == 1


def test_a_run_over_the_end_of_a_period_is_one_of_the_day_it_began_on(tmp_path: Path) -> None:
    rows = of_run("w", [job(), never_ran("canceled", JOB_RUN_DATE="2024-12-01")])
    places = {"2024-11-12": "2024-11-30"}
    rows = [tuple(places.get(cell, cell) for cell in row) for row in rows]
    december = Period.of_days(date(2024, 12, 1), date(2024, 12, 31))

    of_november, of_december = (report(tmp_path, [rows], period) for period in (NOVEMBER, december))

    assert outcomes(only(of_november.findings.durations.workflows)) == (1, 0, 1, 0, 0, 0)
    assert of_december.findings.durations.workflows == ()


def test_canceled_job_runs_that_never_started_are_told_apart(tmp_path: Path) -> None:
    stopped = job("canceled", JOB_RUN_SECONDS="40")
    on_runner = job_run(
        "0", JOB_BUILD_STATUS="canceled", JOB_RUN_DATE="2024-11-12", JOB_RUN_SECONDS="323"
    )
    no_machine = job_run(
        "0", JOB_BUILD_STATUS="canceled", JOB_RUN_DATE="2024-11-12", JOB_RUN_SECONDS="0"
    )
    rows = of_run("w", [job(), job(), stopped, on_runner, no_machine, *[never_ran("canceled")] * 5])

    made = report(tmp_path, [rows])

    waste = made.findings.wasted_spend.total
    assert (waste.canceled_runs, waste.never_started_runs, waste.stopped_runs) == (8, 6, 2)
    assert waste.canceled == Decimal("0.006")
    named = only(made.findings.durations.jobs)
    assert (named.runs, named.canceled, named.never_started, named.success_rate) == (
        5,
        3,
        1,
        Decimal(1),
    )
    assert named.p50_seconds == 60  # 40, 60, 60, 323: what had no machine took no time
    in_json = json.loads(summary_json(made))["waste"]
    assert (in_json["canceled_runs"], in_json["never_started_runs"], in_json["canceled"]) == (
        8,
        6,
        "0.006",
    )
    table = dict(tables(made))["waste"]
    assert table[["canceled_runs", "never_started_runs"]].sum().tolist() == [8, 6]
    assert "2 runs stopped, 6 never started" in page(made)


def assert_as_the_oracle_says(
    made: Report, rows: list[run_oracle.Fields], days: tuple[str, str]
) -> None:
    found = {}
    for duration_stats in made.findings.durations.workflows:
        key = WorkflowKey(*duration_stats.key)
        found[key.organization_id, key.project_id, key.workflow] = duration_stats
    expected = run_oracle.workflows(rows, *days)
    assert {key: outcomes(duration_stats) for key, duration_stats in found.items()} == {
        key: (
            each.runs,
            each.succeeded,
            each.canceled,
            each.never_started,
            each.on_hold,
            each.running,
        )
        for key, each in expected.items()
    }
    assert {key: duration_stats.success_rate for key, duration_stats in found.items()} == {
        key: each.success_rate for key, each in expected.items()
    }


def assert_canceled_runs_agree(made: Report, rows: list[run_oracle.Fields]) -> None:
    """Waste, the breakdown by status and the oracle say the same number."""
    waste = made.findings.wasted_spend.total
    assert (waste.canceled_runs, waste.never_started_runs) == run_oracle.canceled_rows(rows)
    statuses = made.breakdowns["statuses"].lines.set_index("status")["job_runs"]
    assert statuses["canceled"] == waste.canceled_runs


def test_the_workflow_runs_of_the_demo_as_the_oracle_counts_them(tmp_path: Path) -> None:
    week = Period.of_days(date(2026, 10, 5), date(2026, 10, 11))
    write_part(tmp_path / "week.csv.gz", [row for day in week for row in Company().rows(day)])

    made = report_on([tmp_path], week)

    rows = run_oracle.read([tmp_path / "week.csv.gz"])
    assert_as_the_oracle_says(made, rows, (f"{week.first}", f"{week.last}"))
    assert_canceled_runs_agree(made, rows)
    all_runs = sum(duration_stats.runs for duration_stats in made.findings.durations.workflows)
    canceled = sum(duration_stats.canceled for duration_stats in made.findings.durations.workflows)
    assert 0.1 < canceled / all_runs < 0.3


@pytest.mark.skipif(not REAL, reason="the real rows are not here")
def test_real_workflow_runs_as_the_oracle_counts_them() -> None:
    made = report_on(REAL)

    rows = run_oracle.read(REAL)
    assert_as_the_oracle_says(made, rows, ("2024-11-01", "2024-11-30"))
    assert_canceled_runs_agree(made, rows)
    assert run_oracle.canceled_rows(rows) == (56, 48)
    (longest,) = (
        duration_stats
        for duration_stats in made.findings.durations.workflows
        if WorkflowKey(*duration_stats.key).workflow == "test-e2e-longrunning"
    )
    assert outcomes(longest) == (16, 0, 11, 3, 5, 0)


job_rows = st.tuples(
    st.sampled_from(
        [
            *((job, status) for status in ("success", "failed", "canceled")),
            *((never_ran, status) for status in ("canceled", "running", "queued", "blocked")),
        ]
    ),
    st.sampled_from(["2024-10-31", "2024-11-01", "2024-11-30"]),
)
runs = st.lists(
    st.tuples(
        st.lists(job_rows, min_size=1, max_size=4),
        st.sampled_from(["build", "deploy"]),
        st.sampled_from(["19:30", None]),
        st.sampled_from([True, False, None]),
    ),
    max_size=8,
)


def rows_of(drawn: list[tuple[Any, ...]]) -> list[Row]:
    rows = []
    for number, (jobs, name, stopped, successful) in enumerate(drawn):
        of_jobs = [
            make(status, WORKFLOW_NAME=name, JOB_RUN_DATE=day) for (make, status), day in jobs
        ]
        rows += of_run(f"{number}", of_jobs, stopped=stopped, successful=successful)
    return rows


@given(drawn=runs, data=st.data())
@settings(deadline=None, max_examples=examples(15))
def test_workflow_runs_in_any_parts_as_the_oracle_counts_them(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    rows: list[Row] = data.draw(st.permutations(rows_of(drawn)))
    cut = data.draw(st.integers(0, len(rows)))
    write_part(folder / "a.csv.gz", rows[:cut], Dialect(quoted=True))
    write_part(folder / "b.csv.gz", rows[cut:])

    made = report_on([folder])

    assert_as_the_oracle_says(
        made, run_oracle.read(sorted(folder.glob("*.gz"))), ("2024-11-01", "2024-11-30")
    )
