"""The sample company: reproducible rows, valid as a real export, with the planted facts."""

import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from fnmatch import fnmatch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.periods import Period, midnight
from circleci_usage.demo.company.catalog import TEAMS
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.rates import (
    CREDITS_PER_MINUTE,
    DLC_CREDITS,
    SEAT_CREDITS,
    compute_credits,
)
from circleci_usage.demo.company.rows import NULL
from circleci_usage.schema.export_columns import CREDIT_COLUMNS, EXPORT_COLUMNS, TOTAL_CREDITS
from hypothesis_profiles import examples
from sample_runs import month, named, ran

DAYS = st.dates(date(2025, 9, 1), date(2026, 12, 31))

NEVER_NULL = {
    *EXPORT_COLUMNS[:9],
    *(
        "PIPELINE_ID",
        "PIPELINE_CREATED_AT",
        "PIPELINE_NUMBER",
        "IS_UNREGISTERED_USER",
        "PIPELINE_TRIGGER_SOURCE",
    ),
    *(
        "WORKFLOW_ID",
        "WORKFLOW_NAME",
        "IS_WORKFLOW_SUCCESSFUL",
        "JOB_ID",
        "JOB_RUN_DATE",
        "JOB_BUILD_STATUS",
    ),
    *CREDIT_COLUMNS.values(),
    TOTAL_CREDITS,
}
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}"
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"
NUMBER = r"\d+"


def teams_of(project: str) -> list[str]:
    teams = []
    for team, globs in TEAMS.items():
        if any(fnmatch(project, glob) for glob in globs):
            teams.append(team)
    return teams


@given(day=DAYS, other=DAYS, seed=st.integers(0, 99))
@settings(max_examples=examples(25), deadline=None)
def test_a_day_is_the_same_whenever_it_is_made(day: date, other: date, seed: int) -> None:
    busy = Company(seed, scale=0.05)
    busy.rows(other)
    assert busy.rows(day) == Company(seed, scale=0.05).rows(day)


def test_another_seed_is_another_company_with_the_same_projects() -> None:
    day = date(2026, 10, 7)
    one, two = (named(Company(seed).rows(day)) for seed in (1, 2))
    assert not {run["JOB_ID"] for run in one} & {run["JOB_ID"] for run in two}
    assert {run["PROJECT_NAME"] for run in one} == {run["PROJECT_NAME"] for run in two}


@given(day=DAYS)
@settings(max_examples=examples(25), deadline=None)
def test_the_total_of_every_row_is_the_sum_of_its_credit_types(day: date) -> None:
    for run in named(Company(scale=0.1).rows(day)):
        assert int(run[TOTAL_CREDITS]) == sum(
            int(run[column]) for column in CREDIT_COLUMNS.values()
        )


@pytest.mark.parametrize("scale", [0.02, 1, 3])
def test_the_numbers_of_a_pipeline_and_a_job_run_are_unique_in_their_project(scale: float) -> None:
    company = Company(scale=scale)
    runs = [
        run
        for day in Period(date(2026, 10, 12), date(2026, 10, 15))
        for run in named(company.rows(day))
    ]
    assert len({run["JOB_ID"] for run in runs}) == len(runs)
    numbers = Counter(
        (run["PROJECT_ID"], run["JOB_RUN_NUMBER"]) for run in runs if run["JOB_RUN_NUMBER"] != NULL
    )
    assert set(numbers.values()) == {1}
    pipelines = {(run["PROJECT_ID"], run["PIPELINE_NUMBER"], run["PIPELINE_ID"]) for run in runs}
    assert len({(project, number) for project, number, _ in pipelines if number != NULL}) == len(
        {pipeline for _, _, pipeline in pipelines if pipeline != NULL}
    )


def test_cells_are_written_as_an_export_writes_them() -> None:
    shapes = {
        **dict.fromkeys(
            ("PROJECT_ID", "PIPELINE_ID", "PIPELINE_TRIGGER_USER_ID", "WORKFLOW_ID", "JOB_ID"), UUID
        ),
        **{name: MOMENT for name in EXPORT_COLUMNS if name.endswith("_AT")},
        **{name: r"\d{4}-\d\d-\d\d" for name in EXPORT_COLUMNS if name.endswith("_DATE")},
        **{
            name: NUMBER
            for name in EXPORT_COLUMNS
            if name.endswith(("_NUMBER", "_PCT", "_CREDITS", "_SECONDS"))
        },
        **dict.fromkeys(("IS_UNREGISTERED_USER", "IS_WORKFLOW_SUCCESSFUL"), "true|false"),
        "PARALLELISM": "[1-9]",
        "EXECUTOR": "docker|machine|remote-docker|runner|macos",
        "JOB_BUILD_STATUS": "success|failed|canceled|blocked|running|queued",
    }
    for name, shape in shapes.items():
        cells = {run[name] for run in month()}
        assert not [cell for cell in cells if cell != NULL and not re.fullmatch(shape, cell)], name


def test_nulls_are_where_an_export_has_them() -> None:
    for run in month():
        nulls = {name for name, cell in run.items() if cell == NULL}
        assert not nulls & NEVER_NULL
        if run["JOB_NAME"] == NULL:
            assert {
                "JOB_RUN_NUMBER",
                "RESOURCE_CLASS",
                "EXECUTOR",
                "PARALLELISM",
                "JOB_RUN_SECONDS",
            } <= nulls
            assert run[TOTAL_CREDITS] == "0"
            assert run["JOB_BUILD_STATUS"] in {"blocked", "canceled", "running"}


def test_nine_of_ten_canceled_rows_never_started_as_in_real_exports() -> None:
    canceled = [run for run in month() if run["JOB_BUILD_STATUS"] == "canceled"]
    unnamed = [run for run in canceled if run["JOB_NAME"] == NULL]
    assert 0.87 < len(unnamed) / len(canceled) < 0.94
    assert (
        {run["EXECUTOR"] for run in unnamed}
        == {run["JOB_RUN_SECONDS"] for run in unnamed}
        == {NULL}
    )
    # Most of their workflows have no other row: leaving out rows without a job would lose them.
    named = {run["WORKFLOW_ID"] for run in month() if run["JOB_NAME"] != NULL}
    assert sum(run["WORKFLOW_ID"] not in named for run in unnamed) > 4000
    assert {run["IS_WORKFLOW_SUCCESSFUL"] for run in canceled} == {"false"}


def test_cpu_and_ram_are_unknown_in_about_half_of_the_rows_and_in_all_short_ones() -> None:
    assert {
        run["MAX_CPU_UTILIZATION_PCT"] for run in ran(month()) if int(run["JOB_RUN_SECONDS"]) < 15
    } == {NULL}
    assert 0.4 < sum(run["MAX_RAM_UTILIZATION_PCT"] == NULL for run in month()) / len(month()) < 0.6


def test_a_job_begins_on_its_day_after_it_was_queued_and_takes_as_long_as_it_says() -> None:
    for run in ran(month()):
        queued, began, ended = (
            datetime.fromisoformat(run[f"JOB_RUN_{what}_AT"])
            for what in ("QUEUED", "STARTED", "STOPPED")
        )
        assert str(began.date()) == run["JOB_RUN_DATE"]
        assert datetime.fromisoformat(run["PIPELINE_CREATED_AT"]) <= queued < began
        assert ended - began == timedelta(seconds=int(run["JOB_RUN_SECONDS"]))


def test_compute_follows_the_public_rates() -> None:
    for run in ran(month()):
        rates = CREDITS_PER_MINUTE.get(run["EXECUTOR"], {})
        most = compute_credits(rates.get(run["RESOURCE_CLASS"], 0), int(run["JOB_RUN_SECONDS"]))
        containers = int(run["PARALLELISM"])
        assert most <= int(run["COMPUTE_CREDITS"]) <= most * containers
        if run["EXECUTOR"] == "runner":
            assert run["COMPUTE_CREDITS"] == "0"
        assert run["DLC_CREDITS"] in {"0", str(DLC_CREDITS)}


def test_every_kind_of_machine_status_and_credit_is_there() -> None:
    assert {run["EXECUTOR"] for run in month()} == {
        "docker",
        "machine",
        "remote-docker",
        "runner",
        "macos",
        NULL,
    }
    assert {run["OPERATING_SYSTEM"] for run in month()} == {"linux", "windows", "macos", NULL}
    classes = {run["RESOURCE_CLASS"] for run in month()}
    assert {
        "small",
        "xlarge",
        "large.gen2",
        "arm.large",
        "gpu.nvidia.small.multi",
        "tidewren/vpc-runner",
    } <= classes
    assert {run["JOB_BUILD_STATUS"] for run in month()} == {
        *("success", "failed", "canceled", "blocked", "running", "queued"),
    }
    for kind in ("dlc", "storage", "network", "ipranges"):
        assert any(run[CREDIT_COLUMNS[kind]] != "0" for run in month()), kind
    assert any(run["NETWORK_CREDITS"] != "0" for run in month() if run["EXECUTOR"] == "runner")


def test_forty_projects_in_three_organizations_belong_to_six_teams_by_their_names() -> None:
    year = {
        (run["ORGANIZATION_NAME"], run["PROJECT_NAME"])
        for day in (date(2026, 3, 4), date(2026, 10, 7))
        for run in named(Company().rows(day))
    }
    assert len(year) == 40
    assert {organization for organization, _ in year} == {
        one.name for one in Company().organizations
    }
    owners = {name: teams_of(name) for _, name in year}
    assert len(TEAMS) == 6
    assert {name for name, teams in owners.items() if not teams} == {"handbook", "hackday-2026"}
    assert all(len(teams) <= 1 for teams in owners.values())


def test_a_month_has_about_thirty_thousand_runs_a_weekly_rhythm_and_a_year_of_growth() -> None:
    assert 25_000 < len(month()) < 35_000
    on_days = Counter(run["JOB_RUN_DATE"] for run in month())
    weekend = [count for day, count in on_days.items() if date.fromisoformat(day).isoweekday() > 5]
    working = [count for day, count in on_days.items() if date.fromisoformat(day).isoweekday() <= 5]
    assert max(weekend) * 4 < min(working)
    year_ago = month(Period(date(2025, 10, 1), date(2025, 11, 1)))
    assert 0.6 < len(year_ago) / len(month()) < 0.9


@pytest.mark.parametrize("scale", [0.1, 2])
def test_scale_multiplies_the_volume(scale: float) -> None:
    days = Period(date(2026, 10, 5), date(2026, 10, 10))

    def volume(company: Company) -> int:
        return sum(len(company.rows(day)) for day in days)

    assert volume(Company(scale=scale)) / volume(Company()) == pytest.approx(scale, rel=0.4)


def test_seats_are_billed_on_the_first_of_a_month_to_users_without_a_job() -> None:
    first, second = (named(Company().rows(date(2026, 10, day))) for day in (1, 2))
    seats = [run for run in first if run["USER_CREDITS"] != "0"]
    assert 50 < len(seats) == len({run["PIPELINE_TRIGGER_USER_ID"] for run in seats})
    assert (
        {run["USER_CREDITS"] for run in seats}
        == {run[TOTAL_CREDITS] for run in seats}
        == {str(SEAT_CREDITS)}
    )
    assert (
        {run["PROJECT_NAME"] for run in seats}
        == {run["JOB_BUILD_STATUS"] for run in seats}
        == {NULL}
    )
    assert all(run["USER_CREDITS"] == "0" for run in second)


def test_some_pipelines_have_a_rerun_of_their_failed_jobs() -> None:
    workflows = defaultdict(set)
    for run in month():
        workflows[run["PIPELINE_ID"], run["WORKFLOW_NAME"]].add(run["WORKFLOW_ID"])
    assert 100 < sum(len(ids) == 2 for ids in workflows.values()) < 1000


def test_runs_that_pass_midnight_are_running_until_the_next_export() -> None:
    day = date(2026, 11, 1)
    settled = {run["JOB_ID"]: run for run in named(Company().rows(day))}
    known = {
        run["JOB_ID"]: run for run in named(Company().rows(day, midnight(day + timedelta(days=1))))
    }
    assert settled.keys() == known.keys()
    changed = {job for job in settled if settled[job] != known[job]}
    assert changed
    for job in changed:
        assert known[job]["JOB_BUILD_STATUS"] == "running"
        assert known[job][TOTAL_CREDITS] == "0"
        assert known[job]["JOB_RUN_STOPPED_AT"] == NULL
        assert settled[job]["JOB_BUILD_STATUS"] == "success"
        assert int(settled[job][TOTAL_CREDITS]) > 0


def test_runs_are_unknown_before_they_begin() -> None:
    day = date(2026, 10, 7)
    noon = midnight(day) + timedelta(hours=12)
    known = named(Company().rows(day, noon))
    assert 0 < len(known) < len(Company().rows(day))
    assert max(run["JOB_RUN_STARTED_AT"] for run in known) <= f"{day} 12:00:00.999"
