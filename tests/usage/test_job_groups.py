"""`job_groups`: numbered jobs as one in every number of jobs, and the suggested groups."""

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.errors import SettingsError
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import tables
from circleci_usage.usage.cache import cache_beside
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.run_statistics import RunStatistics
from hypothesis_profiles import examples
from inprocess import run_here
from rendered import page
from report_factory import report_from_settings, written_settings
from rows import Row, job_run
from sample_reports import HOSTILE_NAMES

LINT = "job_groups: {lint: ['lint-*']}\n"
NUMBERS = count(1)


def run(job: str, compute: str = "10", **changes: str) -> Row:
    number = {"JOB_RUN_NUMBER": str(next(NUMBERS)), "PIPELINE_ID": "p"}
    return job_run(compute, JOB_NAME=job, **(number | changes))


def run_statistics(
    folder: Path, rows: Iterable[Row], groups: JobGroups = NO_GROUPS
) -> RunStatistics:
    write_part(folder / "part.csv.gz", list(rows))
    return read_daily_usage(find_parts([folder]).parts, job_groups=groups).run_statistics


def only(frame: Any) -> dict[str, Any]:
    (row,) = frame.to_dict("records")
    return dict(row)


def test_the_first_group_that_matches_wins_and_runs_without_a_job_belong_to_none() -> None:
    groups = JobGroups({"lint": ("lint-?", "style"), "rest": ("lint-*", "*t*", "(none)")})

    assert groups.renamed(
        ["lint-1", "lint-10", "style", "test", "rest", "lint", "(none)", "Lint-1"]
    ) == {
        "lint-1": "lint",
        "lint-10": "rest",
        "style": "lint",
        "test": "rest",
        "lint": "rest",
        "Lint-1": "rest",
    }


def test_percentiles_are_those_of_all_runs_of_the_group(tmp_path: Path) -> None:
    rows = [
        run(f"lint-{1 + number // 15}", JOB_RUN_SECONDS=f"{number + 1}", PIPELINE_ID=f"{number}")
        for number in range(20)
    ]

    apart = run_statistics(tmp_path, rows).jobs.set_index("job")
    together = only(run_statistics(tmp_path, rows, JobGroups({"lint": ("lint-*",)})).jobs)

    assert apart["p95_seconds"].to_dict() == {"lint-1": 15, "lint-2": 20}
    assert (
        together["job"],
        together["runs"],
        together["p50_seconds"],
        together["p95_seconds"],
    ) == ("lint", 20, 10, 19)


def test_jobs_of_a_group_in_a_pipeline_are_no_reruns_of_one_another(tmp_path: Path) -> None:
    rows = [
        run("lint-1", compute="1"),
        run("lint-2", compute="2"),
        run("lint-3", compute="4", JOB_BUILD_STATUS="failed"),
    ]
    again = [run("lint-3", compute="8"), run("lint-1", compute="16", PIPELINE_ID="q")]

    found = run_statistics(tmp_path, [*rows, *again], JobGroups({"lint": ("lint-*",)}))

    lint = only(found.jobs)
    assert [lint[name] for name in ("runs", "reruns", "recovered", "pipelines")] == [5, 1, 1, 4]
    assert (found.reruns["job"].tolist(), found.reruns["credits"].tolist()) == (["lint"], [8])


@given(
    attempts=st.lists(
        st.tuples(
            st.sampled_from(["a-1", "a-2", "b"]),
            st.sampled_from("pq"),
            st.sampled_from(["success", "failed"]),
        ),
        max_size=16,
    )
)
@settings(deadline=None, max_examples=examples(15))
def test_a_group_has_the_sums_of_its_jobs(
    tmp_path_factory: pytest.TempPathFactory, attempts: list[tuple[str, str, str]]
) -> None:
    rows = [
        run(job, PIPELINE_ID=pipeline, JOB_BUILD_STATUS=status)
        for job, pipeline, status in attempts
    ]
    folder = tmp_path_factory.mktemp("part")
    counts = ["runs", "succeeded", "failed", "reruns", "recovered", "pipelines"]

    apart, together = (
        run_statistics(folder, rows, groups).jobs
        for groups in (NO_GROUPS, JobGroups({"a": ("a-*",)}))
    )

    of_names = apart.assign(job=apart["job"].str.partition("-")[0]) if len(apart) else apart
    expected = of_names.groupby("job")[counts].sum().to_dict("index")
    assert together.set_index("job")[counts].to_dict("index") == expected


def test_a_group_is_one_job_wherever_jobs_are_listed(tmp_path: Path) -> None:
    february = {"JOB_RUN_DATE": "2026-02-01"}
    rows = [
        *(run(f"lint-{number}", "10000", PIPELINE_ID=f"{number}") for number in (1, 2)),
        *(run(f"lint-{number}", "4000", PIPELINE_ID=f"f{number}", **february) for number in (1, 2)),
        run("test", compute="500"),
    ]

    report = report_from_settings(tmp_path, rows, LINT)

    found = {name: frame for name, frame in tables(report) if "job" in frame}
    assert {
        "jobs",
        "cube",
        "daily_charges",
        "daily_runs",
        "waste",
        "job_durations",
        "right_sizing",
    } <= found.keys()
    for name, frame in found.items():
        assert not frame["job"].astype(str).str.startswith("lint-").any(), name
    jobs = found["jobs"].set_index("job")
    assert (jobs.loc["lint", "job_runs"], jobs.loc["lint", "credits"]) == (2, 20000)
    change = found["changes_by_job"].set_index("job").loc["lint"]
    assert (change["before"], change["after"]) == (Decimal("4.8"), Decimal(12))
    summary = json.loads(summary_json(report))
    assert {job["job"] for job in summary["performance"]["jobs"]} == {"lint", "test"}
    assert ">lint-1<" not in page(report)


def test_the_command_takes_groups_from_the_written_settings(tmp_path: Path) -> None:
    write_part(tmp_path / "part.csv.gz", [run("lint-1"), run("lint-2")])
    (tmp_path / "usage.yml").write_text(LINT)

    done = run_here("report", tmp_path / "part.csv.gz", "--config", "usage.yml", cwd=tmp_path)
    sent = run_here(
        "push", "datadog", "--dry-run", "--tags", "job", cwd=tmp_path, env={"DATADOG_API_KEY": "k"}
    )

    assert (done.code, sent.code) == (0, 0), done.err + sent.err
    with (tmp_path / "usage-report" / "tables" / "daily_charges.csv").open(newline="") as stream:
        assert {row["job"] for row in csv.DictReader(stream)} == {"lint"}
    assert "lint-" not in sent.out
    with gzip.open(tmp_path / "usage-report" / "merged.csv.gz", "rt") as rows:
        assert "lint-2" in rows.read()


def test_teams_own_jobs_by_their_own_names(tmp_path: Path) -> None:
    teams = (
        "teams: [{name: one, jobs: ['lint-1']}, {name: two, jobs: ['lint-2']},"
        " {name: three, jobs: ['lint']}]\n"
    )

    report = report_from_settings(
        tmp_path, [run("lint-1", compute="10"), run("lint-2", compute="20")], LINT + teams
    )

    by_team = report.breakdowns["teams"].lines.set_index("team")["credits"].to_dict()
    assert (by_team["one"], by_team["two"], by_team.get("three", 0)) == (10, 20, 0)
    assert report.breakdowns["jobs"].lines["job"].tolist() == ["lint"]


def test_other_groups_are_not_read_from_the_cache(tmp_path: Path) -> None:
    write_part(tmp_path / "part.csv.gz", [run("lint-1"), run("lint-2")])
    parts = find_parts([tmp_path]).parts

    def jobs(globs: Mapping[str, tuple[str, ...]]) -> list[str]:
        usage = read_daily_usage(parts, cache=cache_beside(parts), job_groups=JobGroups(globs))
        return sorted(usage.run_statistics.jobs["job"])

    every = {"lint": ("lint-*",), "first": ("lint-1",)}
    for _ in range(2):
        assert jobs({}) == ["lint-1", "lint-2"]
        assert jobs(every) == ["lint"]
        assert jobs(dict(reversed(every.items()))) == ["first", "lint"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("job_groups: [lint]", "line 1, job_groups: expected keys with values"),
        ("job_groups: {lint: lint-*}", "line 1, job_groups.lint: expected a list"),
        ("job_groups:\n  lint: []", "line 2, job_groups.lint: the list is empty"),
        ("job_groups:\n  lint:\n  - ''", "line 3, job_groups.lint[0]: it is empty"),
        ("job_groups:\n  lint:\n  - {a: b}", "line 3, job_groups.lint[0]: expected a string"),
        ("job_groups: {(none): [a]}", "a group cannot be called '(none)'"),
        ("job_groups: {a: [x, y], b: [z, x]}", "duplicate glob 'x'"),
        ("job_groups: {a: [x], a: [y]}", "duplicate key 'a'"),
    ],
)
def test_what_is_wrong_with_groups_is_said_with_its_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(SettingsError) as error:
        written_settings(tmp_path, text)

    assert problem in str(error.value)


def suggested(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(summary_json(report))["suggested_job_groups"]
    return found


def test_numbered_jobs_that_run_alike_are_suggested_as_a_group(tmp_path: Path) -> None:
    rows = [run("lint-1"), run("lint-2"), run("lint-10", WORKFLOW_NAME="deploy"), run("test")]

    report = report_from_settings(tmp_path, rows)

    found = suggested(report)
    (group,) = found["groups"]
    assert (group["workflow"], group["name"], group["jobs"]) == (
        "build",
        "lint",
        ["lint-1", "lint-2"],
    )
    assert (group["executor"], group["resource_class"], group["globs"]) == (
        "docker",
        "medium",
        ["lint-*"],
    )
    assert found["settings"] == "job_groups:\n  lint: [lint-*]\n"
    text = page(report)
    assert '<pre class="settings">job_groups:\n  lint: [lint-*]\n</pre>' in text
    assert 'id="job-groups"' in text


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([run("lint-1"), run("lint-2", RESOURCE_CLASS="large")], id="other classes"),
        pytest.param([run("lint-1"), run("lint-2", EXECUTOR="machine")], id="other executors"),
        pytest.param([run("python-38"), run("python-39")], id="versions"),
        pytest.param([run("lint-1"), run("lint-3")], id="a gap"),
        pytest.param([run("lint-01"), run("lint-02")], id="numbers that CircleCI does not write"),
        pytest.param([run("lint-1"), run("lint-2", WORKFLOW_NAME="deploy")], id="other workflows"),
        pytest.param([run("lint-1"), run("lint-2", PROJECT_ID="other")], id="other projects"),
        pytest.param(
            [
                *(run("lint-1"), run("lint-2")),
                *(
                    run("lint-1", PROJECT_ID="o"),
                    run("lint-2", PROJECT_ID="o", RESOURCE_CLASS="large"),
                ),
            ],
            id="alike in one project only",
        ),
        pytest.param([run("a*-1"), run("a*-2")], id="what a glob cannot say"),
    ],
)
def test_other_numbered_jobs_are_not(tmp_path: Path, rows: list[Row]) -> None:
    report = report_from_settings(tmp_path, rows)

    assert suggested(report) == {"groups": [], "settings": ""}
    assert 'id="job-groups"' not in page(report)


def test_a_suggestion_matches_no_other_job(tmp_path: Path) -> None:
    rows = [run("lint-1"), run("lint-2"), run("lint-docs", WORKFLOW_NAME="deploy")]

    (group,) = suggested(report_from_settings(tmp_path, rows))["groups"]

    assert group["globs"] == ["lint-1", "lint-2"]


def test_suggestions_can_be_pasted_whatever_the_jobs_are_called(tmp_path: Path) -> None:
    names = [*HOSTILE_NAMES, "no", "1", "a: b", "- x", "\u202egnil", "ünï", "'", '"', "#"]
    rows = [run(f"{name}-{number}") for name in names for number in (1, 2)]

    before = report_from_settings(tmp_path, rows)
    after = report_from_settings(tmp_path, rows, suggested(before)["settings"])

    settable = [job.name for job in before.findings.numbered_jobs]
    assert {"no", "1", "a: b", "- x", "\u202egnil", "ünï", "'", '"', "#"} <= {*settable}
    assert {*settable} <= {*after.breakdowns["jobs"].lines["job"]}
    assert suggested(after)["groups"] == []
    assert "\u202e" not in page(before)
