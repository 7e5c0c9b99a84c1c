import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from itertools import count
from math import ceil, isnan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.api.types import is_numeric_dtype
from pandas.testing import assert_frame_equal

from circleci_usage.core.periods import Period, parse_day
from circleci_usage.demo.company.exportfile import COLUMNS_45, Dialect, write_part
from circleci_usage.schema.export_columns import NULL_MARKS
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.polars import facts, sliced_columns
from circleci_usage.usage.run_statistics import RunStatistics
from hypothesis_profiles import examples
from rows import Row, job_run

NUMBERS = count(1)


def went(
    folder: Path, rows: list[Row], period: Period | None = None, dialect: Dialect = Dialect()
) -> RunStatistics:
    write_part(folder / "part.csv.gz", rows, dialect)
    return read_daily_usage(find_parts([folder]).parts, period=period).run_statistics


def run(seconds: int = 60, status: str = "success", compute: str = "10", **changes: str) -> Row:
    number = {"JOB_RUN_NUMBER": str(next(NUMBERS)), "PIPELINE_ID": "p"}
    return job_run(
        compute, JOB_RUN_SECONDS=str(seconds), JOB_BUILD_STATUS=status, **(number | changes)
    )


def only(frame: Any) -> dict[str, Any]:
    (row,) = frame.to_dict("records")
    return dict(row)


def test_percentiles_are_nearest_ranks(tmp_path: Path) -> None:
    job = only(went(tmp_path, [run(seconds) for seconds in range(1, 21)]).jobs)

    assert (job["runs"], job["p50_seconds"], job["p95_seconds"]) == (20, 10, 19)


@given(seconds=st.lists(st.integers(0, 20_000), min_size=1, max_size=40))
@settings(deadline=None, max_examples=examples(20))
def test_so_many_percent_of_the_runs_took_as_long_or_less(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int]
) -> None:
    job = only(went(tmp_path_factory.mktemp("part"), [run(each) for each in seconds]).jobs)

    ordered = sorted(seconds)
    for share, name in ((0.5, "p50_seconds"), (0.95, "p95_seconds")):
        assert job[name] == ordered[ceil(round(share * len(ordered), 9)) - 1]


def test_outcomes_are_counted_and_runs_that_have_not_ended_are_not(tmp_path: Path) -> None:
    statuses = ["success", "success", "failed", "canceled", "running", "queued", "blocked"]
    rows = [run(status=status, PIPELINE_ID=status) for status in statuses]
    nameless = run(status="canceled", JOB_NAME=NULL_MARKS[1])

    job = only(went(tmp_path, [*rows, nameless]).jobs)

    assert [job[name] for name in ("runs", "succeeded", "failed", "canceled")] == [4, 2, 1, 1]


def test_the_time_queued(tmp_path: Path) -> None:
    def queued(seconds: float) -> Row:
        return run(
            JOB_RUN_QUEUED_AT="2026-03-02 08:00:00.500",
            JOB_RUN_STARTED_AT=f"2026-03-02 08:00:{seconds:06.3f}",
        )

    job = only(went(tmp_path, [queued(10.5), queued(20.5), queued(30.5), run()]).jobs)

    assert (job["p50_queued"], job["p95_queued"], job["queued_seconds"]) == (20, 30, 60)


def test_older_exports_have_no_time_queued_but_runs_again(tmp_path: Path) -> None:
    job = only(went(tmp_path, [run(), run()], dialect=Dialect(columns=COLUMNS_45)).jobs)

    assert isnan(job["p50_queued"])
    assert (job["queued_seconds"], job["reruns"]) == (0, 1)


def test_runs_again_are_those_after_the_first_in_workflow_and_pipeline(tmp_path: Path) -> None:
    rows = [
        run(compute="1"),
        run(compute="2"),
        run(compute="4", STORAGE_CREDITS="0.5"),
        run(compute="8", PIPELINE_ID="another"),
        run(compute="16", WORKFLOW_NAME="deploy"),
        run(compute="32", JOB_NAME="lint"),
        run(compute="64", PIPELINE_ID=NULL_MARKS[1]),
        run(compute="64", PIPELINE_ID=NULL_MARKS[1]),
    ]

    run_statistics = went(tmp_path, rows[::-1])

    assert run_statistics.jobs["reruns"].sum() == 2
    assert run_statistics.places == 1
    again = run_statistics.reruns.set_index("credit_type")["credits"]
    assert again.to_dict() == {"compute": 60, "storage": 5}
    assert set(run_statistics.reruns["job"]) == {"test"}
    assert [f"{day:%Y-%m-%d}" for day in run_statistics.reruns["date"]] == ["2026-03-02"] * 2


@pytest.mark.parametrize(
    ("statuses", "recovered"),
    [
        ("failed success", 1),
        ("success failed", 0),
        ("failed failed", 0),
        ("failed canceled success", 1),
        ("success", 0),
    ],
)
def test_a_job_recovers_when_it_passes_after_it_failed(
    tmp_path: Path, statuses: str, recovered: int
) -> None:
    job = only(went(tmp_path, [run(status=status) for status in statuses.split()]).jobs)

    assert (job["recovered"], job["pipelines"]) == (recovered, 1)


attempts = st.lists(
    st.tuples(
        st.sampled_from("pq"),
        st.sampled_from("ab"),
        st.sampled_from(["success", "failed"]),
        st.integers(0, 99),
    ),
    max_size=20,
)


@given(attempts=attempts, data=st.data())
@settings(deadline=None, max_examples=examples(20))
def test_runs_again_as_plain_loops_find_them(
    tmp_path_factory: pytest.TempPathFactory,
    attempts: list[tuple[str, str, str, int]],
    data: st.DataObject,
) -> None:
    rows = [
        run(status=status, compute=f"{credits}.25", PIPELINE_ID=pipeline, JOB_NAME=job)
        for pipeline, job, status, credits in attempts
    ]
    run_statistics = went(tmp_path_factory.mktemp("part"), data.draw(st.permutations(rows)))

    seen: set[tuple[str, str]] = set()
    expected: defaultdict[str, Decimal] = defaultdict(Decimal)
    for pipeline, job, _, credits in attempts:
        if (pipeline, job) in seen:
            expected[job] += Decimal(f"{credits}.25")
        seen.add((pipeline, job))
    found = run_statistics.reruns.groupby("job")["credits"].sum().to_dict()
    assert {
        job: Decimal(credits).scaleb(-run_statistics.places) for job, credits in found.items()
    } == expected


def test_a_workflow_run_lasts_from_its_first_job_to_its_end(tmp_path: Path) -> None:
    def workflow(name: str, minutes: int, successful: str, status: str = "success") -> Row:
        return run(
            status=status,
            WORKFLOW_ID=name,
            JOB_NAME=name,
            WORKFLOW_FIRST_JOB_STARTED_AT="2026-03-02 23:59:00.000",
            WORKFLOW_STOPPED_AT=f"2026-03-03 00:{minutes:02}:00.000",
            IS_WORKFLOW_SUCCESSFUL=successful,
        )

    rows = [workflow("a", 1, "true")] * 3 + [
        workflow("b", 9, "True"),
        workflow("c", 4, "false", "canceled"),
    ]
    unfinished = run(
        status="running", WORKFLOW_ID="d", WORKFLOW_FIRST_JOB_STARTED_AT="2026-03-02 23:59:00.000"
    )

    found = only(went(tmp_path, [*rows, unfinished]).workflows)

    assert [found[name] for name in ("runs", "succeeded", "canceled")] == [3, 2, 1]
    assert (found["p50_seconds"], found["p95_seconds"]) == (5 * 60, 10 * 60)


def test_peaks_are_told_by_machine(tmp_path: Path) -> None:
    def peak(cpu: str, ram: str, resource_class: str) -> Row:
        return run(
            MAX_CPU_UTILIZATION_PCT=cpu, MAX_RAM_UTILIZATION_PCT=ram, RESOURCE_CLASS=resource_class
        )

    unmeasured = peak(NULL_MARKS[1], NULL_MARKS[1], "large")
    rows = [
        peak("30", "12.5", "large"),
        peak("20", "40", "large"),
        unmeasured,
        peak("99", "99", "small"),
    ]

    machines = went(tmp_path, rows).machines.sort_values("resource_class")

    assert machines[
        ["resource_class", "runs", "measured_runs", "p95_cpu", "p95_ram"]
    ].to_numpy().tolist() == [
        ["large", 3, 2, 30, 40],
        ["small", 1, 1, 99, 99],
    ]


def test_only_the_days_of_the_period_count(tmp_path: Path) -> None:
    days = ["2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01"]
    rows = [run(number, JOB_RUN_DATE=day, PIPELINE_ID=day) for number, day in enumerate(days)]

    march = Period.of_days(parse_day("2026-03-01", ""), parse_day("2026-03-31", ""))
    job = only(went(tmp_path, rows, march).jobs)

    assert (job["runs"], job["p50_seconds"], job["p95_seconds"]) == (2, 1, 2)


def test_a_renamed_project_is_one_and_has_the_name_that_daily_usage_gives_it(
    tmp_path: Path,
) -> None:
    old = run(PROJECT_NAME="site", JOB_RUN_DATE="2026-03-01")
    new = run(PROJECT_NAME="web", JOB_RUN_DATE="2026-03-02")
    nameless = run(PROJECT_NAME="odd", PROJECT_ID=NULL_MARKS[1])

    jobs = went(tmp_path, [new, old, nameless]).jobs.sort_values("project")

    assert jobs[["project_id", "project", "runs"]].to_numpy().tolist() == [
        ["(none)", "odd", 1],
        [job_run()[3], "web", 2],
    ]


def test_nothing_is_known_of_no_runs(tmp_path: Path) -> None:
    run_statistics = went(tmp_path, [])

    frames = (
        run_statistics.jobs,
        run_statistics.machines,
        run_statistics.workflows,
        run_statistics.reruns,
    )
    assert [len(frame) for frame in frames] == [0] * 4


WITH_LITTLE_DISK = """
import resource, signal, sys
from pathlib import Path
from circleci_usage.core.errors import UnfinishedError
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.daily_usage import read_daily_usage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    read_daily_usage(find_parts([Path(sys.argv[1])]).parts)
except UnfinishedError as error:
    sys.exit(str(error))
"""


def test_a_full_disk_is_not_taken_for_damage(tmp_path: Path) -> None:
    write_part(
        tmp_path / "part.csv.gz", [run(PIPELINE_ID=f"pipeline {number}") for number in range(1000)]
    )

    command = [sys.executable, "-c", WITH_LITTLE_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("There is no space left for temporary files in ")
    assert "set TMPDIR to another folder" in done.stderr


FRAMES = (
    *("jobs", "machines", "workflows", "reruns", "workflow_times", "job_times"),
    *("workflow_branches", "recent_runs", "class_use", "unit_counts"),
)


def test_it_does_not_matter_how_many_runs_are_asked_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        run(
            7 * number,
            ("success", "failed")[number % 2],
            JOB_NAME=f"job {number % 3}",
            WORKFLOW_NAME=f"workflow {number % 4}",
            PROJECT_ID=f"{number % 5}",
            PROJECT_NAME=f"project {number % 5}",
            VCS_BRANCH=f"branch {number % 7}",
        )
        for number in range(120)
    ]
    write_part(tmp_path / "part.csv.gz", rows)
    parts = find_parts([tmp_path]).parts
    at_once = read_daily_usage(parts)
    monkeypatch.setattr(sliced_columns, "_ROWS", 9)
    monkeypatch.setattr(facts, "ROWS_OF_A_FILE", 11)
    by_pieces = read_daily_usage(parts)

    assert len(at_once.run_statistics.jobs) == 60
    for frame in FRAMES:
        one, other = (
            getattr(at_once.run_statistics, frame),
            getattr(by_pieces.run_statistics, frame),
        )
        keys = [name for name in one.columns if not is_numeric_dtype(one[name].dtype)]
        assert_frame_equal(*(each.sort_values(keys, ignore_index=True) for each in (one, other)))
    for frame in ("runs", "credits", "branch_runs", "branch_credits"):
        assert_frame_equal(getattr(at_once, frame), getattr(by_pieces, frame))


@pytest.mark.parametrize("projects", [120, 150, 200, 300])
def test_however_many_projects_each_has_its_latest_name(tmp_path: Path, projects: int) -> None:
    rows = [
        run(PROJECT_ID=f"id {number}", PROJECT_NAME=f"{name} {number}", JOB_RUN_DATE=day)
        for number in range(projects)
        for name, day in (("old", "2026-03-01"), ("new", "2026-03-02"))
    ]

    jobs = went(tmp_path, rows).jobs

    names = dict(zip(jobs["project_id"], jobs["project"], strict=True))
    assert names == {f"id {number}": f"new {number}" for number in range(projects)}
